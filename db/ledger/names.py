"""Names that are taken in a set of books, as a mirror of its own lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of, rows_of
from db.models.books import NameEntity, names
from domain.keys import ConnectionName

_CONTENT = ("name", "is_usable", "version", "email_hash", "sku")


class KnownName(BaseModel):
    """An entry of one of the books' lists.

    ``name`` is folded so that equal means the same to the books; ``is_usable`` says whether a document may refer to it.
    """

    model_config = ConfigDict(frozen=True)

    entity: NameEntity
    id: str
    name: str
    is_usable: bool
    version: str
    email_hash: str | None = None
    sku: str | None = None


def find_names(
    session: Session, connection: ConnectionName, folded: Sequence[str], skus: Sequence[str] = ()
) -> list[KnownName]:
    """Give the entries that bear one of these names or, among items, one of these article numbers; lowest id first."""
    rows = session.execute(
        select(names.c.entity, names.c.id, *(names.c[column] for column in _CONTENT))
        .where(
            names.c.connection == connection,
            or_(
                names.c.name == func.any(array_of(names.c.name, folded)),
                names.c.sku == func.any(array_of(names.c.sku, skus)),
            ),
        )
        .order_by(func.length(names.c.id), names.c.id)
    )
    return [KnownName.model_validate(row) for row in rows.mappings()]


def save_names(session: Session, connection: ConnectionName, entries: Sequence[KnownName]) -> None:
    """Keep the entries, in place of what was known of them; of two the last one counts."""
    kept = list({(entry.entity, entry.id): entry for entry in entries}.values())
    columns: dict[str, list[Any]] = {
        "id": [entry.id for entry in kept],
        "connection": [connection] * len(kept),
        "entity": [entry.entity for entry in kept],
        **{column: [getattr(entry, column) for entry in kept] for column in _CONTENT},
    }
    statement = insert(names).from_select(list(columns), rows_of(names, columns, varying="id"))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "connection", "entity", "id"],
            set_={column: statement.excluded[column] for column in _CONTENT},
        )
    )


def forget_names(session: Session, connection: ConnectionName) -> None:
    """Forget all entries, to be filled anew in the same transaction."""
    session.execute(delete(names).where(names.c.connection == connection))
