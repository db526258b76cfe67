"""Notices on their way: written down with the decision to send them, claimed by one sender at a time, settled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import delete, exists, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.notifications import UNSENT, DeliveryState, notification_history

_UNTOLD = ("tenant", "incident_id", "config_id", "why")


class StoredNotice(BaseModel):
    """A notice to one target, or one that nobody gets, with what became of it.

    ``why`` says why it was not delivered (yet), ``answer`` what the receiver said, ``count`` how many events an entry
    of what was not told stands for. ``config_id`` is None where a configuration was tried that is not stored,
    ``due_at`` where the notice was to be sent at once.
    """

    model_config = ConfigDict(frozen=True)

    id: int = 0
    config_id: UUID | None
    config_name: str
    channel: str
    target: str
    incident_id: UUID | None = None
    event_type: str
    stage: str
    notice: dict[str, Any]
    state: DeliveryState
    why: str = ""
    count: int = 1
    attempts: int = 0
    created_at: AwareDatetime
    due_at: AwareDatetime | None = None
    next_at: AwareDatetime | None = None
    claimed_until: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    answer: str = ""


def save_notice(session: Session, notice: StoredNotice) -> int:
    """Write a notice down; gives its id."""
    statement = insert(notification_history).values(notice.model_dump(exclude={"id"}))
    return int(session.execute(statement.returning(notification_history.c.id)).scalar_one())


def save_untold(session: Session, notice: StoredNotice) -> None:
    """Write down that a configuration was not told (yet), or count once more that it was not for the same reason."""
    history = notification_history
    statement = insert(history).values(notice.model_dump(exclude={"id"}))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=_UNTOLD,
            index_where=text("state IN ('suppressed', 'put_off') AND target = ''"),
            set_={"count": history.c.count + statement.excluded.count, "notice": statement.excluded.notice},
        )
    )


def take_put_off(session: Session, incident_id: UUID, config_id: UUID) -> int:
    """Take what was put off out of the history, because it is decided upon now; gives how many events that were."""
    history = notification_history.c
    which = (history.incident_id == incident_id, history.config_id == config_id)
    gone = delete(notification_history).where(*which, history.state == DeliveryState.PUT_OFF).returning(history.count)
    return sum(session.scalars(gone))


def claim_notice(
    session: Session, now: datetime, until: datetime, but_not: Collection[UUID] = ()
) -> StoredNotice | None:
    """Take the next notice that is due, so that nobody else sends it before ``until``; None when none is.

    What was never tried comes first. To one target, notices of an incident go out in the order in which they were
    written. Nothing of the configurations ``but_not`` is taken.
    """
    history = notification_history
    # An alias, or it would be taken for the table that is changed.
    due, earlier = history.alias("due"), history.alias("earlier")
    same = (earlier.c[name] == due.c[name] for name in ("incident_id", "config_id", "target"))
    overtakes = exists(earlier.c.id).where(*same, earlier.c.id < due.c.id, earlier.c.state.in_(UNSENT))
    next_ = (
        select(due.c.id)
        .where(
            due.c.state.in_(UNSENT),
            due.c.next_at <= now,
            or_(due.c.claimed_until.is_(None), due.c.claimed_until <= now),
            or_(due.c.config_id.is_(None), due.c.config_id.not_in(but_not)),
            ~overtakes,
        )
        .order_by(due.c.attempts, due.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=due)
    )
    taken = (
        update(history)
        .where(history.c.id == next_.scalar_subquery())
        .values(attempts=history.c.attempts + 1, claimed_until=until)
        .returning(*history.c)
    )
    row = session.execute(taken).mappings().first()
    return StoredNotice.model_validate(row) if row else None


def settle_notice(session: Session, claimed: StoredNotice, **values: object) -> bool:
    """Note what became of a claimed notice; False when the claim ran out and somebody else took it since."""
    history = notification_history
    statement = (
        update(history)
        .where(history.c.id == claimed.id, history.c.attempts == claimed.attempts, history.c.state.in_(UNSENT))
        .values(claimed_until=None, **values)
        .returning(history.c.id)
    )
    return session.execute(statement).first() is not None


def hasten_notices(session: Session, config_id: UUID, target: str, now: datetime) -> None:
    """Let what failed for a target be tried again at once, because it takes notices again."""
    history = notification_history
    same = (history.c.config_id == config_id, history.c.target == target)
    later = (history.c.state == DeliveryState.FAILED, history.c.next_at > now)
    session.execute(update(history).where(*same, *later).values(next_at=now))


def give_up_notices(session: Session, config_id: UUID, why: str, target: str | None = None) -> None:
    """Tell nothing of what waits for a target of a configuration or, without one, for all of it."""
    history = notification_history
    waits = (history.c.config_id == config_id, history.c.state.in_((*UNSENT, DeliveryState.PUT_OFF)))
    statement = update(history).where(*waits).values(state=DeliveryState.GIVEN_UP, why=why, next_at=None)
    session.execute(statement if target is None else statement.where(history.c.target == target))
