"""What a system told about itself, kept for a while so that it need not be asked each time."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Text, cast, extract, func, literal, select
from sqlalchemy.dialects.postgresql import JSON, insert
from sqlalchemy.orm import Session

from db.models.books import snapshots
from domain.keys import ConnectionName


class Snapshot(NamedTuple):
    """What was told, as the JSON text it was kept as, and how many seconds ago."""

    content: str
    age: float


def load_snapshot(session: Session, connection: ConnectionName, subject: str) -> Snapshot | None:
    """Give what the connection last told about the subject; None when nothing is kept."""
    age = extract("epoch", func.clock_timestamp() - snapshots.c.taken_at)
    row = session.execute(
        select(cast(snapshots.c.content, Text), age).where(
            snapshots.c.connection == connection, snapshots.c.subject == subject
        )
    ).first()
    return None if row is None else Snapshot(row[0], float(row[1]))


def save_snapshot(session: Session, connection: ConnectionName, subject: str, content: str) -> None:
    """Keep JSON text about the subject, in place of what was kept."""
    # As text first: the type would encode it once more.
    as_json = cast(literal(content, Text), JSON)
    statement = insert(snapshots).values(connection=connection, subject=subject, content=as_json)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "connection", "subject"],
            set_={"content": statement.excluded.content, "taken_at": func.clock_timestamp()},
        )
    )
