"""Notices written down for those who are to be told, and what they are not told, with the reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from db.ledger.deliveries import StoredNotice, save_notice, save_untold
from db.models.notifications import DeliveryState
from notifications import incidents
from notifications.events import Event, EventType
from notifications.incidents import Incident
from notifications.notice import Notice, Stage, compose
from operations.links import guide_link
from operations.subscribers import Subscriber

NO_TARGET = "all its targets are switched off, because they refused for good"

_NAMES = {Stage.ESCALATED: EventType.CONSECUTIVE_FAILURES, Stage.RESOLVED: EventType.RECOVERED}
"""What a notice is of, where that is another thing than what opened its incident."""


def notice_of(incident: Incident, subscriber: Subscriber, stage: Stage, now: datetime) -> Notice:
    """Put an incident into words for a subscriber."""
    event = incident.event
    return compose(
        event.model_copy(update={"type": _NAMES.get(stage, event.type), "at": incident.resolved_at or event.at}),
        id=str(uuid4()),
        thread=incident.id,
        stage=stage,
        severity=incidents.severity(incident, subscriber.filters),
        count=incident.count,
        open_for=incident.lasted(now),
        guide_url=guide_link(),
    )


def single_notice(event: Event) -> Notice:
    """Put something into words that happened once."""
    name = str(uuid4())
    return compose(event, id=name, thread=name, guide_url=guide_link())


def tell(
    session: Session,
    subscriber: Subscriber,
    notice: Notice,
    now: datetime,
    incident_id: UUID | None = None,
    *,
    due_at: datetime | None = None,
) -> None:
    """Write a notice down for every target of a subscriber, to be sent now or later; each is a message of its own."""
    for target in subscriber.targets:
        id_ = str(uuid4())
        # What belongs to no incident begins a thread of its own.
        thread = id_ if notice.thread == notice.id else notice.thread
        own = notice.model_copy(update={"id": id_, "thread": thread})
        row = _row(subscriber, own, DeliveryState.PENDING, now, incident_id)
        save_notice(session, row.model_copy(update={"target": target, "next_at": due_at or now, "due_at": due_at}))
    if not subscriber.targets:
        withhold(session, subscriber, notice, NO_TARGET, now, incident_id)


def withhold(
    session: Session,
    subscriber: Subscriber,
    notice: Notice,
    why: str,
    now: datetime,
    incident_id: UUID | None = None,
    *,
    state: DeliveryState = DeliveryState.SUPPRESSED,
    count: int = 1,
) -> None:
    """Write down that a subscriber is not told, or not yet, and why; the same again is counted."""
    row = _row(subscriber, notice, state, now, incident_id)
    save_untold(session, row.model_copy(update={"why": why, "count": count}))


def _row(
    subscriber: Subscriber, notice: Notice, state: DeliveryState, now: datetime, incident_id: UUID | None
) -> StoredNotice:
    return StoredNotice(
        config_id=subscriber.id,
        config_name=subscriber.config.name,
        channel=subscriber.config.channel,
        target="",
        incident_id=incident_id,
        event_type=notice.event,
        stage=notice.stage,
        notice=notice.model_dump(mode="json"),
        state=state,
        created_at=now,
    )
