"""Dry runs that are kept: written page by page, finished once, carried out by one request at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, collate, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, rows_of
from db.models.steering import plan_writes, plans
from domain.keys import Kind, RecordKey
from domain.plans import PlannedWrite, StoredPlan, hash_plan, planned
from domain.sync import SyncRequest, Tally
from domain.writes import Action, Write

_KEY = ("source_connection", "kind", "source_id", "role")
_CONTENT = ("action", "fingerprint", "amount", "currency")
_ROWS_AT_ONCE = 5_000

Position = tuple[str, str, str, str]
"""Connection, kind, id and role of a planned write: where a page of a plan ended."""


def open_plan(session: Session, plan_id: UUID, request: SyncRequest, keep: timedelta) -> None:
    """Begin a plan, which counts for so long."""
    session.execute(
        insert(plans).values(id=plan_id, request=request.model_dump(mode="json"), expires_at=func.now() + keep)
    )


def add_writes(session: Session, plan_id: UUID, writes: Sequence[Write]) -> None:
    """Keep the writes of a page; one that is planned a second time counts as it was planned last."""
    page = {write.identity: planned(write) for write in writes}.values()
    if not page:
        return
    columns = key_columns([write.key for write in page]) | {
        "plan_id": [plan_id] * len(page),
        "role": [write.role for write in page],
        **{name: [getattr(write, name) for write in page] for name in _CONTENT},
    }
    statement = upsert(plan_writes).from_select(list(columns), rows_of(plan_writes, columns))
    new = {name: statement.excluded[name] for name in _CONTENT}
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "plan_id", *_KEY], set_=new))


def finish_plan(session: Session, plan_id: UUID, request: SyncRequest, tallies: Mapping[Kind, Tally]) -> StoredPlan:
    """Count the writes of the plan and fix its hash; from then on it may be confirmed."""
    session.execute(
        update(plans)
        .where(plans.c.id == plan_id)
        .values(
            hash=hash_of(session, plan_id, request.scope),
            tallies={kind.value: tally.model_dump() for kind, tally in tallies.items()},
            **_sums(session, plan_id, request.kinds),
        )
    )
    finished = load_plan(session, plan_id)
    assert finished is not None  # noqa: S101 - it was updated just now
    return finished


def hash_of(session: Session, plan_id: UUID, scope: SyncRequest) -> str:
    """Reckon the hash of the plan from the writes that are stored now."""
    return hash_plan(scope, _all_writes(session, plan_id))


def load_plan(session: Session, plan_id: UUID) -> StoredPlan | None:
    """Give the plan, finished or not; None when the tenant has none with this id."""
    row = session.execute(select(plans).where(plans.c.id == plan_id)).mappings().first()
    return StoredPlan.model_validate(row) if row else None


def lock_plan(session: Session, plan_id: UUID) -> StoredPlan | None:
    """Give the plan and keep everybody else from using it until the transaction ends."""
    row = session.execute(select(plans).where(plans.c.id == plan_id).with_for_update()).mappings().first()
    return StoredPlan.model_validate(row) if row else None


def use_plan(session: Session, plan_id: UUID, request_id: UUID, confirmed_by: str | None) -> bool:
    """Note that this request alone carries the plan out, and who confirmed it; False when another one does.

    A small plan needs nobody to confirm it.
    """
    statement = (
        update(plans)
        .where(plans.c.id == plan_id, plans.c.used_by.is_(None))
        .values(used_by=request_id, confirmed_at=func.now() if confirmed_by else None, confirmed_by=confirmed_by)
        .returning(plans.c.id)
    )
    return session.execute(statement).first() is not None


def release_plan(session: Session, plan_id: UUID, request_id: UUID) -> None:
    """Let a plan be used again, because the request that was to carry it out never began."""
    session.execute(
        update(plans)
        .where(plans.c.id == plan_id, plans.c.used_by == request_id)
        .values(used_by=None, confirmed_at=None, confirmed_by=None)
    )


def list_writes(session: Session, plan_id: UUID, limit: int, after: Position | None = None) -> list[PlannedWrite]:
    """Give the writes of the plan by connection, kind, id and role, from a position on."""
    wanted = select(plan_writes).where(plan_writes.c.plan_id == plan_id).order_by(*_order()).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(*_order()) > after)
    return [_planned_write(row) for row in session.execute(wanted)]


def writes_in_plan(session: Session, plan_id: UUID, writes: Sequence[Write]) -> set[tuple[RecordKey, str]]:
    """Give the identities of those writes that the plan holds just so: same record, role, action and print."""
    if not writes:
        return set()
    asked = key_columns([write.source for write in writes]) | {
        "role": [write.role for write in writes],
        "action": [write.action for write in writes],
        "fingerprint": [write.fingerprint for write in writes],
    }
    page = rows_of(plan_writes, asked).subquery("page")
    rows = session.execute(
        select(*(plan_writes.c[name] for name in _KEY)).where(
            plan_writes.c.plan_id == plan_id, *(plan_writes.c[name] == page.c[name] for name in asked)
        )
    )
    return {(_key(row), row.role) for row in rows}


def _sums(session: Session, plan_id: UUID, kinds: Iterable[Kind]) -> dict[str, object]:
    of_plan = plan_writes.c.plan_id == plan_id
    counted = select(plan_writes.c.kind, plan_writes.c.action, func.count().label("writes")).where(of_plan)
    counts: dict[str, dict[str, int]] = {}
    for row in session.execute(counted.group_by(plan_writes.c.kind, plan_writes.c.action).order_by("kind", "action")):
        counts.setdefault(row.kind, {})[row.action] = row.writes
    # An order and its payment are the same money.
    record = [plan_writes.c[name] for name in ("source_connection", "kind", "source_id")]
    currency = func.coalesce(plan_writes.c.currency, "").label("currency")
    each = (
        select(currency, func.max(plan_writes.c.amount).label("amount"))
        .where(of_plan, plan_writes.c.amount.is_not(None))
        .group_by(*record, currency)
        .subquery("each")
    )
    sums = session.execute(select(each.c.currency, func.sum(each.c.amount).label("amount")).group_by(each.c.currency))
    asked_for = and_(of_plan, plan_writes.c.kind.in_(list(kinds)))
    removed = case((plan_writes.c.action == Action.REMOVE, 1))
    records = select(*record).where(asked_for).distinct().subquery("records")
    return {
        "counts": counts,
        "amounts": {row.currency: str(Decimal(row.amount)) for row in sums},
        "records": session.scalar(select(func.count()).select_from(records)),
        "removals": session.scalar(select(func.count(removed)).where(of_plan)),
    }


def _all_writes(session: Session, plan_id: UUID) -> Iterator[PlannedWrite]:
    wanted = select(plan_writes).where(plan_writes.c.plan_id == plan_id).order_by(*_order())
    for row in session.execute(wanted.execution_options(yield_per=_ROWS_AT_ONCE)):
        yield _planned_write(row)


def _order() -> list[ColumnElement[str]]:
    # By bytes, so that every server sorts alike.
    return [collate(plan_writes.c[name], "C") for name in _KEY]


def _key(row: Row[Any]) -> RecordKey:
    return RecordKey(connection=row.source_connection, kind=row.kind, id=row.source_id)


def _planned_write(row: Row[Any]) -> PlannedWrite:
    return PlannedWrite(
        key=_key(row), role=row.role, action=row.action, fingerprint=row.fingerprint,
        amount=row.amount, currency=row.currency,
    )  # fmt: skip
