"""What configurations were told of incidents in vain."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, and_, cast, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.models.notifications import (
    UNSENT,
    DeliveryState,
    IncidentState,
    incident_tellings,
    incidents,
    notification_history,
)


def forget_tellings_in_vain(session: Session, config_id: UUID, now: datetime) -> None:
    """Forget what a configuration was told of open incidents of which nothing arrived and nothing is on its way.

    They are to be decided upon again now. That something is put off is remembered.
    """
    tellings, history = incident_tellings.c, notification_history.c
    told_at = cast(tellings.told["at"].astext, DateTime(timezone=True))
    # A summary belongs to no incident, but was written down when the last word of each of its incidents was.
    summary = and_(history.incident_id.is_(None), history.stage == "summary", history.created_at == told_at)
    reached = exists(history.id).where(
        history.config_id == config_id,
        history.state.in_((DeliveryState.DELIVERED, *UNSENT)),
        or_(history.incident_id == tellings.incident_id, summary),
    )
    lasting = select(incidents.c.id).where(incidents.c.state == IncidentState.OPEN)
    forgotten = (
        update(incident_tellings)
        .where(tellings.config_id == config_id, tellings.incident_id.in_(lasting), told_at.is_not(None), ~reached)
        .values(told=func.jsonb_build_object("put_off", tellings.told["put_off"]))
        .returning(tellings.incident_id)
    )
    again = session.scalars(forgotten).all()
    session.execute(update(incidents).where(incidents.c.id.in_(again)).values(look_at=now))
