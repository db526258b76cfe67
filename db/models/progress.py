"""How far each kind was walked, and who may write to a target right now."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from db.models.schema import metadata, tenant_column, time_column

watermarks = Table(
    "watermarks",
    metadata,
    tenant_column(known=True),
    Column("source_connection", Text, primary_key=True),
    Column("target_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    time_column("at"),
    time_column("updated_at"),
)

leases = Table(
    "leases",
    metadata,
    tenant_column(known=True),
    Column("target_connection", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text),
    time_column("expires_at"),
)
