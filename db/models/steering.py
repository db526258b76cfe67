"""What was asked for, what was planned and confirmed, and what runs when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from db.models.schema import metadata, one_of, tenant_column, time_column
from domain.access import Permission, Role
from domain.requests import RequestState
from domain.sync import Mode
from domain.writes import Action

sync_requests = Table(
    "sync_requests",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("request", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("permission", Text, nullable=False),
    Column("flow_run_id", Text),
    Column("error", Text),
    time_column("asked_at"),
    one_of("state", RequestState),
    one_of("permission", (Permission.RUN_SYNC, Permission.RESOLVE_FAILURES)),
    Index("sync_requests_asked_at_idx", "tenant", "asked_at", "id"),
    Index("sync_requests_recent_idx", "asked_at"),
)

plans = Table(
    "plans",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("request", JSONB, nullable=False),
    Column("hash", Text),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("amounts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("records", Integer, nullable=False, server_default=text("0")),
    Column("removals", Integer, nullable=False, server_default=text("0")),
    Column("tallies", JSONB, nullable=False, server_default=text("'{}'")),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("confirmed_at", optional=True),
    Column("confirmed_by", Text),
    Column("used_by", UUID(as_uuid=True)),
)

plan_writes = Table(
    "plan_writes",
    metadata,
    tenant_column(),
    Column("plan_id", UUID(as_uuid=True), primary_key=True),
    Column("source_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("amount", Numeric),
    Column("currency", Text),
    one_of("action", Action),
    Index("plan_writes_record_idx", "tenant", "kind", "source_id"),
)

confirmations = Table(
    "confirmations",
    metadata,
    tenant_column(known=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("request_id", UUID(as_uuid=True), nullable=False),
    Column("plan_id", UUID(as_uuid=True), nullable=False),
    Column("plan_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("remaining", Integer, nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("used_at", optional=True),
    one_of("role", Role),
)

confirmed_pairs = Table(
    "confirmed_pairs",
    metadata,
    tenant_column(known=True),
    Column("route", Text, primary_key=True),
    Column("source_connection", Text, primary_key=True),
    Column("target_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("run_id", UUID(as_uuid=True), nullable=False),
    time_column("at"),
)

schedules = Table(
    "schedules",
    metadata,
    tenant_column(known=True),
    Column("name", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("source_connection", Text, nullable=False),
    Column("target_connection", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("kinds", JSONB, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("removed", Boolean, nullable=False, server_default=text("false")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("mirrored", BigInteger, nullable=False, server_default=text("0")),
    Column("deployment_id", UUID(as_uuid=True)),
    time_column("next_due", optional=True),
    Column("created_by", Text, nullable=False),
    time_column("created_at"),
    time_column("updated_at"),
    one_of("mode", Mode),
)

sync_settings = Table(
    "sync_settings",
    metadata,
    tenant_column(known=True),
    Column("most_amount", Numeric),
    Column("sandbox", Boolean, nullable=False, server_default=text("false")),
    Column("replacements", JSONB, nullable=False, server_default=text("'{}'")),
    time_column("changed_at"),
)
