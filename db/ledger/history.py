"""Reading the record log: newest first, from a position on, or all of one record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session

from db.models.history import record_log
from db.models.runs import runs
from domain.history import Became, Level, Operation
from domain.inputs import Line, Moment
from domain.keys import ConnectionName, Kind, RecordKey

_TOLD = (Became.FAILED, Became.SKIPPED, Became.WAITING)

Position = tuple[datetime, int]
"""Time and number of an entry."""


class HistoryEntry(BaseModel):
    """One thing that was done with a record, or decided about it.

    ``milliseconds``: a document of the books took as long as its batch, from asking to the answer, waits for the pace
    included; a row of a warehouse its share of the page's transaction. ``belongs_to`` is the order of a refund or the
    product of a variation.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 90210,
                    "at": "2026-07-01T09:00:00Z",
                    "level": "info",
                    "run": "5f0c2c1e-7a43-4f0e-9f43-0d4d3a1f4b11",
                    "source": "shop",
                    "target": "books",
                    "kind": "order",
                    "record": "794",
                    "operation": "create",
                    "role": "document",
                    "result": "created",
                    "code": None,
                    "message": None,
                    "milliseconds": 812.5,
                    "belongs_to": None,
                    "details": {"target": "invoice:145", "expected_total": "119.00", "total": "119.00"},
                }
            ]
        },
    )

    id: int
    at: AwareDatetime
    level: Level
    run: UUID
    source: ConnectionName
    target: ConnectionName
    kind: Kind
    record: str
    operation: Operation
    role: str
    result: Became
    code: str | None
    message: str | None
    milliseconds: float | None
    belongs_to: str | None
    details: dict[str, Any]

    @property
    def key(self) -> RecordKey:
        """The record that it is about."""
        return RecordKey(connection=self.source, kind=self.kind, id=self.record)


class HistoryFilter(BaseModel):
    """Which entries are wanted: all that fit everything given; ``until`` itself is not among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Moment | None = Field(default=None, description="From this moment on.")
    until: Moment | None = Field(default=None, description="Before this moment.")
    run: UUID | None = Field(default=None, description="Of this run.")
    connection: ConnectionName | None = Field(default=None, description="From or to this connection.")
    kind: Kind | None = Field(default=None, description="Of records of this kind.")
    record: Line | None = Field(default=None, description="Of the record with this id in its source.")
    operation: Operation | None = Field(default=None, description="What was done.")
    result: Became | None = Field(default=None, description="What became of it.")
    level: Level | None = Field(default=None, description="How much it matters.")
    code: Line | None = Field(default=None, description="With this code.")
    text: Line | None = Field(default=None, description="With this in its message, in capitals or not.")


def list_history(session: Session, wanted: HistoryFilter, before: Position | None, limit: int) -> list[HistoryEntry]:
    """Give the newest entries that fit, those written before a position if one is given, at most ``limit``."""
    statement = _entries().where(*_conditions(wanted))
    if wanted.run is not None:
        statement = statement.where(*_within(session, wanted.run))
    if before is not None:
        statement = statement.where(tuple_(record_log.c.at, record_log.c.id) < before)
    return _found(session, statement.order_by(record_log.c.at.desc(), record_log.c.id.desc()).limit(limit))


def record_history(session: Session, key: RecordKey, limit: int) -> list[HistoryEntry]:
    """Give the newest entries of one record, at most ``limit``, the last one first."""
    named = {"source_connection": key.connection, "kind": key.kind, "source_id": key.id}
    statement = _entries().where(*(record_log.c[name] == value for name, value in named.items()))
    return _found(session, statement.order_by(record_log.c.at.desc(), record_log.c.id.desc()).limit(limit))


def parts_of(session: Session, whole: RecordKey, kind: Kind, limit: int) -> list[RecordKey]:
    """Give the records of a kind that belong to this one, such as the refunds of an order."""
    ids = session.scalars(
        select(record_log.c.source_id)
        .where(
            record_log.c.belongs_to == whole.id,
            record_log.c.kind == kind,
            record_log.c.source_connection == whole.connection,
        )
        .distinct()
        .order_by(record_log.c.source_id)
        .limit(limit)
    )
    return [RecordKey(connection=whole.connection, kind=kind, id=found) for found in ids]


def _within(session: Session, run_id: UUID) -> list[ColumnElement[bool]]:
    """Give between which moments the rows of a run lie, which spares an index of its own for them."""
    times = select(runs.c.started_at, runs.c.finished_at).where(runs.c.id == run_id)
    found = session.execute(times).first()
    if found is None:
        return []
    conditions = [record_log.c.at >= found.started_at]
    return conditions if found.finished_at is None else [*conditions, record_log.c.at <= found.finished_at]


def _conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    named = {
        "run_id": wanted.run, "kind": wanted.kind, "source_id": wanted.record, "operation": wanted.operation,
        "result": wanted.result, "level": wanted.level, "code": wanted.code,
    }  # fmt: skip
    conditions = [record_log.c[name] == value for name, value in named.items() if value is not None]
    if wanted.since is not None:
        conditions.append(record_log.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(record_log.c.at < wanted.until)
    if wanted.connection is not None:
        either = (record_log.c.source_connection, record_log.c.target_connection)
        conditions.append(or_(*(column == wanted.connection for column in either)))
    if wanted.text is not None:
        conditions.append(record_log.c.message.icontains(wanted.text, autoescape=True))
    if wanted.text is not None or wanted.code is not None or wanted.result in _TOLD:
        # Only what has a code has a message; these few have an index of their own.
        conditions.append(record_log.c.code.is_not(None))
    return conditions


def _entries() -> Select[Any]:
    renamed = {"run_id": "run", "source_connection": "source", "target_connection": "target", "source_id": "record"}
    columns = [column for column in record_log.c if column.name != "tenant"]
    return select(*(column.label(renamed.get(column.name, column.name)) for column in columns))


def _found(session: Session, statement: Select[Any]) -> list[HistoryEntry]:
    return [HistoryEntry.model_validate(row) for row in session.execute(statement).mappings()]
