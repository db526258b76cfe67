"""Incidents as people see them: what lasts, who knows of it, and who wants to hear no more of it for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.orm import Session

from db.ledger.incidents import StoredIncident, change_incident, list_incidents, load_incident, lock_incident
from db.models.notifications import IncidentState
from domain.access import Permission
from domain.inputs import Moment
from domain.keys import ConnectionName
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown, Unusable
from notifications.events import Event, EventType, Severity
from operations.caller import Caller

LONGEST_SILENCE = timedelta(days=366)


class IncidentFilter(PageRequest):
    """Which incidents are wanted: all that fit everything given."""

    state: IncidentState | None = None
    connection: ConnectionName | None = None


class SilenceWish(BaseModel):
    """Until when an incident is to be told of no more; a moment that is past ends the silence."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"until": "2026-07-17T06:00:00Z"}]}
    )

    until: Moment


class IncidentView(BaseModel):
    """An incident: ``event`` is the last one of its cause, with a sample of the records of all; ``count`` how many."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "0198a1c2-0000-7000-8000-000000000000",
                    "type": "connection_failed",
                    "state": "open",
                    "connection": "shop",
                    "count": 3,
                    "opened_at": "2026-07-16T12:00:00Z",
                    "last_at": "2026-07-16T12:30:00Z",
                    "reopened_at": None,
                    "resolved_at": None,
                    "acknowledged_at": "2026-07-16T12:40:00Z",
                    "acknowledged_by": "user:ann@example.org",
                    "silenced_until": None,
                    "silenced_by": "",
                    "event": Event(
                        type=EventType.CONNECTION_FAILED,
                        tenant="acme",
                        severity=Severity.ERROR,
                        title="The connection shop does not work",
                        message="Cannot reach shop.example.",
                        at=datetime(2026, 7, 16, 12, 30, tzinfo=UTC),
                        connection="shop",
                    ).model_dump(mode="json"),
                }
            ]
        },
    )

    id: UUID
    type: EventType
    state: IncidentState
    connection: ConnectionName | None
    count: int
    opened_at: AwareDatetime
    last_at: AwareDatetime
    reopened_at: AwareDatetime | None
    resolved_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str
    silenced_until: AwareDatetime | None
    silenced_by: str
    event: Event


def search_incidents(caller: Caller, wanted: IncidentFilter) -> Listing[IncidentView]:
    """Give the incidents that fit, those that struck last first.

    Raises:
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    before = decode_cursor(wanted.cursor, tuple[AwareDatetime, UUID]) if wanted.cursor else None
    with caller.ledger() as session:
        found = list_incidents(session, wanted.limit + 1, wanted.state, wanted.connection, before)
    items = tuple(map(_shown, found[: wanted.limit]))
    more = encode_cursor((items[-1].last_at, items[-1].id)) if len(found) > wanted.limit else None
    return Listing(items=items, next_cursor=more)


def find_incident(caller: Caller, incident_id: UUID) -> IncidentView:
    """Give one incident; raises Unknown when the tenant has none with this id."""
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        return _shown(_known(load_incident(session, incident_id)))


def acknowledge(caller: Caller, incident_id: UUID) -> IncidentView:
    """Let everybody know that somebody takes care: it is not told again and again any more.

    Raises:
        Unknown: the tenant has none with this id.
        Clash: it is over.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        before = _held(session, incident_id)
        if before.state is IncidentState.RESOLVED:
            raise Clash("the incident is resolved, so there is nothing to acknowledge")
        change_incident(session, incident_id, acknowledged_at=datetime.now(UTC), acknowledged_by=caller.actor)
        caller.note(session, "incident.acknowledge", str(incident_id), cause=before.cause)
    return find_incident(caller, incident_id)


def silence(caller: Caller, incident_id: UUID, until: datetime) -> IncidentView:
    """Keep still about an incident until a moment, whatever happens; a moment that is past ends the silence now.

    Raises:
        Unknown: the tenant has none with this id.
        Unusable: the moment is more than a year away.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    now = datetime.now(UTC)
    if until - now > LONGEST_SILENCE:
        raise Unusable("a silence lasts a year at most", field="until")
    end = max(until, now)
    with caller.ledger() as session:
        before = _held(session, incident_id)
        # What became due meanwhile is told at its end.
        change_incident(session, incident_id, silenced_until=end, silenced_by=caller.actor, look_at=end)
        caller.note(session, "incident.silence", str(incident_id), cause=before.cause, until=end.isoformat())
    return find_incident(caller, incident_id)


def _held(session: Session, incident_id: UUID) -> StoredIncident:
    return _known(lock_incident(session, incident_id))


def _known(stored: StoredIncident | None) -> StoredIncident:
    if stored is None:
        raise Unknown("there is no incident with this id; GET /api/notifications/incidents lists those there are")
    return stored


def _shown(stored: StoredIncident) -> IncidentView:
    fields: dict[str, Any] = stored.model_dump(exclude={"cause", "tracks", "heard", "look_at"})
    return IncidentView(**fields)
