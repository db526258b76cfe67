"""What people were told and not told, found by filters."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.ledger.deliveries import StoredNotice
from db.models.notifications import DeliveryState, notification_history


class NoticeFilter(BaseModel):
    """Which notices are wanted: all that fit everything given, ``until`` itself left out."""

    model_config = ConfigDict(frozen=True)

    config_id: UUID | None = None
    incident_id: UUID | None = None
    event_type: str | None = None
    stage: str | None = None
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_notices(session: Session, wanted: NoticeFilter, limit: int, before: int | None = None) -> list[StoredNotice]:
    """Give the notices that fit, the newest first, from a position on."""
    history = notification_history
    statement = select(history).where(*_conditions(wanted)).order_by(history.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(history.c.id < before)
    return [StoredNotice.model_validate(row) for row in session.execute(statement).mappings()]


def load_notice(session: Session, notice_id: int) -> StoredNotice | None:
    """Give a notice; None when the tenant has none with this id."""
    wanted = select(notification_history).where(notification_history.c.id == notice_id)
    row = session.execute(wanted).mappings().first()
    return StoredNotice.model_validate(row) if row else None


def suppressed_count(session: Session, wanted: NoticeFilter) -> int:
    """Count the events that fit and were not told."""
    history = notification_history
    total = func.coalesce(func.sum(history.c.count), 0)
    suppressed = history.c.state == DeliveryState.SUPPRESSED
    return int(session.scalar(select(total).where(suppressed, *_conditions(wanted))) or 0)


def _conditions(wanted: NoticeFilter) -> list[ColumnElement[bool]]:
    history = notification_history.c
    same = [
        history[name] == value
        for name in ("config_id", "incident_id", "event_type", "stage", "state")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.since is not None:
        same.append(history.created_at >= wanted.since)
    if wanted.until is not None:
        same.append(history.created_at < wanted.until)
    return same
