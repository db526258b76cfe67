"""What the ledger knows of one record besides the record log: links, queue, skips, intents, webhooks, plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, RowMapping, Table, select
from sqlalchemy.orm import Session

from db.models.arrivals import arrivals
from db.models.links import intents, links
from db.models.runs import problems
from db.models.skips import skips
from db.models.steering import plan_writes, plans
from domain.keys import RecordKey

Rows = Sequence[RowMapping]


def sources_of(session: Session, target: RecordKey) -> list[RecordKey]:
    """Give the source records that became this record of a target, such as the order of an invoice."""
    rows = session.execute(
        select(links.c.source_connection, links.c.kind, links.c.source_id)
        .where(
            links.c.target_connection == target.connection,
            links.c.target_kind == target.kind,
            links.c.target_id == target.id,
            # What the index leaves out: a copy in a warehouse has the name of its original.
            (links.c.role != "document") | (links.c.target_kind != links.c.kind),
        )
        .distinct()
        .order_by(links.c.kind, links.c.source_id)
    )
    return [RecordKey(connection=connection, kind=kind, id=source_id) for connection, kind, source_id in rows]


def link_rows(session: Session, key: RecordKey) -> Rows:
    """Give the links of a source record to all its targets."""
    return session.execute(select(links).where(*_is(links, key))).mappings().all()


def problem_rows(session: Session, key: RecordKey) -> Rows:
    """Give where the record stands, or stood, in the queue."""
    return session.execute(select(problems).where(*_is(problems, key))).mappings().all()


def skip_rows(session: Session, key: RecordKey) -> Rows:
    """Give what keeps the record out of which targets."""
    return session.execute(select(skips).where(*_is(skips, key))).mappings().all()


def intent_rows(session: Session, key: RecordKey, limit: int) -> Rows:
    """Give the newest writes of the record that were sent to books, without what was in them, at most ``limit``."""
    columns = [column for column in intents.c if column.name != "body"]
    wanted = select(*columns).where(*_is(intents, key))
    return session.execute(wanted.order_by(intents.c.created_at.desc(), intents.c.id).limit(limit)).mappings().all()


def arrival_rows(session: Session, keys: Iterable[RecordKey], limit: int) -> Rows:
    """Give the newest webhooks about these records, of the shop's and of the books', at most ``limit`` of each."""
    found: list[RowMapping] = []
    for key in keys:
        wanted = select(arrivals).where(
            arrivals.c.connection == key.connection, arrivals.c.kind == key.kind, arrivals.c.record_id == key.id
        )
        found += session.execute(wanted.order_by(arrivals.c.id.desc()).limit(limit)).mappings().all()
    return found


def plan_rows(session: Session, key: RecordKey, limit: int) -> Rows:
    """Give the newest dry runs that would write the record, at most ``limit``."""
    wanted = (
        select(plan_writes, plans.c.created_at, plans.c.request)
        .join_from(plan_writes, plans, plans.c.id == plan_writes.c.plan_id)
        .where(*_is(plan_writes, key))
        .order_by(plans.c.created_at.desc(), plan_writes.c.role)
        .limit(limit)
    )
    return session.execute(wanted).mappings().all()


def _is(table: Table, key: RecordKey) -> tuple[ColumnElement[bool], ...]:
    return table.c.source_connection == key.connection, table.c.kind == key.kind, table.c.source_id == key.id
