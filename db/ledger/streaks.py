"""Failures in a row, counted where a restart does not forget them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.notifications import streaks
from domain.sync import SyncRequest

_IDENTITY = ("tenant", "route", "source_connection", "target_connection", "schedule")


def count_failure(session: Session, request: SyncRequest, at: datetime) -> int:
    """Count one more failure of what is run by this schedule, or by none, and give how many there were in a row."""
    first = insert(streaks).values(**_identity(request), failures=1, since=at, last_at=at)
    statement = first.on_conflict_do_update(
        index_elements=_IDENTITY,
        set_={
            "failures": streaks.c.failures + 1,
            "since": case((streaks.c.failures == 0, first.excluded.since), else_=streaks.c.since),
            "last_at": first.excluded.last_at,
        },
    ).returning(streaks.c.failures)
    return int(session.execute(statement).scalar_one())


def end_streak(session: Session, request: SyncRequest, at: datetime) -> None:
    """Begin to count anew, because a run went through."""
    same = (streaks.c[name] == value for name, value in _identity(request).items())
    session.execute(update(streaks).where(*same, streaks.c.failures > 0).values(failures=0, last_at=at))


def _identity(request: SyncRequest) -> dict[str, str]:
    return {
        "route": request.route,
        "source_connection": request.source,
        "target_connection": request.target,
        "schedule": request.schedule or "",
    }
