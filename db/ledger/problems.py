"""Records that could not be written: the queue of what is still owed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, loggable, rows_of
from db.models.runs import problems
from domain.keys import ConnectionName, Kind, RecordKey
from domain.problems import Problem, ProblemState

_IDENTITY = ("tenant", "target_connection", "source_connection", "kind", "source_id")
_CONTENT = ("code", "message", "fate", "advice", "run_id")
_DECISION = ("reason", "decided_by", "decided_at")


class Money(NamedTuple):
    """What a record comes to; the currency is None where it is not known."""

    amount: Decimal
    currency: str | None


def save_problems(
    session: Session,
    run_id: UUID,
    target: ConnectionName,
    page: Iterable[Problem],
    amounts: Mapping[RecordKey, Money] = MappingProxyType({}),
) -> None:
    """Queue the problems; one that is open already is counted again, one that was resolved begins anew.

    One that somebody decided to leave stays so while it comes with the same code. ``amounts`` are what the records
    come to, where it is known.
    """
    kept = {(problem.key.connection, problem.key.kind, problem.key.id): problem for problem in page}.values()
    if not kept:
        return
    columns = _columns(kept, target, run_id, amounts)
    statement = insert(problems).from_select(list(columns), rows_of(problems, columns))
    new = statement.excluded
    stays_left = and_(problems.c.state == ProblemState.IGNORED, problems.c.code == new.code)
    stands = or_(problems.c.state == ProblemState.OPEN, stays_left)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=_IDENTITY,
            set_={name: new[name] for name in _CONTENT}
            | {name: case((stays_left, problems.c[name])) for name in _DECISION}
            | {name: func.coalesce(new[name], problems.c[name]) for name in ("amount", "currency")}
            | {
                "state": case((stays_left, ProblemState.IGNORED.value), else_=ProblemState.OPEN.value),
                "count": case((stands, problems.c.count + 1), else_=1),
                "first_seen": case((stands, problems.c.first_seen), else_=func.now()),
                "last_seen": func.now(),
            },
        )
    )


def _columns(
    page: Collection[Problem], target: ConnectionName, run_id: UUID, amounts: Mapping[RecordKey, Money]
) -> dict[str, list[Any]]:
    sums = [amounts.get(problem.key) for problem in page]
    return key_columns([problem.key for problem in page]) | {
        "target_connection": [target] * len(page),
        "code": [problem.code for problem in page],
        "message": [loggable(problem.message) for problem in page],
        "fate": [problem.fate for problem in page],
        "advice": [loggable(problem.advice) for problem in page],
        "run_id": [run_id] * len(page),
        "amount": [known.amount if known else None for known in sums],
        "currency": [known.currency if known else None for known in sums],
    }


def resolve_problems(
    session: Session, target: ConnectionName, keys: Sequence[RecordKey], run_id: UUID, but_not: Sequence[str] = ()
) -> None:
    """Take these records out of the queue, because this run wrote them or found them in place.

    A problem with one of the codes ``but_not`` stays: it is not mended by finding the record in place.
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
            problems.c.state.in_((ProblemState.OPEN, ProblemState.IGNORED)),
            problems.c.code.not_in(but_not),
        )
        .values(state=ProblemState.RESOLVED, run_id=run_id, last_seen=func.now())
    )


def note_tried(session: Session, target: ConnectionName, keys: Sequence[RecordKey]) -> None:
    """Note that these queued records were tried just now, so that others have their turn before them."""
    if not keys:
        return
    page = rows_of(problems, key_columns(keys)).subquery("page")
    session.execute(
        update(problems)
        .where(
            problems.c.target_connection == target,
            *(problems.c[name] == page.c[name] for name in ("source_connection", "kind", "source_id")),
            problems.c.state == ProblemState.OPEN,
        )
        .values(last_seen=func.clock_timestamp())
    )


def open_problem_ids(
    session: Session, source: ConnectionName, kind: Kind, target: ConnectionName, limit: int
) -> list[str]:
    """Give the ids of queued records, those tried longest ago first, so that every one has its turn."""
    queued = _ids_of(source, kind, target).where(problems.c.state == ProblemState.OPEN)
    return list(session.scalars(queued.order_by(problems.c.last_seen, problems.c.source_id).limit(limit)))


def told_problem_ids(session: Session, source: ConnectionName, kind: Kind, target: ConnectionName) -> set[str]:
    """Give the ids of all records that people were told of: queued ones, and those that somebody left be."""
    told = _ids_of(source, kind, target).where(problems.c.state.in_((ProblemState.OPEN, ProblemState.IGNORED)))
    return set(session.scalars(told))


def _ids_of(source: ConnectionName, kind: Kind, target: ConnectionName) -> Select[tuple[str]]:
    return select(problems.c.source_id).where(
        problems.c.target_connection == target, problems.c.source_connection == source, problems.c.kind == kind
    )


def list_problems(session: Session, limit: int) -> list[tuple[ConnectionName, Problem]]:
    """Give what is queued, each with the connection it could not be written to, by kind and id, at most ``limit``."""
    order = (problems.c.kind, problems.c.source_id, problems.c.source_connection, problems.c.target_connection)
    rows = session.execute(select(problems).where(problems.c.state == ProblemState.OPEN).order_by(*order).limit(limit))
    return [(row.target_connection, _problem(row)) for row in rows]


def open_problems(session: Session, limit: int, run_id: UUID | None = None) -> list[Problem]:
    """Give what is queued, by kind and id, at most ``limit``: everything, or what this run met last."""
    wanted = select(problems).where(problems.c.state == ProblemState.OPEN)
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
