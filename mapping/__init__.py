"""Decisions between systems: pure and total."""
