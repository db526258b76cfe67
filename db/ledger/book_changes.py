"""Documents that somebody changed in the books, and that are as we wrote them again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, rows_of
from db.models.runs import problems
from domain.keys import ConnectionName, RecordKey
from domain.problems import BOOKS_CHANGED, ProblemState


def resolve_changes(session: Session, books: ConnectionName, keys: Sequence[RecordKey], look: UUID) -> None:
    """Note that the documents of these source records are again as we wrote them; ``look`` names who saw it."""
    if not keys:
        return
    page = rows_of(problems, key_columns(keys)).subquery("page")
    session.execute(
        update(problems)
        .where(
            problems.c.target_connection == books,
            *(problems.c[name] == page.c[name] for name in ("source_connection", "kind", "source_id")),
            problems.c.code == BOOKS_CHANGED,
            problems.c.state.in_((ProblemState.OPEN, ProblemState.IGNORED)),
        )
        .values(state=ProblemState.RESOLVED, run_id=look, last_seen=func.now())
    )
