"""Runs by how long they last: which are silent, which were at work at a moment, how long others like them took."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from db.models.runs import runs
from domain.sync import RunState, SyncRequest

# Two runs with the same of it are expected to take alike.
_ALIKE = ("route", "source", "target", "kinds", "mode", "ids", "filters", "since", "dry_run")
# Nobody asks which run was at work so long ago, and without a bound all of them would be looked through.
_LONGEST = timedelta(days=7)


def is_silent(session: Session, run_id: UUID, since: datetime) -> bool:
    """Whether the run is open and gave no sign of life since; it is kept so until the transaction ends.

    A run at whose row somebody is at work just now lives.
    """
    silent = select(runs.c.id).where(runs.c.id == run_id, runs.c.state == RunState.RUNNING, runs.c.heartbeat_at < since)
    return session.execute(silent.with_for_update(skip_locked=True)).first() is not None


def was_at_work(session: Session, schedule: str, moment: datetime) -> bool:
    """Whether a run of the schedule was at work at this moment, or has begun since."""
    at_work = exists(runs.c.id).where(
        runs.c.started_at > moment - _LONGEST,
        runs.c.request["schedule"].astext == schedule,
        or_(runs.c.finished_at.is_(None), runs.c.finished_at >= moment),
    )
    return bool(session.scalar(select(at_work)))


def durations_like(session: Session, request: SyncRequest, last: int) -> list[timedelta]:
    """Give how long the last runs took that were asked for the same and completed."""
    known = request.model_dump(mode="json")
    alike = (runs.c.request[name] == type_coerce(known[name], JSONB) for name in _ALIKE)
    wanted = (
        select(runs.c.finished_at - runs.c.started_at)
        .where(runs.c.state == RunState.COMPLETED, *alike)
        .order_by(runs.c.started_at.desc())
        .limit(last)
    )
    return list(session.scalars(wanted))
