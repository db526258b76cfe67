"""The words every room speaks: no I/O, no clock, no environment."""
