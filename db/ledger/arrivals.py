"""The inbox: what shops and books told, each thing once, until every target in use has it or is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, DateTime, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of, loggable, storable
from db.ledger.webhooks import Sender
from db.models.arrivals import ArrivalState, arrivals, webhooks
from domain.keys import ConnectionName

# The same bytes again so soon are the same delivery; later they may tell that a record is once more what it was.
_REPEATED_WITHIN = timedelta(minutes=10)

_NOBODY: list[str] = []


class NewArrival(BaseModel):
    """Something that was told; ``message`` says why it is ignored and is empty where it is to be carried.

    ``kind`` and ``record_id`` are empty where it names nothing that is synced.
    """

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    topic: str
    kind: str
    record_id: str
    body_hash: str
    related: tuple[str, ...] = ()
    changed_at: datetime | None = None
    message: str = ""

    @property
    def state(self) -> ArrivalState:
        """Tell what becomes of it at first."""
        return ArrivalState.IGNORED if self.message else ArrivalState.PENDING


class Arrival(BaseModel):
    """Something that was told, as it stands in the inbox."""

    model_config = ConfigDict(frozen=True)

    id: int
    connection: ConnectionName
    topic: str
    kind: str
    record_id: str
    related: tuple[str, ...]
    changed_at: AwareDatetime | None
    state: ArrivalState
    message: str
    count: int
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    pending_since: AwareDatetime
    failed_attempts: tuple[str, ...]
    done_at: AwareDatetime | None
    flow_run_id: str | None

    @property
    def attempts(self) -> int:
        """Count the failures that nobody foresaw, of all targets."""
        return len(self.failed_attempts)


def save_arrival(session: Session, new: NewArrival) -> bool:
    """Put it into the inbox; False when these very bytes are there already.

    Then they are only counted. They are carried once more where something else was told of the record since, or much
    time has passed: a record that was changed and changed back is told of in the same words.
    """
    values = new.model_dump() | {
        "topic": storable(new.topic),
        "message": storable(new.message),
        "related": list(new.related),
        "state": new.state,
    }
    inserted = insert(arrivals).values(values).on_conflict_do_nothing().returning(arrivals.c.id)
    if session.scalar(inserted) is not None:
        return True
    known = and_(*(arrivals.c[name] == values[name] for name in ("connection", "topic", "body_hash")))
    is_over = arrivals.c.state.in_((ArrivalState.IGNORED, ArrivalState.FAILED))
    again = or_(is_over, arrivals.c.failed_targets != _NOBODY, _may_be_news()).label("again")
    found = session.execute(select(arrivals.c.id, arrivals.c.state, again).where(known).with_for_update()).one()
    seen: dict[str, object] = {"count": arrivals.c.count + 1, "last_seen": _clock()}
    if new.state is ArrivalState.PENDING and found.again:
        seen |= {"state": ArrivalState.PENDING, "message": ""}
        seen |= dict.fromkeys(("done_targets", "failed_targets", "failed_attempts"), _NOBODY)
        if found.state != ArrivalState.PENDING:
            seen["pending_since"] = _clock()
    session.execute(update(arrivals).where(arrivals.c.id == found.id).values(seen))
    return False


def newest_change(session: Session, connection: ConnectionName, kind: str, record_id: str) -> datetime | None:
    """Give the latest moment of a change of this record that was told of so far."""
    newest: datetime | None = session.scalar(
        select(func.max(arrivals.c.changed_at)).where(
            arrivals.c.connection == connection, arrivals.c.kind == kind, arrivals.c.record_id == record_id
        )
    )
    return newest


def waiting_senders(session: Session) -> list[Sender]:
    """Give the connections, of all tenants, of which something waits, oldest first; needs a ``watch_session``."""
    # The watch may read these columns and no others, so it must not ask for all.
    oldest = (
        select(func.min(arrivals.c.id))
        .where(
            arrivals.c.tenant == webhooks.c.tenant,
            arrivals.c.connection == webhooks.c.connection,
            arrivals.c.state == ArrivalState.PENDING,
        )
        .correlate(webhooks)
        .scalar_subquery()
    )
    waiting = select(webhooks.c.tenant, webhooks.c.connection).where(oldest.is_not(None)).order_by(oldest)
    return [Sender(*row) for row in session.execute(waiting)]


def waiting_for(
    session: Session, connection: ConnectionName, target: ConnectionName, limit: int
) -> tuple[list[Arrival], datetime]:
    """Give what a connection told and this target still lacks, oldest first, and the ledger's clock at this moment."""
    rows = session.execute(
        select(arrivals)
        .where(*_pending(connection), ~_settled().contains([target]))
        .order_by(arrivals.c.id)
        .limit(limit)
    ).mappings()
    return [Arrival.model_validate(row) for row in rows], session.scalars(select(_clock())).one()


