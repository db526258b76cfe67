"""Which source record is which target record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of, key_columns, rows_of
from db.models.links import links
from domain.keys import ConnectionName, Kind, RecordKey
from domain.writes import DOCUMENT, Link, LinkState

_IDENTITY = ("tenant", "source_connection", "target_connection", "kind", "source_id", "role")
_CONTENT = ("target_kind", "target_id", "fingerprint", "version", "state")


def links_of(
    session: Session, source: ConnectionName, kind: Kind, ids: Sequence[str], target: ConnectionName
) -> dict[RecordKey, Link]:
    """Give the document links of these source records, live or undone; those never linked are left out."""
    rows = session.execute(
        select(links.c.source_id, *(links.c[name] for name in _CONTENT)).where(
            links.c.source_connection == source,
            links.c.target_connection == target,
            links.c.kind == kind,
            links.c.role == DOCUMENT,
            links.c.source_id == func.any(array_of(links.c.source_id, ids)),
        )
    )
    found = {}
    for source_id, target_kind, target_id, fingerprint, version, state in rows:
        key = RecordKey(connection=source, kind=kind, id=source_id)
        found[key] = Link(
            source=key,
            target=RecordKey(connection=target, kind=target_kind, id=target_id),
            fingerprint=fingerprint,
            version=version,
            state=state,
        )
    return found


def linked(
    session: Session, identities: Sequence[tuple[RecordKey, str]], target: ConnectionName
) -> dict[tuple[RecordKey, str], Link]:
    """Give the links of these source records in these roles, live or undone; those never linked are left out."""
    asked = key_columns([key for key, _ in identities]) | {"role": [role for _, role in identities]}
    page = rows_of(links, asked).subquery("asked")
    names = (*asked, *_CONTENT)
    rows = session.execute(
        select(*(links.c[name] for name in names)).where(
            links.c.target_connection == target, *(links.c[name] == page.c[name] for name in asked)
        )
    )
    found = [_link(row, target) for row in rows]
    return {(link.source, link.role): link for link in found}


def linked_targets(session: Session, targets: Sequence[RecordKey]) -> set[RecordKey]:
    """Give those of the target records that some source record is linked to, and not undone."""
    asked = _target_columns(targets)
    page = rows_of(links, asked, varying="target_id").subquery("asked")
    rows = session.execute(
        select(links.c.target_connection, links.c.target_kind, links.c.target_id)
        .where(links.c.state == LinkState.LIVE, *(links.c[name] == page.c[name] for name in asked))
        .distinct()
    )
    return {RecordKey(connection=connection, kind=kind, id=target_id) for connection, kind, target_id in rows}


class NotedLink(NamedTuple):
    """A link, and when something was last written that belongs to the same source record."""

    link: Link
    noted_at: datetime


def links_to(session: Session, targets: Sequence[RecordKey]) -> list[NotedLink]:
    """Give the live links that lead to these records of a target."""
    asked = _target_columns(targets)
    page = rows_of(links, asked, varying="target_id").subquery("asked")
    alike = links.alias("alike")
    record = ("source_connection", "target_connection", "kind", "source_id")
    noted = (
        select(func.max(alike.c.updated_at))
        .where(*(alike.c[name] == links.c[name] for name in record))
        .scalar_subquery()
        .label("noted_at")
    )
    rows = session.execute(
        select(links, noted).where(links.c.state == LinkState.LIVE, *(links.c[name] == page.c[name] for name in asked))
    )
    return [NotedLink(_link(row, row.target_connection), row.noted_at) for row in rows]


def live_ids(session: Session, source: ConnectionName, kind: Kind, target: ConnectionName) -> set[str]:
    """Give the ids of all source records whose document stands in the target."""
    return set(
        session.scalars(
            select(links.c.source_id).where(
                links.c.source_connection == source,
                links.c.target_connection == target,
                links.c.kind == kind,
                links.c.role == DOCUMENT,
                links.c.state == LinkState.LIVE,
            )
        )
    )


def save_links(session: Session, page: Iterable[Link]) -> None:
    """Keep the links, in place of those of the same source record, role and target; of two the last one counts."""
    kept = {(link.source.connection, link.source.kind, link.source.id, link.role): link for link in page}.values()
    if not kept:
        return
    columns = key_columns([link.source for link in kept]) | {
        "target_connection": [link.target.connection for link in kept],
        "role": [link.role for link in kept],
        "target_kind": [link.target.kind for link in kept],
        "target_id": [link.target.id for link in kept],
        "fingerprint": [link.fingerprint for link in kept],
        "version": [link.version for link in kept],
        "state": [link.state for link in kept],
    }
    statement = insert(links).from_select(list(columns), rows_of(links, columns))
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=_IDENTITY,
            set_={name: new[name] for name in _CONTENT} | {"updated_at": func.now()},
            where=or_(*(links.c[name].is_distinct_from(new[name]) for name in _CONTENT)),
        )
    )


def _target_columns(targets: Sequence[RecordKey]) -> dict[str, list[str]]:
    return {
        "target_connection": [key.connection for key in targets],
        "target_kind": [key.kind for key in targets],
        "target_id": [key.id for key in targets],
    }


def _link(row: Row[Any], target: ConnectionName) -> Link:
    return Link(
        source=RecordKey(connection=row.source_connection, kind=row.kind, id=row.source_id),
        target=RecordKey(connection=target, kind=row.target_kind, id=row.target_id),
        role=row.role,
        fingerprint=row.fingerprint,
        version=row.version,
        state=row.state,
    )
