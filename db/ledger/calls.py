"""How often each system was called, by day of UTC."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.history import calls
from domain.keys import ConnectionName
from domain.usage import Purpose


def count_calls(session: Session, connection: ConnectionName, purpose: Purpose, count: int) -> None:
    """Add so many calls of today."""
    statement = insert(calls).values(connection=connection, purpose=purpose, count=count)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "connection", "day", "purpose"],
            set_={"count": calls.c.count + statement.excluded["count"]},
        )
    )
