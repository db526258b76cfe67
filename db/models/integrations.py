"""How connections are, and consents to connect that people are giving right now."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from db.models.schema import metadata, tenant_column, time_column

connection_health = Table(
    "connection_health",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    time_column("checked_at", optional=True),
    Column("place", Text, nullable=False, server_default=text("''")),
    Column("version", Text, nullable=False, server_default=text("''")),
    Column("clock_ahead", Double),
    Column("latency", Double),
    time_column("last_success_at", optional=True),
    time_column("last_failure_at", optional=True),
    Column("last_failure", Text, nullable=False, server_default=text("''")),
    Column("refused", Boolean, nullable=False, server_default=text("false")),
)

oauth_states = Table(
    "oauth_states",
    metadata,
    tenant_column(known=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("public_only", Boolean, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    Index("oauth_states_hash_idx", "hash"),
)
