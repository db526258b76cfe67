"""When the watchdog looked."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Table

from db.models.schema import metadata

# Of no tenant. What was late while nobody looked, because the machine slept, is no news at the moment it wakes.
watched_minutes = Table(
    "watched_minutes",
    metadata,
    Column("minute", DateTime(timezone=True), primary_key=True),
)
