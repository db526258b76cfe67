"""What the watchdog looks for, in all tenants; every statement needs a ``watch_session``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.schedules import ScheduleName
from db.models.runs import runs
from db.models.steering import schedules, sync_requests
from db.models.watch import watched_minutes
from domain.keys import TenantName
from domain.requests import RequestState
from domain.sync import RunState

# What is counted in such minutes never comes to more than a day, and somebody may look every other minute only.
_KEPT = timedelta(days=3)


class Whose(NamedTuple):
    """A run, or a request for one, and whose it is."""

    tenant: TenantName
    id: UUID


class LastingRun(NamedTuple):
    """A run, and in how many minutes since it began somebody looked."""

    whose: Whose
    watched_minutes: int


class LateSchedule(NamedTuple):
    """A schedule, and whose it is."""

    tenant: TenantName
    name: ScheduleName


def time_of_ledger(session: Session) -> datetime:
    """Tell the time by the clock that stamps heartbeats."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def note_look(session: Session, now: datetime) -> None:
    """Note that somebody looks in this minute, and forget what is long past."""
    minute = now.replace(second=0, microsecond=0)
    session.execute(insert(watched_minutes).values(minute=minute).on_conflict_do_nothing())
    session.execute(delete(watched_minutes).where(watched_minutes.c.minute < now - _KEPT))


def watched_since(session: Session, minutes: int) -> datetime | None:
    """Give the moment since which somebody looked in so many minutes; None when nobody looked so often yet."""
    newest = watched_minutes.c.minute.desc()
    return session.execute(select(watched_minutes.c.minute).order_by(newest).offset(minutes).limit(1)).scalar()


def silent_runs(session: Session, since: datetime) -> list[Whose]:
    """Give the open runs that have given no sign of life since."""
    wanted = select(runs.c.tenant, runs.c.id).where(runs.c.state == RunState.RUNNING, runs.c.heartbeat_at < since)
    return [Whose(*row) for row in session.execute(wanted)]


def lasting_runs(session: Session, began_before: datetime, alive_since: datetime) -> list[LastingRun]:
    """Give the runs at work that began before a moment, and for how many minutes each was watched."""
    minutes = select(func.count()).select_from(watched_minutes).where(watched_minutes.c.minute >= runs.c.started_at)
    wanted = select(runs.c.tenant, runs.c.id, minutes.correlate(runs).scalar_subquery()).where(
        runs.c.state == RunState.RUNNING, runs.c.started_at < began_before, runs.c.heartbeat_at >= alive_since
    )
    return [LastingRun(Whose(tenant, run_id), watched) for tenant, run_id, watched in session.execute(wanted)]


def unstarted_requests(session: Session, since: datetime, until: datetime) -> list[Whose]:
    """Give the requests that were made in this time and have no run yet."""
    asked = sync_requests.c
    began = exists(runs.c.id).where(runs.c.tenant == asked.tenant, runs.c.id == asked.id)
    wanted = select(asked.tenant, asked.id).where(
        asked.asked_at >= since,
        asked.asked_at < until,
        asked.state.in_((RequestState.ASKED, RequestState.STARTED)),
        ~began,
    )
    return [Whose(*row) for row in session.execute(wanted)]


def late_schedules(session: Session, since: datetime) -> list[LateSchedule]:
    """Give the schedules whose run was due before and did not begin."""
    wanted = select(schedules.c.tenant, schedules.c.name).where(schedules.c.next_due < since)
    return [LateSchedule(*row) for row in session.execute(wanted)]
