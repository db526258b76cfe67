"""What was about to be written, remembered before the first byte leaves, until it is known what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, SkipValidation
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Numeric,
    Row,
    Text,
    bindparam,
    cast,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of, key_columns, rows_of
from db.models.links import intents
from domain.errors import Unavailable
from domain.keys import ConnectionName, RecordKey
from domain.writes import Write


class Intent(BaseModel):
    """One write of a batch.

    ``request_id`` names the batch, ``item`` is the write's part of it, text to be sent byte for byte. The ``write`` of
    an intent that was loaded holds neither record nor body.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    request_id: str
    position: int
    item: str
    write: SkipValidation[Write]


class OpenBatch(BaseModel):
    """A batch of which nobody knows what became of it, sent so many seconds ago; its intents are in their order."""

    model_config = ConfigDict(frozen=True)

    request_id: str
    age: float
    intents: tuple[SkipValidation[Intent], ...]


def open_intents(session: Session, target: ConnectionName, batch: Sequence[Intent]) -> None:
    """Remember a batch that is about to be sent; there is at most one open create of a source record in one role.

    Raises:
        Unavailable: there is such a create already; settling it comes first.
    """
    writes = [intent.write for intent in batch]
    columns = key_columns([write.source for write in writes]) | {
        "id": [intent.id for intent in batch],
        "request_id": [intent.request_id for intent in batch],
        "position": [intent.position for intent in batch],
        "target_connection": [target] * len(batch),
        "role": [write.role for write in writes],
        "action": [write.action for write in writes],
        "target_kind": [write.target.kind for write in writes],
        "target_id": [write.target.id for write in writes],
        "fingerprint": [write.fingerprint for write in writes],
        "base_version": [write.base_version for write in writes],
        "expected_total": [write.expected_total for write in writes],
    }
    rows = rows_of(intents, columns, varying="id")
    bodies = func.unnest(array_of(intents.c.id, columns["id"]), _texts([intent.item for intent in batch]))
    body = bodies.table_valued("id", "item", name="body").render_derived()
    page = rows.subquery("intended")
    joined = select(*page.c, cast(body.c.item, JSON).label("body")).join_from(page, body, page.c.id == body.c.id)
    try:
        session.execute(insert(intents).from_select([*columns, "body"], joined))
    except IntegrityError:
        raise Unavailable(
            "an earlier write of the same record is still open; it must be settled first",
            connection=target,
            operation="write",
        ) from None


def mark_sent(session: Session, request_id: str) -> None:
    """Note that the batch is sent at this moment, once more perhaps."""
    session.execute(update(intents).where(_is_open(request_id)).values(sent_at=func.clock_timestamp()))


def rename_batch(session: Session, ids: Sequence[UUID], request_id: str) -> None:
    """Let these intents be a batch of their own, sent at this moment."""
    session.execute(
        update(intents)
        .where(intents.c.id == func.any(array_of(intents.c.id, ids)))
        .values(request_id=request_id, sent_at=func.clock_timestamp())
    )


def load_open_batches(session: Session, target: ConnectionName) -> list[OpenBatch]:
    """Give the batches with intents that are neither settled nor failed, the one sent first at the front."""
    age = extract("epoch", func.clock_timestamp() - intents.c.sent_at).label("age")
    rows = session.execute(
        select(intents, cast(intents.c.body, Text).label("item"), age)
        .where(intents.c.target_connection == target, intents.c.state == "open")
        .order_by(intents.c.sent_at, intents.c.request_id, intents.c.position)
    )
    batches: dict[str, list[Row[Any]]] = {}
    for row in rows:
        batches.setdefault(row.request_id, []).append(row)
    return [
        OpenBatch(request_id=name, age=float(batch[0].age), intents=tuple(_intent(row) for row in batch))
        for name, batch in batches.items()
    ]


def has_open_intents(session: Session, target: ConnectionName) -> bool:
    """Whether there is a batch of which nobody knows what became of it."""
    waiting = select(intents.c.id).where(intents.c.target_connection == target, intents.c.state == "open").limit(1)
    return session.execute(waiting).first() is not None


def settle_intents(session: Session, totals: Mapping[UUID, Decimal | None]) -> None:
    """Note that these were done, and what each document came to; their links belong into the same transaction."""
    done = func.unnest(array_of(intents.c.id, list(totals)), array_of(intents.c.total, list(totals.values())))
    page = done.table_valued("id", "total", name="done").render_derived()
    session.execute(
        update(intents)
        .where(intents.c.id == page.c.id)
        .values(state="settled", total=cast(page.c.total, Numeric), settled_at=func.clock_timestamp())
    )


def fail_intents(session: Session, ids: Sequence[UUID]) -> None:
    """Note that these are known not to have been done."""
    session.execute(
        update(intents)
        .where(intents.c.id == func.any(array_of(intents.c.id, ids)), intents.c.state == "open")
        .values(state="failed", settled_at=func.clock_timestamp())
    )


def last_settled_item(session: Session, target: ConnectionName, source: RecordKey, role: str) -> str | None:
    """Give what was last written of this source record in this role; None when nothing was."""
    return session.scalar(
        select(cast(intents.c.body, Text))
        .where(
            intents.c.target_connection == target,
            intents.c.source_connection == source.connection,
            intents.c.kind == source.kind,
            intents.c.source_id == source.id,
            intents.c.role == role,
            intents.c.state == "settled",
        )
        .order_by(intents.c.settled_at.desc())
        .limit(1)
    )


def _intent(row: Row[Any]) -> Intent:
    write = Write(
        action=row.action,
        source=RecordKey(connection=row.source_connection, kind=row.kind, id=row.source_id),
        target=RecordKey(connection=row.target_connection, kind=row.target_kind, id=row.target_id),
        role=row.role,
        fingerprint=row.fingerprint,
        base_version=row.base_version,
        expected_total=row.expected_total,
    )
    return Intent(id=row.id, request_id=row.request_id, position=row.position, item=row.item, write=write)


def _is_open(request_id: str) -> ColumnElement[bool]:
    return (intents.c.request_id == request_id) & (intents.c.state == "open")


def _texts(values: Sequence[str]) -> BindParameter[Sequence[str]]:
    return bindparam(None, list(values), type_=ARRAY(Text))
