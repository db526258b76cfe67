"""The ways to reach people: each sends one notice to one target, or says why it cannot."""
