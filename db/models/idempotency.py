"""Calls that were carried out once, and what was answered."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text, Uuid

from db.models.schema import metadata, tenant_column, time_column

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    tenant_column(known=True),
    Column("key", Text, primary_key=True),
    Column("claim", Uuid, nullable=False),
    Column("request", Text, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    time_column("claimed_at"),
    Index("idempotency_keys_claimed_at_idx", "tenant", "claimed_at"),
)
