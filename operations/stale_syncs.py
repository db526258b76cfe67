"""Syncs that do not happen: schedules that did not fire, and runs that take much longer than usual."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from config.cron import next_due
from config.requests import build_request
from config.routes import ROUTES
from db.ledger import load_run, tenant_exists
from db.ledger.lasting_runs import durations_like, was_at_work
from db.ledger.schedules import StoredSchedule, load_schedule, move_due
from db.ledger.watching import LastingRun, LateSchedule
from db.session import tenant_session
from domain.errors import Misconfigured
from domain.sync import Mode, RunState, SyncRequest
from operations.dead_runs import track_in_use
from operations.notifier import notify_long_run, notify_stale_sync
from operations.recoveries import Track, track_of
from operations.stranded_runs import LateRun

SHORTEST = timedelta(minutes=30)
"""No run is called long before."""

TIMES_USUAL = 3
COMPARED = 10
"""A run is long that takes so many times as long as the longest of so many before it."""

UNKNOWN = timedelta(hours=24)
"""How long a run may take that is the first of its kind."""


def tell_missed_schedule(engine: Engine, late: LateSchedule, since: datetime, now: datetime) -> bool:
    """Tell that a schedule did not fire, once for each time that it should have; its next deadline counts from then on.

    Nothing is told where a run of it was at work at that time: Prefect leaves out what would begin meanwhile.
    """
    with tenant_session(engine, late.tenant) as session:
        stored = load_schedule(session, late.name)
        if stored is None or stored.next_due is None or stored.next_due >= since:
            return False
        due_at = stored.next_due
        if not move_due(session, stored.name, due_at, next_due(stored.cron, stored.zone, now)):
            return False
        if was_at_work(session, stored.name, due_at):
            return False
        track = track_in_use(session, track_of_schedule(stored))
        return notify_stale_sync(session, stored.name, track, sentence_of(stored, due_at), at=now, due_at=due_at)


def track_of_schedule(stored: StoredSchedule) -> Track:
    """Give what the runs of a schedule are about."""
    return Track(
        route=stored.route,
        source=stored.source_connection,
        target=stored.target_connection,
        kinds=stored.kinds,
        whole=True,
    )


def sentence_of(stored: StoredSchedule, due_at: datetime) -> str:
    """Say which run is missing and, where we know it, why."""
    why = ""
    if stored.mirrored < stored.version:
        why = "; Prefect has not been told of this schedule as it is now: unisync prefect up tells it"
    return f"The run that was due at {due_at:%Y-%m-%d %H:%M} UTC has not begun{why}."


def tell_long_run(engine: Engine, lasting: LastingRun, now: datetime) -> bool:
    """Tell of a run that takes far longer than others like it, once; while the machine slept no time is counted."""
    whose, minutes = lasting
    with tenant_session(engine, whose.tenant) as session:
        run = load_run(session, whose.id)
        if run is None or run.state is not RunState.RUNNING:
            return False
        longest = max(durations_like(session, run.request, COMPARED), default=None)
        allowed = max(SHORTEST, TIMES_USUAL * longest) if longest else UNKNOWN
        if timedelta(minutes=minutes) < allowed:
            return False
        usual = f"the longest of the last ones like it took {in_words(longest)}" if longest else "it is the first one"
        sentence = f"It began at {run.started_at:%Y-%m-%d %H:%M} UTC and is still at work; {usual}."
        return notify_long_run(session, run, sentence, at=now, due_at=run.started_at + allowed)


def in_words(span: timedelta) -> str:
    """Write a span as people read it, in hours and minutes."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min"


def tell_late_run(engine: Engine, late: LateRun, now: datetime) -> bool:
    """Tell of a run that no worker took up though a schedule of Prefect's own wanted it, once; ours have deadlines."""
    request = request_of(late)
    if request is None or request.schedule is not None:
        return False
    sentence = f"The run that was due at {late.due_at:%Y-%m-%d %H:%M} UTC has not begun; no worker took it up."
    with tenant_session(engine, request.tenant) as session:
        if not tenant_exists(session, request.tenant):
            return False
        track = track_in_use(session, track_of(request))
        name = f"{late.flow}/{late.deployment}"
        return notify_stale_sync(session, name, track, sentence, at=now, due_at=late.due_at, once=late.id)


def request_of(late: LateRun) -> SyncRequest | None:
    """Read what a run was to do, as its flow does; None where its parameters cannot be used."""
    left_out = {"tenant": "default", "source": "shop", "target": ROUTES[late.flow].target, "mode": Mode.INCREMENTAL}
    try:
        return build_request(late.flow, left_out | late.parameters)
    except Misconfigured:
        return None
