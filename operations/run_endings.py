"""What is to be told of the end of a run: what made it fail, which records it left behind, what works again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from config.routes import ROUTES
from db.ledger import RunSummary
from db.ledger.queued import QueuedRecords
from domain.errors import AccessDenied, ConnectorError, Misconfigured, RateLimited, Unavailable
from domain.keys import ConnectionName, RecordKey, System
from domain.sync import RunState, SyncRequest, Tally
from notifications.advice import Cause, advise, cause_of_error
from notifications.events import LARGEST_SAMPLE
from operations.event_rows import Failure, Rejected
from operations.notifier import (
    Verb,
    notify_connection_failure,
    notify_rate_limit,
    notify_reconnect_needed,
    notify_sync_error,
)
from operations.recoveries import Recovery, track_of

EVENTS = {RunState.CRASHED: "run-crashed", RunState.CANCELLED: "run-cancelled"}
_WAITING = "waiting"


def failure_of(run: RunSummary, error: ConnectorError | str | None, at: datetime) -> Failure:
    """Describe how a run ended that did not go through, by its error or by what was kept of it."""
    connection = error.connection if isinstance(error, ConnectorError) else None
    system = system_of(run.request, connection)
    if isinstance(error, ConnectorError):
        cause = cause_of_error(error, system)
    else:
        cause = Cause(event=EVENTS.get(run.state, ""), message=error or "")
    return Failure(cause, at, connection, system, run)


def verb_of(run: RunSummary, error: ConnectorError | str | None) -> Verb:
    """Give the verb that tells of a failed run under the name of what made it fail."""
    if run.state is not RunState.FAILED or not isinstance(error, ConnectorError) or error.connection is None:
        return notify_sync_error
    if isinstance(error, RateLimited):
        return notify_rate_limit
    if isinstance(error, AccessDenied):
        return notify_reconnect_needed
    # What does not even let a run begin is a matter of the connection.
    is_unusable = isinstance(error, Misconfigured) and not run.tallies
    return notify_connection_failure if isinstance(error, Unavailable) or is_unusable else notify_sync_error


def rejected_records(run: RunSummary, queued: Sequence[QueuedRecords]) -> list[Rejected]:
    """Give the records that a run met last and could not write: one entry for each kind and cause."""
    found: dict[tuple[str, str], Rejected] = {}
    for each in queued:
        if not each.met or each.code == _WAITING:
            continue
        cause = cause_of(run.request, each)
        key = (each.kind, advise(cause).topic)
        names = (str(RecordKey(connection=run.request.source, kind=each.kind, id=id_)) for id_ in each.ids)
        first = found.get(key)
        found[key] = Rejected(
            first.cause if first else cause,
            each.kind,
            each.met + (first.count if first else 0),
            (*(first.records if first else ()), *names)[:LARGEST_SAMPLE],
            percent_failed(run.tallies.get(each.kind, Tally())),
        )
    return list(found.values())


def recovery_of(request: SyncRequest, queued: Sequence[QueuedRecords]) -> Recovery:
    """Say what a run that went through puts right: its track, both connections, and all rejections not queued still.

    A dry run writes nothing, so it does not show that its target works.
    """
    still = {(each.kind, advise(cause_of(request, each)).topic) for each in queued}
    proven = (request.source,) if request.dry_run else (request.source, request.target)
    return Recovery(track=track_of(request), connections=proven, rejected=tuple(sorted(still)))


def cause_of(request: SyncRequest, queued: QueuedRecords) -> Cause:
    """Describe why records are queued."""
    return Cause(system=system_of(request, request.target), code=queued.code, message=queued.message)


def system_of(request: SyncRequest, connection: ConnectionName | None) -> System | None:
    """Tell what a connection of the run leads to; None for another one, or where the route is not known."""
    route = ROUTES.get(request.route)
    if route is None:
        return None
    return {request.source: route.source_system, request.target: route.target_system}.get(connection or "")


def percent_failed(tally: Tally) -> float:
    """Give the part of the records read that failed, in percent."""
    return round(100 * tally.failed / tally.read, 1) if tally.read else 100.0
