"""What is found of connections outside of runs: kept, and put into the outbox for those who are to be told."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from config.checkups import Checkup
from db.ledger.events import is_anything_open
from db.ledger.health import note_check, note_failure
from domain.errors import AccessDenied, ConnectorError, RateLimited
from domain.keys import ConnectionName, System
from notifications.advice import cause_of_error
from notifications.events import EventType
from operations.event_rows import Failure
from operations.notifier import (
    Verb,
    notify_connection_failure,
    notify_rate_limit,
    notify_reconnect_needed,
    notify_recovery,
    notify_webhook_disabled,
)
from operations.recoveries import Recovery


def keep_success(session: Session, name: ConnectionName, checkup: Checkup) -> None:
    """Keep that a connection answers, and tell who was told that it did not."""
    note_check(session, name, *checkup)
    tell_end(session, Recovery(connections=(name,)))


def keep_renewal(session: Session, name: ConnectionName, checkup: Checkup) -> None:
    """Keep that a connection answers with new credentials, which ends also what runs met again and again."""
    note_check(session, name, *checkup)
    tell_end(session, Recovery(connections=(name,), renewed=True))


def keep_failure(session: Session, name: ConnectionName, system: System, error: ConnectorError) -> None:
    """Keep that a connection does not work, and tell it under the name of what is wrong."""
    note_failure(session, name, error)
    verb_of(error)(session, Failure(cause_of_error(error, system), datetime.now(UTC), name, system))


def verb_of(error: ConnectorError) -> Verb:
    """Give the verb that tells what is wrong with a connection."""
    if isinstance(error, AccessDenied):
        return notify_reconnect_needed
    return notify_rate_limit if isinstance(error, RateLimited) else notify_connection_failure


def tell_webhooks(session: Session, name: ConnectionName, problem: str) -> None:
    """Tell that a shop was found to send no webhooks any more; without a problem, that this is over."""
    if problem:
        notify_webhook_disabled(session, name, problem, at=datetime.now(UTC))
    else:
        tell_end(session, Recovery(connections=(name,), types=(EventType.WEBHOOK_DISABLED,)))


def tell_removed(session: Session, name: ConnectionName) -> None:
    """Let everything be over that was wrong with a connection or with runs from or to it, because it is removed."""
    tell_end(session, Recovery(connections=(name,), removed=True))


def tell_end(session: Session, recovery: Recovery) -> None:
    """Tell that what was wrong with a connection is over; nothing where nothing is wrong."""
    if is_anything_open(session):
        notify_recovery(session, recovery, at=datetime.now(UTC))
