"""The queue of a route in figures: what is owed to a target, by kind and code."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from db.models.runs import problems
from domain.keys import ConnectionName, Kind
from domain.problems import ProblemState


class QueuedRecords(NamedTuple):
    """Queued records of one kind and code: what one of them says, how many a run met last, and some of those."""

    kind: Kind
    code: str
    message: str
    met: int
    ids: tuple[str, ...]


def queued_records(
    session: Session, source: ConnectionName, target: ConnectionName, run_id: UUID, sample: int
) -> list[QueuedRecords]:
    """Give what is queued from a source to a target, by kind and code, with what this run met of it."""
    met = problems.c.run_id == run_id
    ids = func.array_agg(aggregate_order_by(problems.c.source_id, problems.c.source_id)).filter(met)
    rows = session.execute(
        select(problems.c.kind, problems.c.code, func.min(problems.c.message), func.count().filter(met), ids)
        .where(
            problems.c.source_connection == source,
            problems.c.target_connection == target,
            problems.c.state == ProblemState.OPEN,
        )
        .group_by(problems.c.kind, problems.c.code)
        .order_by(problems.c.kind, problems.c.code)
    )
    return [
        QueuedRecords(Kind(kind), code, message, count, tuple(found or ())[:sample])
        for kind, code, message, count, found in rows
    ]
