"""Who may come in, and what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from db.models.schema import metadata, one_of, tenant_column, time_column

audit_log = Table(
    "audit_log",
    metadata,
    tenant_column(known=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    time_column("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("request_id", Text, nullable=False, server_default=text("''")),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("outcome", ("done", "refused")),
    Index("audit_log_at_idx", "tenant", "at"),
)
