"""Tenants and their connections to shops and databases."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Column, Computed, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

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
    Column("public_only", Boolean, nullable=False, server_default=text("true")),
    time_column("created_at"),
    time_column("updated_at"),
    # Stands in the address of its webhook, where it must tell nobody whose it is.
    Column("public_id", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),
    Column("realm_id", Text, Computed("settings ->> 'realm_id'", persisted=True)),
    CheckConstraint(_NAME, name="name"),
    one_of("state", ConnectionState),
    Index("connections_public_id_idx", "public_id", unique=True),
    # Two connections to one company, of one tenant or of two, would post the same order twice. A twin at an address of
    # its own is not the company of that number at Intuit.
    Index(
        "connections_realm_idx",
        text("(settings ->> 'realm_id')"),
        text("lower(rtrim(coalesce(settings ->> 'url', ''), '/'))"),
        unique=True,
        postgresql_where=text("system = 'quickbooks'"),
    ),
)
