"""The inbox: what shops and books told, each thing once, until every target in use has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    DateTime,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from db.ledger.arrays import array_of, loggable, storable
from db.ledger.webhooks import Whose
from db.models.arrivals import ArrivalState, arrivals, webhooks
from domain.keys import ConnectionName, Kind

# The same bytes again so soon are the same delivery; later they may tell that a record is once more what it was.
_REPEATED_WITHIN = timedelta(minutes=10)


class NewArrival(BaseModel):
    """Something that was told; ``kind`` and ``record_id`` are empty where it names nothing that is synced."""

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    topic: str
    kind: str
    record_id: str
    body_hash: str
    related: tuple[str, ...] = ()
    changed_at: datetime | None = None
    state: ArrivalState = ArrivalState.PENDING
    message: str = ""


class Arrival(NewArrival):
    """Something that was told, as it stands in the inbox."""

    id: int
    count: int
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    pending_since: AwareDatetime
    attempts: int
    done_at: AwareDatetime | None
    flow_run_id: str | None


class Waiting(NamedTuple):
    """What waits for one target, oldest first, and the ledger's clock when it was looked at."""

    arrivals: tuple[Arrival, ...]
    at: datetime

    def unquiet_for(self, matters: Sequence[Arrival], quiet: timedelta, longest: timedelta) -> float:
        """Tell how many seconds are left until of what matters nothing came for a while, or it has waited enough."""
        if not matters:
            return 0.0
        newest = max(arrival.last_seen for arrival in matters)
        oldest = min(arrival.pending_since for arrival in matters)
        return max(0.0, (min(newest + quiet, oldest + longest) - self.at).total_seconds())


def save_arrival(session: Session, new: NewArrival) -> bool:
    """Put it into the inbox; False when these very bytes are there already.

    Then they are only counted, and looked into again if something else was told of the record since, or much time has
    passed: a record that was changed and changed back is told of in the same words.
    """
    values = new.model_dump() | {
        "topic": storable(new.topic),
        "message": storable(new.message),
        "related": list(new.related),
    }
    known = and_(*(arrivals.c[name] == values[name] for name in ("connection", "topic", "body_hash")))
    if session.execute(select(arrivals.c.id).where(known).with_for_update()).first() is None:
        inserted = insert(arrivals).values(values).on_conflict_do_nothing().returning(arrivals.c.id)
        if session.execute(inserted).first() is not None:
            return True
    again = and_(
        literal(new.state == ArrivalState.PENDING),
        case((arrivals.c.state == ArrivalState.DONE, _may_be_news()), else_=arrivals.c.state != ArrivalState.PENDING),
    )
    session.execute(
        update(arrivals)
        .where(known)
        .values(
            count=arrivals.c.count + 1,
            last_seen=_clock(),
            state=case((again, ArrivalState.PENDING.value), else_=arrivals.c.state),
            pending_since=case((again, _clock()), else_=arrivals.c.pending_since),
            # Those who have it already are told again too, even while others still wait.
            done_targets=case(
                (or_(again, and_(literal(new.state == ArrivalState.PENDING), _may_be_news())), cast([], ARRAY(Text))),
                else_=arrivals.c.done_targets,
            ),
        )
    )
    return False


def newest_change(session: Session, connection: ConnectionName, kind: str, record_id: str) -> datetime | None:
    """Give the latest moment of a change of this record that was told of so far."""
    newest: datetime | None = session.scalar(
        select(func.max(arrivals.c.changed_at)).where(*_record(connection, kind, record_id))
    )
    return newest


def waiting_connections(session: Session) -> list[Whose]:
    """Give the connections of all tenants for which something waits; needs a ``watch_session``."""
    # The watch may read these columns and no others, so it must not ask for all.
    waits = (
        select(arrivals.c.tenant)
        .where(
            arrivals.c.tenant == webhooks.c.tenant,
            arrivals.c.connection == webhooks.c.connection,
            arrivals.c.state == ArrivalState.PENDING,
        )
        .correlate(webhooks)
        .exists()
    )
    return [Whose(*row) for row in session.execute(select(webhooks.c.tenant, webhooks.c.connection).where(waits))]


def waiting_for(session: Session, connection: ConnectionName, target: ConnectionName, limit: int) -> Waiting:
    """Give what a connection told and this target does not have yet."""
    rows = session.execute(
        select(arrivals)
        .where(*_pending(connection), ~arrivals.c.done_targets.contains([target]))
        .order_by(arrivals.c.id)
        .limit(limit)
    ).mappings()
    found = tuple(Arrival.model_validate(row) for row in rows)
    return Waiting(found, session.scalars(select(_clock())).one())


def note_carried(
    session: Session, ids: Sequence[int], target: ConnectionName, read_at: datetime, flow_run_id: str | None
) -> None:
    """Note that the target has these, unless they were told once more after they were looked at."""
    session.execute(
        update(arrivals)
        .where(
            arrivals.c.id == func.any(array_of(arrivals.c.id, ids)),
            arrivals.c.state == ArrivalState.PENDING,
            arrivals.c.last_seen <= read_at,
            ~arrivals.c.done_targets.contains([target]),
        )
        .values(
            done_targets=func.array_append(arrivals.c.done_targets, target),
            flow_run_id=func.coalesce(flow_run_id, arrivals.c.flow_run_id),
        )
    )


def close_arrivals(session: Session, connection: ConnectionName, targets: Sequence[ConnectionName]) -> None:
    """Note as done what all these targets have."""
    session.execute(
        update(arrivals)
        .where(*_pending(connection), arrivals.c.done_targets.contains(list(targets)))
        .values(state=ArrivalState.DONE, done_at=_clock(), message="")
    )


def note_attempt(session: Session, ids: Sequence[int], message: str, most_attempts: int | None) -> None:
    """Note that these could not be carried, and why; after ``most_attempts`` they count as failed."""
    gives_up = literal(False) if most_attempts is None else arrivals.c.attempts + 1 >= most_attempts
    session.execute(
        update(arrivals)
        .where(arrivals.c.id == func.any(array_of(arrivals.c.id, ids)), arrivals.c.state == ArrivalState.PENDING)
        .values(
            attempts=arrivals.c.attempts + 1,
            message=loggable(message),
            state=case((gives_up, ArrivalState.FAILED.value), else_=arrivals.c.state),
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


def untold(session: Session, connection: ConnectionName, kind: Kind, changed: Mapping[str, datetime]) -> int:
    """Count those of the records, changed at these moments, of which nothing at or after the moment was told."""
    columns = array_of(arrivals.c.record_id, list(changed)), array_of(arrivals.c.changed_at, list(changed.values()))
    page = func.unnest(*columns).table_valued("record_id", "at", name="page").render_derived()
    # What holds no stamp, as of a deleted record, is taken at the time it came; clocks differ.
    told = exists().where(
        *_record(connection, kind, page.c.record_id),
        func.coalesce(arrivals.c.changed_at, arrivals.c.last_seen + timedelta(minutes=5)) >= page.c.at,
    )
    return session.scalar(select(func.count()).select_from(page).where(~told)) or 0


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


def _record(connection: ConnectionName, kind: str, record_id: object) -> tuple[ColumnElement[bool], ...]:
    return arrivals.c.connection == connection, arrivals.c.kind == kind, arrivals.c.record_id == record_id


def _pending(connection: ConnectionName) -> tuple[ColumnElement[bool], ...]:
    return arrivals.c.connection == connection, arrivals.c.state == ArrivalState.PENDING


def _clock() -> ColumnElement[datetime]:
    return func.clock_timestamp(type_=DateTime(timezone=True))
