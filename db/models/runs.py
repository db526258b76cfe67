"""Runs, what they wrote, and the problems that they met."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from db.models.schema import metadata, one_of, tenant_column, time_column
from domain.problems import Fate
from domain.sync import RunState
from domain.writes import Action, Result

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
    one_of("state", RunState),
    CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished_at"),
    Index("runs_flow_run_id_idx", "flow_run_id"),
    Index("runs_started_at_idx", "tenant", "started_at"),
)

record_log = Table(
    "record_log",
    metadata,
    tenant_column(),
    Column("run_id", UUID(as_uuid=True), primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    time_column("at"),
    Column("target_connection", Text, nullable=False),
    Column("source_connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("message", Text),
    one_of("action", Action),
    one_of("result", Result),
)

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
    one_of("fate", Fate),
    one_of("state", ("open", "resolved")),
)
