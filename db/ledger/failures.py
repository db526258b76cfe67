"""The queue as people see and steer it: each problem with its story, and what somebody decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from db.ledger.arrays import storable
from db.models.runs import problems
from domain.keys import ConnectionName, Kind
from domain.problems import Fate, ProblemState


class StoredFailure(BaseModel):
    """A problem with when and how often it was met, what the record comes to, and what was decided."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    source_connection: ConnectionName
    target_connection: ConnectionName
    kind: Kind
    source_id: str
    code: str
    message: str
    fate: Fate
    advice: str | None
    state: ProblemState
    count: int
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    run_id: UUID
    amount: Decimal | None
    currency: str | None
    reason: str | None
    decided_by: str | None
    decided_at: AwareDatetime | None


class ProblemFilter(BaseModel):
    """Which problems are wanted: all that fit everything given; ``text`` is looked for in id, message and reason."""

    model_config = ConfigDict(frozen=True)

    kind: Kind | None = None
    code: str | None = None
    connection: ConnectionName | None = None
    state: ProblemState | None = None
    text: str | None = None


def list_failures(
    session: Session, wanted: ProblemFilter, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[StoredFailure]:
    """Give the problems that fit, those met last first, from a position on."""
    order = (problems.c.last_seen.desc(), problems.c.id.desc())
    statement = select(problems).where(*_conditions(wanted)).order_by(*order).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(problems.c.last_seen, problems.c.id) < before)
    return _loaded(session, statement)


def load_failures(session: Session, ids: Sequence[UUID]) -> list[StoredFailure]:
    """Give the problems of these ids, by kind and record; those the tenant does not have are left out."""
    return _loaded(
        session,
        select(problems).where(problems.c.id.in_(ids)).order_by(problems.c.kind, problems.c.source_id, problems.c.id),
    )


def ignore_failures(session: Session, ids: Sequence[UUID], reason: str, decided_by: str) -> list[UUID]:
    """Leave these open problems be, and remember why; gives those of which it is true now."""
    return _decide(
        session, ids, ProblemState.OPEN,
        state=ProblemState.IGNORED, reason=storable(reason), decided_by=storable(decided_by), decided_at=func.now(),
    )  # fmt: skip


def reopen_failures(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Queue these problems again that were left be; gives those of which it is true now."""
    undecided = dict.fromkeys(("reason", "decided_by", "decided_at"))
    return _decide(session, ids, ProblemState.IGNORED, state=ProblemState.OPEN, **undecided)


def _decide(session: Session, ids: Sequence[UUID], before: ProblemState, **values: object) -> list[UUID]:
    decided = update(problems).where(problems.c.id.in_(ids), problems.c.state == before).values(values)
    return list(session.scalars(decided.returning(problems.c.id)))


def _loaded(session: Session, statement: Select[Any]) -> list[StoredFailure]:
    return [StoredFailure.model_validate(row) for row in session.execute(statement).mappings()]


def _conditions(wanted: ProblemFilter) -> list[ColumnElement[bool]]:
    found = [
        problems.c[name] == value for name in ("kind", "code", "state") if (value := getattr(wanted, name)) is not None
    ]
    if wanted.connection is not None:
        name = wanted.connection
        found.append(or_(problems.c.source_connection == name, problems.c.target_connection == name))
    if wanted.text is not None:
        columns = (problems.c.source_id, problems.c.message, problems.c.reason)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return found
