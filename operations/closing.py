"""Closing a run and telling how it ended, in one transaction, by whoever is first: the flow, a hook, the watchdog."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.ledger import RunSummary, close_run, load_run
from db.ledger.events import is_anything_open
from db.ledger.open_runs import open_run_of_flow
from db.ledger.queued import queued_records
from db.ledger.streaks import end_streak
from db.session import tenant_session, watch_session
from domain.errors import ConnectorError
from domain.sync import RunState
from notifications.events import LARGEST_SAMPLE
from operations.notifier import (
    notify_consecutive_failures,
    notify_recovery,
    notify_rejected_records,
    notify_sync_error,
)
from operations.run_endings import failure_of, recovery_of, rejected_records, verb_of


def close_flow_run_and_tell(
    engine: Engine, flow_run_id: str, state: RunState, error: ConnectorError | str | None = None, *, at: datetime
) -> bool:
    """Close the open run of a Prefect flow run, as ``close_run_and_tell`` does, whoever's it is.

    Raises:
        ConnectorError: the ledger is away; the watchdog will find the run.
    """
    with watch_session(engine) as session:
        found = open_run_of_flow(session, flow_run_id)
    if found is None:
        return False
    with tenant_session(engine, found.tenant) as session:
        return close_run_and_tell(session, found.run_id, state, error, at=at)


def close_run_and_tell(
    session: Session, run_id: UUID, state: RunState, error: ConnectorError | str | None = None, *, at: datetime
) -> bool:
    """Close the run, count failures in a row, and put into the outbox what people may be told of its end.

    True only for the one who closed it; whoever comes second changes and tells nothing.
    """
    if not close_run(session, run_id, state, str(error) if error else None):
        return False
    # As it stands by then: a run that was asked to end and died was cancelled.
    run = load_run(session, run_id)
    if run is None:
        return True
    if run.state is RunState.COMPLETED:
        tell_success(session, run, at)
    else:
        tell_failure(session, run, error, at)
    return True


def tell_failure(session: Session, run: RunSummary, error: ConnectorError | str | None, at: datetime) -> None:
    """Tell why a run failed; what somebody ended, or only tried, is no failure in a row."""
    failure, verb = failure_of(run, error, at), verb_of(run, error)
    if run.state is RunState.CANCELLED:
        notify_sync_error(session, failure)
    elif run.request.dry_run:
        verb(session, failure)
    else:
        notify_consecutive_failures(session, verb, failure)


def tell_success(session: Session, run: RunSummary, at: datetime) -> None:
    """Tell which records a run left behind and, if anything did not work before, what does again."""
    request = run.request
    is_open = is_anything_open(session)
    queued = []
    if is_open or any(tally.failed for tally in run.tallies.values()):
        queued = queued_records(session, request.source, request.target, run.id, LARGEST_SAMPLE)
    for rejected in rejected_records(run, queued):
        notify_rejected_records(session, run, rejected, at)
    if not request.dry_run:
        end_streak(session, request, at)
    if is_open:
        notify_recovery(session, recovery_of(request, queued), at=at, run=run)
