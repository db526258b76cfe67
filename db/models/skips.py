"""Records that policy keeps out of a target."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from db.models.schema import metadata, tenant_column, time_column

skips = Table(
    "skips",
    metadata,
    tenant_column(),
    Column("target_connection", Text, primary_key=True),
    Column("source_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rules", Text, nullable=False),
    time_column("at"),
)
