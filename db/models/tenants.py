"""Tenants and their connections to shops and databases."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from db.models.schema import metadata, one_of, tenant_column, time_column

_NAME = "name ~ '^[a-z0-9][a-z0-9-]{0,62}$'"


class ConnectionState(StrEnum):
    """Whether the system on the other side still lets us in, or a person must connect it anew."""

    READY = "ready"
    RECONNECT = "reconnect"


tenants = Table(
    "tenants",
    metadata,
    Column("name", Text, primary_key=True),
    time_column("created_at"),
    CheckConstraint(_NAME, name="name"),
)

connections = Table(
    "connections",
    metadata,
    tenant_column(known=True),
    Column("name", Text, primary_key=True),
    Column("system", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("state", Text, nullable=False, server_default=text("'ready'")),
    time_column("created_at"),
    time_column("updated_at"),
    CheckConstraint(_NAME, name="name"),
    one_of("state", ConnectionState),
    # Two connections to one company, of one tenant or of two, would post the same order twice.
    Index(
        "connections_realm_idx",
        text("(settings ->> 'realm_id')"),
        unique=True,
        postgresql_where=text("system = 'quickbooks'"),
    ),
)
