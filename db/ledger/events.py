"""The outbox: what happened and was not yet decided upon, each event once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.notifications import UNSENT, EventState, IncidentState, events, incidents, notification_history
from domain.keys import TenantName

_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('unisync judges ' || :tenant, 0))")

_ENDS = ("sync_failed", "sync_crashed", "sync_cancelled")


class StoredEvent(BaseModel):
    """An event as it waits: ``track`` is the run that it is about, ``recovery`` what works again.

    ``config_id`` is the configuration that it is about, whose own targets may all be unable to tell it.
    """

    model_config = ConfigDict(frozen=True)

    id: int = 0
    type: str
    cause: str
    run_id: UUID | None = None
    event: dict[str, Any]
    track: dict[str, Any] | None = None
    recovery: dict[str, Any] | None = None
    config_id: UUID | None = None
    at: AwareDatetime


def save_event(session: Session, stored: StoredEvent) -> bool:
    """Put an event into the outbox; False when it was told of this run already."""
    values = stored.model_dump(exclude={"id"})
    # Nothing instead of the JSON null, which is something.
    values = {name: value for name, value in values.items() if value is not None}
    statement = insert(events).values(values).on_conflict_do_nothing().returning(events.c.id)
    return session.execute(statement).first() is not None


def advice_told(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Give the advice that went out with the end of each run, for those of which something was told."""
    advice = events.c.event["advice"]
    wanted = select(events.c.run_id, advice.label("advice")).where(
        events.c.run_id.in_(run_ids), func.jsonb_typeof(advice) == "object"
    )
    return {row.run_id: row.advice for row in session.execute(wanted.order_by(events.c.id))}


def is_end_told(session: Session, run_id: UUID) -> bool:
    """Whether it was told that this run failed, died or was cancelled."""
    told = select(exists(events.c.id).where(events.c.run_id == run_id, events.c.type.in_(_ENDS)))
    return bool(session.scalar(told))


def take_turn(session: Session, tenant: TenantName) -> None:
    """Wait until nobody else decides for this tenant, and keep others waiting until the transaction ends.

    Events are decided upon in their order: a failure judged after the success that followed it would stay open.
    """
    session.execute(_TAKE_TURN, {"tenant": tenant})


def next_event(session: Session) -> StoredEvent | None:
    """Give the event that has waited longest to be decided upon."""
    wanted = select(events).where(events.c.state == EventState.PENDING).order_by(events.c.id).limit(1)
    row = session.execute(wanted).mappings().first()
    return StoredEvent.model_validate(row) if row else None


def mark_judged(session: Session, event_id: int, now: datetime) -> None:
    """Note that it was decided whom the event is told to."""
    session.execute(update(events).where(events.c.id == event_id).values(state=EventState.JUDGED, judged_at=now))


def is_anything_open(session: Session) -> bool:
    """Whether an incident is open, or may be once what waits was decided upon."""
    statement = select(
        or_(
            exists(incidents.c.id).where(incidents.c.state == IncidentState.OPEN),
            exists(events.c.id).where(events.c.state == EventState.PENDING),
        )
    )
    return bool(session.scalar(statement))


def tenants_with_decisions_due(session: Session, now: datetime) -> list[TenantName]:
    """Tell which tenants have events to decide upon or incidents to look at again; needs a ``watch_session``."""
    waiting = select(events.c.tenant).where(events.c.state == EventState.PENDING)
    return sorted(session.scalars(waiting.union(select(incidents.c.tenant).where(incidents.c.look_at <= now))))


def tenants_with_notices_due(session: Session, now: datetime) -> list[TenantName]:
    """Tell which tenants have notices to be sent now; needs a ``watch_session``."""
    history = notification_history.c
    due = select(history.tenant).where(
        history.state.in_(UNSENT),
        history.next_at <= now,
        or_(history.claimed_until.is_(None), history.claimed_until <= now),
    )
    return sorted(session.scalars(due.distinct()))
