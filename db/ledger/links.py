"""Which source record is which target record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, or_, select
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
