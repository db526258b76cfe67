"""Figures of a tenant: what was done, how long it takes, what is owed, and how often systems were called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from db.ledger import figures, list_connections
from domain.access import Permission
from domain.figures import Calls, Durations, KindFigures, Metrics, Owed, Progress, RouteFigures, RunFigures
from domain.forecast import month_end
from domain.keys import Kind, System
from domain.sync import RunState, Tally
from domain.usage import Purpose
from operations.caller import Caller

LONGEST_DAYS = 400
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]

READS_ALLOWED = {System.QUICKBOOKS: 500_000}
"""Calls that read, per month, in Intuit's Builder tier ("CorePlus" calls; writing is not metered): Intuit App Partner
Program. Whoever pays for a higher tier may make more."""


def metrics(caller: Caller, days: Days = 30) -> Metrics:
    """Give the figures of so many days.

    Raises:
        Forbidden: the caller may not look.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        now = figures.clock(session)
        since = now - timedelta(days=days)
        kinds = _kinds(session, since)
        return Metrics(
            at=now,
            since=since,
            total=sum((each.tally for each in kinds), Tally()),
            errors=sum(each.errors for each in kinds),
            kinds=kinds,
            runs=_runs(session, since),
            routes=_routes(session, since, now),
            calls=_calls(session, now),
            owed=_owed(session, now),
            webhooks_waiting=sum(row["count"] for row in figures.count_arrivals(session)),
            progress=_progress(session, now),
        )


def _kinds(session: Session, since: datetime) -> tuple[KindFigures, ...]:
    tallies: dict[str, Tally] = {}
    for row in figures.count_records(session, since):
        counts = {name: int(row[name]) for name in Tally.model_fields}
        tallies[row["kind"]] = tallies.get(row["kind"], Tally()) + Tally(**counts)
    measured = {row["kind"]: row for row in figures.record_milliseconds(session, since)}
    return tuple(
        KindFigures(
            kind=kind,
            tally=tallies.get(kind, Tally()),
            errors=measured[kind]["errors"] if kind in measured else 0,
            milliseconds=_durations(measured.get(kind)),
        )
        for kind in Kind
        if kind in tallies or kind in measured
    )


def _runs(session: Session, since: datetime) -> RunFigures:
    by_state: dict[RunState, int] = {}
    for row in figures.count_runs(session, since):
        by_state[RunState(row["state"])] = by_state.get(RunState(row["state"]), 0) + row["count"]
    completed = by_state.get(RunState.COMPLETED, 0)
    ended = completed + by_state.get(RunState.FAILED, 0) + by_state.get(RunState.CRASHED, 0)
    return RunFigures(
        by_state=by_state,
        success_rate=completed / ended if ended else None,
        seconds=_durations(figures.run_seconds(session, since)),
    )


def _calls(session: Session, now: datetime) -> tuple[Calls, ...]:
    counted: dict[str, dict[str, int]] = {}
    for row in figures.count_calls_since(session, now.date().replace(day=1)):
        counted.setdefault(row["connection"], {})[row["purpose"]] = int(row["count"])
    systems = {stored.name: stored.system for stored in list_connections(session)}
    return tuple(
        Calls(
            connection=name,
            reads=counts.get(Purpose.READ, 0),
            writes=counts.get(Purpose.WRITE, 0),
            reads_forecast=month_end(counts.get(Purpose.READ, 0), now),
            writes_forecast=month_end(counts.get(Purpose.WRITE, 0), now),
            reads_allowed=READS_ALLOWED.get(systems[name]) if name in systems else None,
        )
        for name, counts in sorted(counted.items())
    )


def _routes(session: Session, since: datetime, now: datetime) -> tuple[RouteFigures, ...]:
    rows = figures.list_routes(session, since)
    ages = (None if row["last_success_at"] is None else _age(now, row["last_success_at"]) for row in rows)
    return tuple(RouteFigures(**{**row, "success_age_seconds": age}) for row, age in zip(rows, ages, strict=True))


def _owed(session: Session, now: datetime) -> tuple[Owed, ...]:
    return tuple(Owed(**{**row, "oldest_seconds": _age(now, row["oldest"])}) for row in figures.count_owed(session))


def _progress(session: Session, now: datetime) -> tuple[Progress, ...]:
    return tuple(Progress(**{**row, "age_seconds": _age(now, row["at"])}) for row in figures.list_watermarks(session))


def _durations(row: RowMapping | None) -> Durations:
    percentiles: Sequence[float] = (row["percentiles"] if row else None) or (None, None, None)  # type: ignore[assignment]
    return Durations(measured=row["count"] if row else 0, p50=percentiles[0], p95=percentiles[1], p99=percentiles[2])


def _age(now: datetime, at: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
