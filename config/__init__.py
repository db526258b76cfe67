"""Settings read once, and the only place that constructs."""
