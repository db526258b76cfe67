"""The log of what was done with each record: written by the page, read newest first."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, and_, insert, select
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, loggable, rows_of, storable
from db.models.history import record_log
from db.models.runs import problems
from db.models.skips import skips
from domain.history import Entry
from domain.keys import ConnectionName, RecordKey

Standing = dict[tuple[str, str, str], tuple[str, str]]
"""Code and sentence under which a record stands in the queue or is skipped, by connection, kind and id."""


def log_entries(session: Session, run_id: UUID, target: ConnectionName, page: Sequence[Entry]) -> None:
    """Note what was done with the records of a page; call it before the queue and the skips of the page are kept.

    Lasting entries that say what stands in the queue or among the skips already are left out.
    """
    standing = _standing(session, target, [entry.key for entry in page if entry.lasting])
    kept = [entry for entry in page if not (entry.lasting and standing.get(_name(entry.key)) == _says(entry))]
    if not kept:
        return
    columns = key_columns([entry.key for entry in kept]) | {
        "run_id": [run_id] * len(kept),
        "target_connection": [target] * len(kept),
        "role": [entry.role for entry in kept],
        "operation": [entry.operation for entry in kept],
        "result": [entry.became for entry in kept],
        "level": [entry.level for entry in kept],
        "code": [storable(entry.code) for entry in kept],
        "message": [loggable(entry.message) for entry in kept],
        "milliseconds": [entry.milliseconds for entry in kept],
        "belongs_to": [entry.belongs_to for entry in kept],
        "details": [dict(entry.details) for entry in kept],
    }
    session.execute(insert(record_log).from_select(list(columns), rows_of(record_log, columns)))


def _standing(session: Session, target: ConnectionName, keys: Sequence[RecordKey]) -> Standing:
    if not keys:
        return {}
    found: Standing = {}
    for table, sentence in ((skips, skips.c.reason), (problems, problems.c.message)):
        page = rows_of(table, key_columns(keys)).subquery("page")
        same = (table.c[name] == page.c[name] for name in ("source_connection", "kind", "source_id"))
        wanted: Select[tuple[str, str, str, str, str]] = select(
            table.c.source_connection, table.c.kind, table.c.source_id, table.c.code, sentence
        ).where(and_(table.c.target_connection == target, *same))
        if table is problems:
            wanted = wanted.where(problems.c.state != "resolved")
        found |= {(row[0], row[1], row[2]): (row[3], row[4]) for row in session.execute(wanted)}
    return found


def _name(key: RecordKey) -> tuple[str, str, str]:
    return key.connection, key.kind.value, key.id


def _says(entry: Entry) -> tuple[str | None, str | None]:
    return entry.code, loggable(entry.message)
