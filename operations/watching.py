"""The watchdog: finds, in all tenants, what died or did not happen and so could not tell of itself.

Patience is counted in minutes in which somebody looked, not by the clock: after a night in which the machine slept, or
the ledger was away, everything has that time once more to show that it lives. Several processes may look at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.engine import Engine

from config.routes import ROUTES
from db.ledger.watching import (
    lasting_runs,
    late_schedules,
    note_look,
    silent_runs,
    time_of_ledger,
    unstarted_requests,
    watched_since,
)
from db.session import watch_session
from domain.errors import ConnectorError
from operations.dead_runs import Dead, close_silent_run, settle_unstarted_request
from operations.stale_syncs import SHORTEST, tell_late_run, tell_long_run, tell_missed_schedule
from operations.stranded_runs import StrandedRuns

logger = logging.getLogger(__name__)

SILENT_MINUTES = 3
"""A run that gave no sign of life in so many watched minutes is dead; a living one gives one every 30 seconds."""

LATE_MINUTES = 5
"""So much later a run may begin than it was due or asked for; no schedule fires more often."""

RECENT = timedelta(days=1)
"""What was asked for, or was due at Prefect, longer ago was told or is nobody's concern any more."""

Item = TypeVar("Item")
Found = TypeVar("Found")


class Watched(BaseModel):
    """What one look found: runs that died, schedules and runs of schedules that are missing, runs that take too long.

    ``amiss`` says what could not be looked at.
    """

    model_config = ConfigDict(frozen=True)

    died: int = 0
    missed: int = 0
    overdue: int = 0
    amiss: str = ""


class Patience(NamedTuple):
    """The moments since which everything must have shown that it lives, and have begun; None while nobody looked."""

    alive_since: datetime | None
    begun_since: datetime | None


def watch(engine: Engine, now: datetime | None = None) -> Watched:
    """Look at all tenants once; close what died and put into the outbox what people may be told.

    Raises:
        ConnectorError: the ledger is away; what was found until then is written down, the rest is found next time.
    """
    with watch_session(engine) as session:
        now = now or time_of_ledger(session)
        note_look(session, now)
        patience = Patience(watched_since(session, SILENT_MINUTES), watched_since(session, LATE_MINUTES))
    with StrandedRuns() as prefect:
        dead = find_dead(engine, prefect, patience, now)
        # Whatever is dead holds up the next run, until Prefect knows.
        for flow_run_id in filter(None, dead.values()):
            prefect.crash(flow_run_id)
        missed = find_missed(engine, patience, now)
        late, amiss = find_late(engine, prefect, patience, now)
        overdue = find_long(engine, patience, now)
    return Watched(died=len(dead), missed=missed + late, overdue=overdue, amiss=amiss)


def find_dead(engine: Engine, prefect: StrandedRuns, patience: Patience, now: datetime) -> Dead:
    """Close and tell the runs that died, whether they had begun or not."""
    alive_since, begun_since = patience
    dead: Dead = {}
    with watch_session(engine) as session:
        silent = silent_runs(session, alive_since) if alive_since else []
        unstarted = unstarted_requests(session, now - RECENT, begun_since) if begun_since else []
    if alive_since:
        for found in each(silent, lambda run: close_silent_run(engine, run, alive_since, now)):
            dead |= found
    for found in each(unstarted, lambda asked: settle_unstarted_request(engine, asked, prefect.state, now)):
        dead |= found
    return dead


def find_missed(engine: Engine, patience: Patience, now: datetime) -> int:
    """Tell of schedules that did not fire; gives how many those are."""
    since = patience.begun_since
    if since is None:
        return 0
    with watch_session(engine) as session:
        late = late_schedules(session, since)
    return sum(each(late, lambda schedule: tell_missed_schedule(engine, schedule, since, now)))


def find_late(engine: Engine, prefect: StrandedRuns, patience: Patience, now: datetime) -> tuple[int, str]:
    """Tell of what Prefect's own schedules wanted and no worker took up; gives how much, or why nobody knows."""
    if patience.begun_since is None:
        return 0, ""
    try:
        late = [run for route in ROUTES for run in prefect.late(route, now - RECENT, patience.begun_since)]
    except ConnectorError as error:
        return 0, str(error)
    return sum(each(late, lambda run: tell_late_run(engine, run, now))), ""


def find_long(engine: Engine, patience: Patience, now: datetime) -> int:
    """Tell of runs that take far longer than usual; gives how many those are."""
    if patience.alive_since is None:
        return 0
    with watch_session(engine) as session:
        found = lasting_runs(session, now - SHORTEST, patience.alive_since)
    return sum(each(found, lambda run: tell_long_run(engine, run, now)))


def each(suspects: Iterable[Item], look: Callable[[Item], Found]) -> Iterator[Found]:
    """Look at each; what this version cannot read, because another one wrote it, is logged and keeps nobody waiting."""
    for suspect in suspects:
        try:
            yield look(suspect)
        except ValidationError:
            logger.exception("%s cannot be looked at", suspect)
