"""What was done with each record, and how often each system was called."""

from __future__ import annotations

from sqlalchemy import REAL, BigInteger, Column, Date, DateTime, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from db.models.schema import metadata, one_of, tenant_column
from domain.history import Became, Level, Operation
from domain.usage import Purpose

_newest_first = ("at", "id")

# The time stands in the primary key because newest first is how people look at it and oldest first how it is purged.
record_log = Table(
    "record_log",
    metadata,
    tenant_column(),
    Column("at", DateTime(timezone=True), primary_key=True, server_default=text("now()")),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("run_id", UUID(as_uuid=True), nullable=False),
    Column("target_connection", Text, nullable=False),
    Column("source_connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("message", Text),
    Column("level", Text, nullable=False, server_default=text("'info'")),
    Column("code", Text),
    Column("milliseconds", REAL),
    Column("belongs_to", Text),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("operation", Operation),
    one_of("result", Became),
    one_of("level", Level),
    # Twenty thousand rows of a full run pay for every index and every column in it. A run needs none: it has a
    # beginning and an end, between which its rows lie.
    Index("record_log_record_idx", "tenant", "source_id", "kind"),
    Index("record_log_part_idx", "tenant", "belongs_to", "kind", postgresql_where=text("belongs_to IS NOT NULL")),
    Index("record_log_level_idx", "tenant", *_newest_first, postgresql_where=text("level <> 'info'")),
    Index("record_log_told_idx", "tenant", *_newest_first, postgresql_where=text("code IS NOT NULL")),
)

calls = Table(
    "calls",
    metadata,
    tenant_column(known=True),
    Column("connection", Text, primary_key=True),
    Column("day", Date, primary_key=True, server_default=text("((now() AT TIME ZONE 'UTC')::date)")),
    Column("purpose", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    one_of("purpose", Purpose),
)
