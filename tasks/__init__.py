"""Prefect tasks: doors of a few lines."""
