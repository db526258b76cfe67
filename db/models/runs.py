"""Runs, and the problems that they met."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Computed, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from db.models.schema import metadata, one_of, tenant_column, time_column
from domain.problems import Fate, ProblemState
from domain.sync import RunState

runs = Table(
    "runs",
    metadata,
    tenant_column(known=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("flow_run_id", Text),
    Column("request", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'running'")),
    Column("tallies", JSONB, nullable=False, server_default=text("'{}'")),
    Column("error", Text),
    time_column("started_at"),
    time_column("heartbeat_at"),
    time_column("finished_at", optional=True),
    time_column("cancel_requested_at", optional=True),
    # For those who count or purge, and are not to see which records somebody asked for.
    Column("route", Text, Computed("request ->> 'route'", persisted=True)),
    Column("source_connection", Text, Computed("request ->> 'source'", persisted=True)),
    Column("target_connection", Text, Computed("request ->> 'target'", persisted=True)),
    Column("dry_run", Boolean, Computed("coalesce(request ->> 'dry_run', '') = 'true'", persisted=True)),
    one_of("state", RunState),
    CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished_at"),
    Index("runs_flow_run_id_idx", "flow_run_id"),
    Index("runs_started_at_idx", "tenant", "started_at"),
)

# Few among many, and looked for every minute.
Index("runs_open_idx", runs.c.tenant, runs.c.id, postgresql_where=runs.c.state == text("'running'"))

problems = Table(
    "problems",
    metadata,
    tenant_column(),
    Column("target_connection", Text, primary_key=True),
    Column("source_connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("fate", Text, nullable=False),
    Column("advice", Text),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("count", Integer, nullable=False, server_default=text("1")),
    time_column("first_seen"),
    time_column("last_seen"),
    Column("run_id", UUID(as_uuid=True), nullable=False),
    Column("id", UUID(as_uuid=True), nullable=False, server_default=text("gen_random_uuid()")),
    Column("amount", Numeric),
    Column("currency", Text),
    Column("reason", Text),
    Column("decided_by", Text),
    time_column("decided_at", optional=True),
    one_of("fate", Fate),
    one_of("state", ProblemState),
    Index("problems_id_idx", "tenant", "id", unique=True),
    Index("problems_last_seen_idx", "tenant", "last_seen", "id"),
)
