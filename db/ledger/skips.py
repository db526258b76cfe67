"""Skips: which records policy keeps out of a target, why, and by which rules."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, loggable, rows_of
from db.models.skips import skips
from domain.keys import ConnectionName, Kind, RecordKey
from domain.writes import Skipped

_IDENTITY = ("tenant", "target_connection", "source_connection", "kind", "source_id")
_CONTENT = ("code", "reason", "rules")


def save_skips(session: Session, target: ConnectionName, page: Sequence[Skipped], rules: str) -> None:
    """Remember records that these rules keep out; a skip that stands already is not written again."""
    if not page:
        return
    columns = key_columns([skipped.key for skipped in page]) | {
        "target_connection": [target] * len(page),
        "code": [skipped.code for skipped in page],
        "reason": [loggable(skipped.reason) for skipped in page],
        "rules": [rules] * len(page),
    }
    statement = insert(skips).from_select(list(columns), rows_of(skips, columns))
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=_IDENTITY,
            set_={name: new[name] for name in _CONTENT} | {"at": func.now()},
            where=or_(*(skips.c[name].is_distinct_from(new[name]) for name in _CONTENT)),
        )
    )


def forget_skips(session: Session, target: ConnectionName, keys: Sequence[RecordKey]) -> None:
    """Forget that these records were kept out, because they no longer are."""
    if not keys:
        return
    page = rows_of(skips, key_columns(keys)).subquery("page")
    session.execute(
        delete(skips).where(
            skips.c.target_connection == target,
            *(skips.c[name] == page.c[name] for name in ("source_connection", "kind", "source_id")),
        )
    )


def list_skips(session: Session, limit: int) -> list[tuple[ConnectionName, Skipped]]:
    """Give what is kept out, each with the connection it is kept out of, by kind and id, at most ``limit``."""
    order = (skips.c.kind, skips.c.source_id, skips.c.source_connection, skips.c.target_connection)
    rows = session.execute(select(skips).order_by(*order).limit(limit))
    return [
        (
            row.target_connection,
            Skipped(
                key=RecordKey(connection=row.source_connection, kind=row.kind, id=row.source_id),
                code=row.code,
                reason=row.reason,
            ),
        )
        for row in rows
    ]


def outdated_skips(
    session: Session, source: ConnectionName, kind: Kind, target: ConnectionName, rules: str, limit: int
) -> list[str]:
    """Give the ids of records that other rules than these kept out, so that they are planned again."""
    wanted = select(skips.c.source_id).where(
        skips.c.target_connection == target,
        skips.c.source_connection == source,
        skips.c.kind == kind,
        skips.c.rules != rules,
    )
    return list(session.scalars(wanted.order_by(skips.c.source_id).limit(limit)))
