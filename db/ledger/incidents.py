"""Incidents, one for each cause while it strikes, and what each configuration was told of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.notifications import IncidentState, incident_tellings, incidents
from domain.keys import ConnectionName


class StoredIncident(BaseModel):
    """An incident as it is kept: ``event`` is the last one of its cause, ``tracks`` are the runs that it struck.

    One that was resolved may be open again since ``reopened_at``. ``heard`` is false while it only ever struck with the
    authorization of its connection lost, ``look_at`` when it is to be decided upon again though nothing happens.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    type: str
    cause: str
    connection: ConnectionName | None
    event: dict[str, Any]
    tracks: tuple[dict[str, Any], ...] = ()
    state: IncidentState
    count: int
    heard: bool
    opened_at: AwareDatetime
    last_at: AwareDatetime
    reopened_at: AwareDatetime | None
    resolved_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str
    silenced_until: AwareDatetime | None
    silenced_by: str
    look_at: AwareDatetime | None = None


def last_incident(session: Session, cause: str) -> StoredIncident | None:
    """Give the newest incident of a cause and hold it until the transaction ends."""
    order = (incidents.c.last_at.desc(), incidents.c.opened_at.desc())
    return _first(session, incidents.c.cause == cause, *order)


def lock_incident(session: Session, incident_id: UUID) -> StoredIncident | None:
    """Give an incident and hold it until the transaction ends; None when the tenant has none with this id."""
    return _first(session, incidents.c.id == incident_id)


def open_incidents(session: Session) -> list[StoredIncident]:
    """Give the open incidents of the tenant, those opened first first, and hold them until the transaction ends."""
    return _held(session, incidents.c.state == IncidentState.OPEN)


def incidents_to_look_at(session: Session, now: datetime) -> list[StoredIncident]:
    """Give the incidents that the passing of time may have changed, and hold them until the transaction ends."""
    return _held(session, incidents.c.look_at <= now)


def is_open(session: Session, type_: str, connection: ConnectionName) -> bool:
    """Whether an incident of this type is open at the connection."""
    same = (incidents.c.type == type_, incidents.c.connection == connection, incidents.c.state == IncidentState.OPEN)
    return bool(session.scalar(select(exists(incidents.c.id).where(*same))))


def save_incident(session: Session, stored: StoredIncident) -> None:
    """Keep an incident as it stands now, a new one too; when it is to be looked at stays."""
    values = stored.model_dump()
    statement = insert(incidents).values(values)
    fixed = ("id", "type", "cause", "connection", "opened_at", "look_at")
    changed = {name: statement.excluded[name] for name in values if name not in fixed}
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed))


def change_incident(session: Session, incident_id: UUID, **values: object) -> bool:
    """Change columns of an incident; False when the tenant has none with this id."""
    statement = update(incidents).where(incidents.c.id == incident_id).values(values).returning(incidents.c.id)
    return session.execute(statement).first() is not None


def list_incidents(
    session: Session,
    limit: int,
    state: IncidentState | None = None,
    connection: ConnectionName | None = None,
    before: tuple[datetime, UUID] | None = None,
) -> list[StoredIncident]:
    """Give the incidents that fit, those that struck last first, from a position on."""
    order = (incidents.c.last_at.desc(), incidents.c.id.desc())
    wanted = select(incidents).order_by(*order).limit(limit)
    if state is not None:
        wanted = wanted.where(incidents.c.state == state)
    if connection is not None:
        wanted = wanted.where(incidents.c.connection == connection)
    if before is not None:
        wanted = wanted.where(tuple_(incidents.c.last_at, incidents.c.id) < before)
    return [_stored(row) for row in session.execute(wanted).mappings()]


def load_incident(session: Session, incident_id: UUID) -> StoredIncident | None:
    """Give an incident; None when the tenant has none with this id."""
    row = session.execute(select(incidents).where(incidents.c.id == incident_id)).mappings().first()
    return _stored(row) if row else None


def load_tellings(session: Session, incident_id: UUID) -> dict[UUID, dict[str, Any]]:
    """Give what each configuration was told of an incident, by configuration; those told nothing are left out."""
    wanted = select(incident_tellings.c.config_id, incident_tellings.c.told)
    rows = session.execute(wanted.where(incident_tellings.c.incident_id == incident_id))
    return {row.config_id: row.told for row in rows}


def escalated_tellings(session: Session, incident_id: UUID) -> dict[UUID, list[dict[str, Any]]]:
    """Give the tracks of what each configuration was told as critical and not yet as over, but for this incident."""
    told = incident_tellings.c.told
    joined = incidents.join(incident_tellings, incidents.c.id == incident_tellings.c.incident_id)
    wanted = select(incident_tellings.c.config_id, incidents.c.tracks).select_from(joined)
    still = (incidents.c.state == IncidentState.OPEN, told["open"].as_boolean(), told["escalated"].as_boolean())
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in session.execute(wanted.where(incidents.c.id != incident_id, *still)):
        found.setdefault(row.config_id, []).extend(row.tracks)
    return found


def save_telling(session: Session, incident_id: UUID, config_id: UUID, told: Mapping[str, Any]) -> None:
    """Keep what a configuration was told of an incident."""
    statement = insert(incident_tellings).values(incident_id=incident_id, config_id=config_id, told=dict(told))
    keys = ["tenant", "incident_id", "config_id"]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"told": statement.excluded.told}))


def _first(session: Session, which: ColumnElement[bool], *order: ColumnElement[Any]) -> StoredIncident | None:
    wanted = select(incidents).where(which).order_by(*order).limit(1).with_for_update()
    row = session.execute(wanted).mappings().first()
    return _stored(row) if row else None


def _held(session: Session, which: ColumnElement[bool]) -> list[StoredIncident]:
    wanted = select(incidents).where(which).order_by(incidents.c.opened_at, incidents.c.id).with_for_update()
    return [_stored(row) for row in session.execute(wanted).mappings()]


def _stored(row: object) -> StoredIncident:
    return StoredIncident.model_validate(row)
