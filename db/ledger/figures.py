"""Counting what was done: runs, records, times, calls, and what is owed; for one tenant or, to the meter, for all."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    RowMapping,
    Select,
    Text,
    cast,
    column,
    extract,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from db.models.arrivals import arrivals
from db.models.history import calls, record_log
from db.models.links import intents
from db.models.progress import watermarks
from db.models.runs import problems, runs
from domain.sync import RunState, Tally

PERCENTILES = (0.5, 0.95, 0.99)

_COUNTS = tuple(Tally.model_fields)
_SECONDS = extract("epoch", runs.c.finished_at - runs.c.started_at)


def clock(session: Session) -> datetime:
    """Tell the ledger's own time, in UTC."""
    return session.execute(select(func.now())).scalar_one().astimezone(UTC)


def count_runs(session: Session, since: datetime) -> list[RowMapping]:
    """Give by tenant, route and state how many runs began since then; dry runs are none."""
    by = (runs.c.tenant, runs.c.route, runs.c.state)
    wanted = select(*by, func.count().label("count")).where(_real(), runs.c.started_at >= since)
    return _rows(session, wanted.group_by(*by).order_by(*by))


def list_routes(session: Session, since: datetime) -> list[RowMapping]:
    """Give by tenant, route, source and target when the last run began since then, its state, and the last success."""
    by = (
        runs.c.tenant,
        runs.c.route,
        runs.c.source_connection.label("source"),
        runs.c.target_connection.label("target"),
    )
    states = func.array_agg(aggregate_order_by(runs.c.state, runs.c.started_at.desc()), type_=ARRAY(Text))
    told = (
        func.max(runs.c.started_at).label("last_run_at"),
        states[1].label("last_state"),
        func.max(runs.c.finished_at).filter(runs.c.state == RunState.COMPLETED).label("last_success_at"),
    )
    wanted = select(*by, *told).where(_real(), runs.c.started_at >= since)
    return _rows(session, wanted.group_by(*by).order_by(*by))


def count_records(session: Session, since: datetime) -> list[RowMapping]:
    """Give by tenant, route and kind how many records runs since then read, and what became of them."""
    tally = func.jsonb_each(runs.c.tallies).table_valued(column("key", Text), column("value", JSONB), name="tally")
    by = (runs.c.tenant, runs.c.route, tally.c.key.label("kind"))
    sums = (func.sum(cast(tally.c.value[name].astext, BigInteger)).label(name) for name in _COUNTS)
    wanted = select(*by, *sums).select_from(runs).join(tally, literal_column("true"))
    return _rows(session, wanted.where(_real(), runs.c.started_at >= since).group_by(*by).order_by(*by))


def run_seconds(session: Session, since: datetime) -> RowMapping:
    """Give how long completed runs since then took, as percentiles, with their number."""
    wanted = select(func.count().label("count"), _percentiles(_SECONDS))
    of = (_real(), runs.c.started_at >= since, runs.c.state == RunState.COMPLETED)
    return _rows(session, wanted.where(*of))[0]


def record_milliseconds(session: Session, since: datetime) -> list[RowMapping]:
    """Give by kind how long the writes of records since then took, as percentiles, and how many went wrong."""
    failed = func.count().filter(record_log.c.level == "error").label("errors")
    measured = func.count(record_log.c.milliseconds).label("count")
    wanted = select(record_log.c.kind, failed, measured, _percentiles(record_log.c.milliseconds))
    wanted = wanted.where(record_log.c.at >= since).group_by(record_log.c.kind).order_by(record_log.c.kind)
    return _rows(session, wanted)


def count_calls_since(session: Session, since: date) -> list[RowMapping]:
    """Give by tenant, connection and purpose how often a system was called since that day."""
    by = (calls.c.tenant, calls.c.connection, calls.c.purpose)
    wanted = select(*by, func.sum(calls.c.count).label("count")).where(calls.c.day >= since)
    return _rows(session, wanted.group_by(*by).order_by(*by))


def count_owed(session: Session) -> list[RowMapping]:
    """Give by tenant, target and kind how many records are queued, and since when the oldest is."""
    by = (problems.c.tenant, problems.c.target_connection.label("target"), problems.c.kind)
    counted = (func.count().label("count"), func.min(problems.c.first_seen).label("oldest"))
    wanted = select(*by, *counted).where(problems.c.state == "open")
    return _rows(session, wanted.group_by(*by).order_by(*by))


def count_arrivals(session: Session) -> list[RowMapping]:
    """Give by tenant and connection how many webhooks wait to be carried, and since when the oldest does."""
    by = (arrivals.c.tenant, arrivals.c.connection)
    counted = (func.count().label("count"), func.min(arrivals.c.pending_since).label("oldest"))
    wanted = select(*by, *counted).where(arrivals.c.state == "pending")
    return _rows(session, wanted.group_by(*by).order_by(*by))


def count_doubts(session: Session) -> list[RowMapping]:
    """Give by tenant and target how many writes were sent of which nobody knows yet what became of them."""
    by = (intents.c.tenant, intents.c.target_connection.label("target"))
    wanted = select(*by, func.count().label("count")).where(intents.c.state == "open")
    return _rows(session, wanted.group_by(*by).order_by(*by))


def list_watermarks(session: Session) -> list[RowMapping]:
    """Give how far each kind was walked, by source, target and kind."""
    pair = (watermarks.c.source_connection.label("source"), watermarks.c.target_connection.label("target"))
    by = (*pair, watermarks.c.kind)
    return _rows(session, select(*by, watermarks.c.at).order_by(*by))


def _real() -> ColumnElement[bool]:
    return ~runs.c.dry_run


def _percentiles(value: ColumnElement[Any]) -> ColumnElement[Any]:
    wanted = cast(list(PERCENTILES), ARRAY(Float))
    return func.percentile_cont(wanted).within_group(value).label("percentiles")


def _rows(session: Session, wanted: Select[Any]) -> list[RowMapping]:
    return list(session.execute(wanted).mappings())
