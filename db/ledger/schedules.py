"""Schedules of a tenant: the truth, of which Prefect's deployments are the mirror."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models.steering import schedules
from domain.keys import ConnectionName, Kind
from domain.sync import Mode

ScheduleName = ConnectionName


class StoredSchedule(BaseModel):
    """A schedule as it is kept.

    ``version`` counts its changes, ``mirrored`` is the last of them that Prefect knows of. ``next_due`` is when the
    next run is to begin, None while it is paused. One that is ``removed`` stays until Prefect has forgotten it.
    """

    model_config = ConfigDict(frozen=True)

    name: ScheduleName
    route: str
    source_connection: ConnectionName
    target_connection: ConnectionName
    mode: Mode
    kinds: tuple[Kind, ...]
    cron: str
    zone: str
    paused: bool
    removed: bool
    version: int
    mirrored: int
    deployment_id: UUID | None
    next_due: AwareDatetime | None
    created_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


def save_schedule(session: Session, name: ScheduleName, created_by: str, **values: object) -> bool:
    """Make a schedule; False when one of this name exists. One that was removed is made anew."""
    fresh = {"paused": False, "removed": False, **values}
    statement = upsert(schedules).values(name=name, created_by=created_by, **fresh)
    new = {column: statement.excluded[column] for column in (*fresh, "created_by")}
    made = statement.on_conflict_do_update(
        index_elements=["tenant", "name"],
        set_=new | {"version": schedules.c.version + 1, "created_at": func.now(), "updated_at": func.now()},
        where=schedules.c.removed,
    ).returning(schedules.c.name)
    return session.execute(made).first() is not None


def change_schedule(session: Session, name: ScheduleName, **values: object) -> bool:
    """Change a schedule; False when there is none of this name."""
    statement = (
        update(schedules)
        .where(schedules.c.name == name, schedules.c.removed.is_(False))
        .values(version=schedules.c.version + 1, updated_at=func.now(), **values)
        .returning(schedules.c.name)
    )
    return session.execute(statement).first() is not None


def load_schedule(session: Session, name: ScheduleName) -> StoredSchedule | None:
    """Give the schedule, None when there is none of this name or it was removed."""
    wanted = select(schedules).where(schedules.c.name == name, schedules.c.removed.is_(False))
    row = session.execute(wanted).mappings().first()
    return StoredSchedule.model_validate(row) if row else None


def list_schedules(session: Session, limit: int, after: ScheduleName = "") -> list[StoredSchedule]:
    """Give the schedules by name, beginning after one."""
    wanted = select(schedules).where(schedules.c.removed.is_(False), schedules.c.name > after)
    rows = session.execute(wanted.order_by(schedules.c.name).limit(limit)).mappings()
    return [StoredSchedule.model_validate(row) for row in rows]


def unmirrored_schedules(session: Session) -> list[StoredSchedule]:
    """Give the schedules whose last change Prefect does not know yet, removed ones among them."""
    wanted = select(schedules).where(schedules.c.mirrored < schedules.c.version).order_by(schedules.c.name)
    return [StoredSchedule.model_validate(row) for row in session.execute(wanted).mappings()]


def note_mirrored(session: Session, stored: StoredSchedule, deployment_id: UUID) -> None:
    """Note that Prefect knows the schedule as it was loaded; a change made since remains to be told."""
    session.execute(
        update(schedules)
        .where(schedules.c.name == stored.name)
        .values(deployment_id=deployment_id, mirrored=stored.version)
    )


def forget_schedule(session: Session, stored: StoredSchedule) -> None:
    """Forget a removed schedule, unless it was made anew since it was loaded."""
    session.execute(delete(schedules).where(schedules.c.name == stored.name, schedules.c.version == stored.version))


def note_due(session: Session, name: ScheduleName, next_due: datetime | None) -> None:
    """Note when the next run of the schedule is to begin."""
    session.execute(update(schedules).where(schedules.c.name == name).values(next_due=next_due))


def move_due(session: Session, name: ScheduleName, due_at: datetime, next_due: datetime) -> bool:
    """Note the next deadline in place of this one; False when the schedule was changed or ran in between."""
    statement = (
        update(schedules)
        .where(schedules.c.name == name, schedules.c.next_due == due_at)
        .values(next_due=next_due)
        .returning(schedules.c.name)
    )
    return session.execute(statement).first() is not None