def note_carried(
    session: Session, ids: Sequence[int], target: ConnectionName, read_at: datetime, flow_run_id: str | None
) -> None:
    """Note that the target has these, unless they were told once more after they were looked at."""
    session.execute(
        update(arrivals)
        .where(*_lacking(ids, target), arrivals.c.last_seen <= read_at)
        .values(
            done_targets=func.array_append(arrivals.c.done_targets, target),
            flow_run_id=func.coalesce(flow_run_id, arrivals.c.flow_run_id),
        )
    )


def note_delay(session: Session, ids: Sequence[int], message: str) -> None:
    """Note why these still wait; what is said of a target that was given up stays."""
    session.execute(
        update(arrivals)
        .where(_among(ids), arrivals.c.state == ArrivalState.PENDING, arrivals.c.failed_targets == _NOBODY)
        .values(message=loggable(message))
    )


def note_failure(
    session: Session, ids: Sequence[int], target: ConnectionName, message: str, most_attempts: int
) -> None:
    """Note that carrying these to the target failed, and why; after so many attempts the target is given up."""
    attempts = func.array_append(arrivals.c.failed_attempts, target)
    gives_up = func.cardinality(func.array_positions(attempts, target)) >= most_attempts
    session.execute(
        update(arrivals)
        .where(*_lacking(ids, target))
        .values(
            failed_attempts=attempts,
            failed_targets=case(
                (gives_up, func.array_append(arrivals.c.failed_targets, target)), else_=arrivals.c.failed_targets
            ),
            message=loggable(message),
        )
    )


def close_arrivals(session: Session, connection: ConnectionName, targets: Sequence[ConnectionName]) -> None:
    """Note as done what all these targets have, and as failed that for which one of them was given up."""
    has_failed = arrivals.c.failed_targets != _NOBODY
    session.execute(
        update(arrivals)
        .where(*_pending(connection), _settled().contains(list(targets)))
        .values(
            state=case((has_failed, ArrivalState.FAILED), else_=ArrivalState.DONE),
            done_at=case((has_failed, arrivals.c.done_at), else_=_clock()),
            message=case((has_failed, arrivals.c.message), else_=""),
        )
    )


def ignore_waiting(session: Session, connection: ConnectionName, message: str) -> None:
    """Let nothing that waits be carried any more."""
    session.execute(
        update(arrivals).where(*_pending(connection)).values(state=ArrivalState.IGNORED, message=loggable(message))
    )


def list_arrivals(session: Session, connection: ConnectionName, limit: int, before: int | None) -> list[Arrival]:
    """Give what a connection told, the last first, from before this id on."""
    wanted = select(arrivals).where(arrivals.c.connection == connection).order_by(arrivals.c.id.desc()).limit(limit)
    rows = session.execute(wanted if before is None else wanted.where(arrivals.c.id < before)).mappings()
    return [Arrival.model_validate(row) for row in rows]


def _may_be_news() -> ColumnElement[bool]:
    later = arrivals.alias("later")
    overtaken = (
        select(later.c.id)
        .where(
            later.c.tenant == arrivals.c.tenant,
            later.c.connection == arrivals.c.connection,
            later.c.kind == arrivals.c.kind,
            later.c.record_id == arrivals.c.record_id,
            later.c.id != arrivals.c.id,
            later.c.last_seen > arrivals.c.last_seen,
        )
        .correlate(arrivals)
        .exists()
    )
    return or_(arrivals.c.last_seen < _clock() - _REPEATED_WITHIN, overtaken)


def _pending(connection: ConnectionName) -> tuple[ColumnElement[bool], ...]:
    return arrivals.c.connection == connection, arrivals.c.state == ArrivalState.PENDING


def _lacking(ids: Sequence[int], target: ConnectionName) -> tuple[ColumnElement[bool], ...]:
    return _among(ids), arrivals.c.state == ArrivalState.PENDING, ~_settled().contains([target])


def _among(ids: Sequence[int]) -> ColumnElement[bool]:
    return arrivals.c.id == func.any(array_of(arrivals.c.id, ids))


def _settled() -> ColumnElement[Any]:
    # The targets for which nothing is left to do.
    return arrivals.c.done_targets.concat(arrivals.c.failed_targets)


def _clock() -> ColumnElement[datetime]:
    return func.clock_timestamp(type_=DateTime(timezone=True))
