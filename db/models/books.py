"""What is remembered of a set of books: names that are taken, its settings, and when it was called."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, Column, DateTime, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from db.models.schema import metadata, one_of, tenant_column, time_column


class NameEntity(StrEnum):
    """What a name belongs to."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    EMPLOYEE = "employee"
    ITEM = "item"


names = Table(
    "names",
    metadata,
    tenant_column(),
    Column("connection", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("is_usable", Boolean, nullable=False),
    Column("version", Text, nullable=False),
    Column("email_hash", Text),
    Column("sku", Text),
    one_of("entity", NameEntity),
)

Index("names_name_idx", names.c.tenant, names.c.connection, names.c.name)
Index("names_sku_idx", names.c.tenant, names.c.connection, names.c.sku, postgresql_where=names.c.sku.is_not(None))

snapshots = Table(
    "snapshots",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("content", JSON, nullable=False),
    time_column("taken_at"),
)

throttles = Table(
    "throttles",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("slots", ARRAY(DateTime(timezone=True)), nullable=False, server_default=text("'{}'")),
)
