"""Records that could not be written: the queue of what is still owed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, rows_of, storable
from db.models.runs import problems
from domain.keys import ConnectionName, Kind, RecordKey
from domain.problems import Problem

_IDENTITY = ("tenant", "target_connection", "source_connection", "kind", "source_id")
_CONTENT = ("code", "message", "fate", "advice", "run_id")


def save_problems(session: Session, run_id: UUID, target: ConnectionName, page: Iterable[Problem]) -> None:
    """Queue the problems; one that is open already is counted again, one that was resolved begins anew."""
    kept = {(problem.key.connection, problem.key.kind, problem.key.id): problem for problem in page}.values()
    if not kept:
        return
    columns = key_columns([problem.key for problem in kept]) | {
        "target_connection": [target] * len(kept),
        "code": [problem.code for problem in kept],
        "message": [storable(problem.message) for problem in kept],
        "fate": [problem.fate for problem in kept],
        "advice": [storable(problem.advice) for problem in kept],
        "run_id": [run_id] * len(kept),
    }
    statement = insert(problems).from_select(list(columns), rows_of(problems, columns))
    is_open = problems.c.state == "open"
    session.execute(
        statement.on_conflict_do_update(
            index_elements=_IDENTITY,
            set_={name: statement.excluded[name] for name in _CONTENT}
            | {
                "state": "open",
                "count": case((is_open, problems.c.count + 1), else_=1),
                "first_seen": case((is_open, problems.c.first_seen), else_=func.now()),
                "last_seen": func.now(),
            },
        )
    )


def resolve_problems(
    session: Session, target: ConnectionName, keys: Sequence[RecordKey], run_id: UUID, but_not: str = ""
) -> None:
    """Take these records out of the queue, because this run wrote them or found them in place.

    A problem with the code ``but_not`` stays: it is not mended by finding the record in place.
    """
    if not keys:
        return
    page = rows_of(problems, key_columns(keys)).subquery("page")
    session.execute(
        update(problems)
        .where(
            problems.c.target_connection == target,
            problems.c.source_connection == page.c.source_connection,
            problems.c.kind == page.c.kind,
            problems.c.source_id == page.c.source_id,
            problems.c.state == "open",
            problems.c.code != but_not,
        )
        .values(state="resolved", run_id=run_id, last_seen=func.now())
    )


def open_problem_ids(
    session: Session, source: ConnectionName, kind: Kind, target: ConnectionName, limit: int | None
) -> list[str]:
    """Give the ids of queued records, those tried longest ago first, so that every one has its turn."""
    return list(
        session.scalars(
            select(problems.c.source_id)
            .where(
                problems.c.target_connection == target,
                problems.c.source_connection == source,
                problems.c.kind == kind,
                problems.c.state == "open",
            )
            .order_by(problems.c.last_seen, problems.c.source_id)
            .limit(limit)
        )
    )


def list_problems(session: Session, limit: int) -> list[tuple[ConnectionName, Problem]]:
    """Give what is queued, each with the connection it could not be written to, by kind and id, at most ``limit``."""
    order = (problems.c.kind, problems.c.source_id, problems.c.source_connection, problems.c.target_connection)
    rows = session.execute(select(problems).where(problems.c.state == "open").order_by(*order).limit(limit))
    return [(row.target_connection, _problem(row)) for row in rows]


def open_problems(session: Session, limit: int, run_id: UUID | None = None) -> list[Problem]:
    """Give what is queued, by kind and id, at most ``limit``: everything, or what this run met last."""
    wanted = select(problems).where(problems.c.state == "open")
    if run_id is not None:
        wanted = wanted.where(problems.c.run_id == run_id)
    rows = session.execute(wanted.order_by(problems.c.kind, problems.c.source_id).limit(limit))
    return [_problem(row) for row in rows]


def _problem(row: Row[Any]) -> Problem:
    return Problem(
        code=row.code,
        message=row.message,
        fate=row.fate,
        advice=row.advice,
        key=RecordKey(connection=row.source_connection, kind=row.kind, id=row.source_id),
    )
