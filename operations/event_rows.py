"""Events as they go into the outbox: what is known of a failure, put together and written down in one row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from db.ledger import RunSummary
from db.ledger.events import StoredEvent, save_event
from db.tenancy import TENANT
from domain.keys import ConnectionName, Kind, System
from notifications.advice import Cause, advise
from notifications.events import Event, EventType, Severity
from operations.links import run_link
from operations.recoveries import Recovery, Track


@dataclass(frozen=True)
class Failure:
    """Something that failed: ``cause`` is what is known of it, ``run`` the run that it ended, if it ended one.

    ``in_row`` counts the runs that failed one after the other, this one among them.
    """

    cause: Cause
    at: datetime
    connection: ConnectionName | None = None
    system: System | None = None
    run: RunSummary | None = None
    in_row: int = 0


@dataclass(frozen=True)
class Rejected:
    """Records of one kind that were rejected for one cause: how many, some of them, and their part of the kind."""

    cause: Cause
    kind: Kind
    count: int
    records: tuple[str, ...]
    percent: float


def event_of(
    session: Session, type_: EventType, severity: Severity, title: str, failure: Failure, **known: Any
) -> Event:
    """Put a failure into an event, with the advice for its cause; ``known`` are fields that are known better."""
    advice, run = advise(failure.cause), failure.run
    of_run: dict[str, Any] = {}
    if run is not None:
        request = run.request
        of_run = {
            "route": request.route,
            "schedule": request.schedule or "",
            "run_id": run.id,
            "run_link": run_link(run.id),
            "details": {"Source": request.source, "Target": request.target},
        }
    about: dict[str, Any] = {
        "connection": failure.connection,
        "system": failure.system,
        "error_type": advice.topic,
        "failures_in_row": failure.in_row,
        **of_run,
        **known,
    }
    return Event(
        type=type_,
        tenant=session.info[TENANT],
        severity=severity,
        title=title,
        message=failure.cause.message or advice.cause,
        at=failure.at,
        advice=advice,
        **about,
    )


def put_out(
    session: Session,
    event: Event,
    *,
    track: Track | None = None,
    recovery: Recovery | None = None,
    config_id: UUID | None = None,
    once: UUID | None = None,
) -> bool:
    """Write an event into the outbox; False when it was told of its run before, or of what else it is told ``once``."""
    return save_event(
        session,
        StoredEvent(
            type=event.type,
            cause=event.cause,
            run_id=once or event.run_id,
            event=event.model_dump(mode="json"),
            track=track.model_dump(mode="json") if track else None,
            recovery=recovery.model_dump(mode="json") if recovery else None,
            config_id=config_id,
            at=event.at,
        ),
    )
