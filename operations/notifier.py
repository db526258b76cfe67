"""What people may be told of, put into the outbox: one row in the caller's transaction, and nothing is sent.

Whoever calls is neither kept waiting nor made to fail by a channel, and what is rolled back was never told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from db.ledger import RunSummary
from db.ledger.deliveries import StoredNotice
from db.ledger.streaks import count_failure
from db.tenancy import TENANT
from domain.keys import ConnectionName, System, TenantName
from domain.sync import RunState
from notifications.advice import Cause
from notifications.events import Event, EventType, Severity
from operations.event_rows import Failure, Rejected, event_of, put_out
from operations.links import failures_link, run_link
from operations.recoveries import Recovery, Track, track_of

AWAY = "unavailable"
"""The error type of a system that does not answer, in whichever way: one outage is one cause."""

MOSTLY_REJECTED = 50.0
"""From this part of the records on, in percent, it is no longer a matter of single records."""


Verb = Callable[[Session, Failure], bool]


def notify_sync_error(session: Session, failure: Failure) -> bool:
    """Tell that a run failed, crashed or was cancelled; False when that was told of the run before."""
    run = _required(failure)
    type_, severity, words = _ENDINGS[run.state]
    title = f"The sync from {run.request.source} to {run.request.target} {words}"
    # Without a connection that is to blame, it concerns whoever wants to know of either.
    where = {"connection": failure.connection or run.request.source}
    return _tell_failure(session, type_, severity, title, failure, **where)


def notify_unopened_run(
    session: Session, track: Track, state: RunState, cause: Cause, *, at: datetime, once: UUID
) -> bool:
    """Tell that a run failed or crashed before it had a row; one on this track that goes through puts it right.

    ``once`` is its flow run; False when that was told of before.
    """
    type_, severity, words = _ENDINGS[state]
    event = event_of(
        session,
        type_,
        severity,
        f"The sync from {track.source} to {track.target} {words} before it began",
        Failure(cause, at, track.source),
        route=track.route,
        details={"Source": track.source, "Target": track.target},
    )
    return put_out(session, event, track=track, once=once)


def notify_consecutive_failures(session: Session, verb: Verb, failure: Failure) -> bool:
    """Count one more failed run in a row and tell of it by ``verb``: at somebody's threshold it becomes critical."""
    in_row = count_failure(session, _required(failure).request, failure.at)
    return verb(session, replace(failure, in_row=in_row))


def notify_rejected_records(session: Session, run: RunSummary, rejected: Rejected, at: datetime) -> bool:
    """Tell that a run went through but for some records; False when that was told of the run before."""
    title = f"{rejected.count:,} {rejected.kind} records could not be written to {run.request.target}"
    event = event_of(
        session,
        EventType.RECORDS_REJECTED,
        Severity.ERROR if rejected.percent >= MOSTLY_REJECTED else Severity.WARNING,
        title,
        Failure(rejected.cause, at, run.request.target, rejected.cause.system, run),
        kind=rejected.kind,
        records=rejected.records,
        record_count=rejected.count,
        rejected_percent=rejected.percent,
        record_link=failures_link(rejected.kind),
    )
    # Whatever run writes them, they are written.
    track = track_of(run.request, [rejected.kind]).model_copy(update={"whole": False})
    return put_out(session, event, track=track)


def notify_rate_limit(session: Session, failure: Failure) -> bool:
    """Tell that a system wants fewer calls, for longer than we wait by ourselves."""
    title = f"{failure.connection or 'The other system'} wants fewer calls"
    return _tell_failure(session, EventType.RATE_LIMITED, Severity.WARNING, title, failure)


def notify_connection_failure(session: Session, failure: Failure) -> bool:
    """Tell that a connection cannot be used, because its system is away or its settings cannot work."""
    away = failure.cause.error == "Unavailable"
    title = f"{failure.connection} {'cannot be reached' if away else 'cannot be used'}"
    known = {"error_type": AWAY} if away else {}
    return _tell_failure(session, EventType.CONNECTION_FAILED, Severity.ERROR, title, failure, **known)


def notify_reconnect_needed(session: Session, failure: Failure) -> bool:
    """Tell that a system takes our credentials no more: a person must connect it anew."""
    title = f"{failure.connection or 'A connection'} must be connected again"
    return _tell_failure(session, EventType.RECONNECT_NEEDED, Severity.ERROR, title, failure)


def notify_stale_sync(
    session: Session,
    schedule: str,
    track: Track,
    sentence: str,
    *,
    at: datetime,
    due_at: datetime,
    once: UUID | None = None,
) -> bool:
    """Tell that a schedule did not begin; a run of it that goes through puts it right.

    ``once`` names what is told only once; False when it was.
    """
    title = f"The schedule {schedule} is overdue"
    failure = Failure(Cause(event="schedule-missed", message=sentence), at, track.source)
    return _tell_stale(session, title, failure, track, due_at, once, schedule=schedule)


