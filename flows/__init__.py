"""Prefect flows: one file per route, and the walk they share."""
