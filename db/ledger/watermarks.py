"""How far each kind was walked: up to which moment of the source everything is in the target."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.progress import watermarks
from domain.keys import ConnectionName, Kind


def watermark(session: Session, source: ConnectionName, target: ConnectionName, kind: Kind) -> datetime | None:
    """Give the moment, in UTC, up to which the kind was walked; None when it never was."""
    return session.scalar(
        select(watermarks.c.at).where(
            watermarks.c.source_connection == source,
            watermarks.c.target_connection == target,
            watermarks.c.kind == kind,
        )
    )


def move_watermark(session: Session, source: ConnectionName, target: ConnectionName, kind: Kind, to: datetime) -> None:
    """Note that the kind was walked up to this moment; an earlier one than is known changes nothing."""
    statement = insert(watermarks).values(source_connection=source, target_connection=target, kind=kind, at=to)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "source_connection", "target_connection", "kind"],
            set_={"at": func.greatest(watermarks.c.at, statement.excluded.at), "updated_at": func.now()},
        )
    )


def drop_watermarks(session: Session, source: ConnectionName, target: ConnectionName) -> None:
    """Forget how far the kinds of this pair were walked: the next run must be a full one."""
    session.execute(
        delete(watermarks).where(watermarks.c.source_connection == source, watermarks.c.target_connection == target)
    )