def notify_waiting_run(
    session: Session, request_id: UUID, track: Track, sentence: str, *, at: datetime, due_at: datetime
) -> bool:
    """Tell that a run which somebody asked for did not begin; False when that was told before."""
    title = f"A run from {track.source} to {track.target} does not begin"
    failure = Failure(Cause(event="schedule-missed", message=sentence), at, track.source)
    links: dict[str, Any] = {"run_id": request_id, "run_link": run_link(request_id)}
    return _tell_stale(session, title, failure, track, due_at, **links)


def notify_long_run(session: Session, run: RunSummary, sentence: str, *, at: datetime, due_at: datetime) -> bool:
    """Tell that a run takes much longer than usual; False when that was told before."""
    title = f"The sync from {run.request.source} to {run.request.target} takes longer than usual"
    failure = Failure(Cause(event="run-overdue", message=sentence), at, run.request.source, run=run)
    return _tell_stale(session, title, failure, track_of(run.request), due_at)


def notify_webhook_disabled(session: Session, connection: ConnectionName, sentence: str, *, at: datetime) -> bool:
    """Tell that a shop sends us no webhooks any more; ``Recovery(types=(WEBHOOK_DISABLED,))`` puts it right."""
    failure = Failure(Cause(event="webhook-disabled", message=sentence), at, connection, System.WOOCOMMERCE)
    title = f"{connection} sends no webhooks any more"
    return _tell_failure(session, EventType.WEBHOOK_DISABLED, Severity.WARNING, title, failure)


def notify_recovery(session: Session, recovery: Recovery, *, at: datetime, run: RunSummary | None = None) -> bool:
    """Tell that something works again: whoever was told of an incident that is over by that hears of it."""
    track = recovery.track
    what = f"the sync from {track.source} to {track.target}" if track else ", ".join(recovery.connections)
    event = Event(
        type=EventType.RECOVERED,
        tenant=session.info[TENANT],
        severity=Severity.INFO,
        title=f"{what[:1].upper()}{what[1:]} works again",
        message="",
        at=at,
        run_id=run.id if run else None,
    )
    return put_out(session, event, recovery=recovery)


def notify_test(session: Session, *, at: datetime) -> bool:
    """Tell everybody that this is a test, whatever their rules."""
    return put_out(session, event_of_test(session.info[TENANT], at))


def event_of_test(tenant: TenantName, at: datetime) -> Event:
    """Give what a test tells of."""
    return Event(
        type=EventType.TEST,
        tenant=tenant,
        severity=Severity.INFO,
        title="This is a test",
        message="Notices arrive here. Nothing happened and nothing needs to be done.",
        at=at,
    )


def notify_switched_off(session: Session, config_id: UUID, gone: StoredNotice, why: str, *, at: datetime) -> bool:
    """Tell all others, and whom the configuration still reaches, that the target of a notice takes none any more."""
    event = Event(
        type=EventType.CHANNEL_SWITCHED_OFF,
        tenant=session.info[TENANT],
        severity=Severity.WARNING,
        title=f"Notices through {gone.config_name} do not arrive any more",
        message=f"A target of it refused for good and is switched off: {why}. Correct it and save it again.",
        at=at,
        details={"Configuration": gone.config_name, "Channel": gone.channel, "Target": gone.target},
    )
    return put_out(session, event, config_id=config_id)


_ENDINGS = {
    RunState.FAILED: (EventType.SYNC_FAILED, Severity.ERROR, "failed"),
    RunState.CRASHED: (EventType.SYNC_CRASHED, Severity.ERROR, "died"),
    RunState.CANCELLED: (EventType.SYNC_CANCELLED, Severity.INFO, "was cancelled"),
}


def _required(failure: Failure) -> RunSummary:
    if failure.run is None:
        raise ValueError("a sync error ends a run")
    return failure.run


def _tell_stale(
    session: Session,
    title: str,
    failure: Failure,
    track: Track,
    due_at: datetime,
    once: UUID | None = None,
    **known: Any,
) -> bool:
    details = {"Source": track.source, "Target": track.target, "Due": f"{due_at:%Y-%m-%d %H:%M} UTC"}
    about = {"route": track.route, "details": details, **known}
    event = event_of(session, EventType.SYNC_STALE, Severity.WARNING, title, failure, **about)
    return put_out(session, event, track=track, once=once)


def _tell_failure(
    session: Session, type_: EventType, severity: Severity, title: str, failure: Failure, **known: Any
) -> bool:
    track = track_of(failure.run.request) if failure.run else None
    return put_out(session, event_of(session, type_, severity, title, failure, **known), track=track)
