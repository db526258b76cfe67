"""The first step from an event to people: what it does to its incident, and whom it is told to.

One transaction per event and tenant, in the order in which events were written down; nothing is sent here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import ValidationError
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.ledger.events import StoredEvent, mark_judged, next_event, take_turn, tenants_with_decisions_due
from db.ledger.incidents import StoredIncident, incidents_to_look_at, last_incident, open_incidents, save_incident
from db.session import tenant_session, watch_session
from domain.keys import TenantName
from notifications.events import Event, EventType
from notifications.incidents import Incident, begin, resolve, strike
from operations.incident_decisions import carry_out, decide, incident_of, is_muted, stored_incident
from operations.recoveries import Recovery, Track
from operations.subscribers import Subscriber, subscribers
from operations.telling import single_notice, tell

logger = logging.getLogger(__name__)

MOST_EVENTS = 1_000
"""So many events of one tenant are decided upon before others have their turn."""


def judge_events(engine: Engine, now: datetime) -> int:
    """Decide whom to tell of what happened since the last time, in all tenants; gives how many events that were.

    What this version cannot read, because another one wrote it, waits and is logged; other tenants do not wait for it.

    Raises:
        ConnectorError: the ledger is away; what was decided until then stands, the rest waits.
    """
    with watch_session(engine) as session:
        tenants = tenants_with_decisions_due(session, now)
    judged = 0
    for tenant in tenants:
        try:
            judged += judge_tenant(engine, tenant, now)
        except ValidationError:
            logger.exception("what happened to tenant %s cannot be judged", tenant)
    return judged


def judge_tenant(engine: Engine, tenant: TenantName, now: datetime) -> int:
    """Decide upon the events of a tenant, as many as is fair to others, then upon what time made due."""
    judged = 0
    while judged < MOST_EVENTS and judge_next(engine, tenant, now):
        judged += 1
    with tenant_session(engine, tenant) as session:
        take_turn(session, tenant)
        look_again(session, now)
    return judged


def judge_next(engine: Engine, tenant: TenantName, now: datetime) -> bool:
    """Decide upon the event that has waited longest; false when none waits."""
    with tenant_session(engine, tenant) as session:
        take_turn(session, tenant)
        waiting = next_event(session)
        if waiting is None:
            return False
        judge(session, waiting, now)
        mark_judged(session, waiting.id, now)
    return True


def judge(session: Session, waiting: StoredEvent, now: datetime) -> None:
    """Let an event open, feed or end incidents, or tell it once where it is none."""
    event, audience = Event.model_validate(waiting.event), subscribers(session)
    if waiting.recovery is not None:
        end_incidents(session, Recovery.model_validate(waiting.recovery), event, audience, now)
    elif event.type.opens_incident:
        track = Track.model_validate(waiting.track) if waiting.track else None
        incident = struck_incident(session, event, track)
        carry_out(session, [decide(session, incident, audience, now)], now, struck=True)
    else:
        tell_once(session, waiting, event, audience, now)


def struck_incident(session: Session, event: Event, track: Track | None) -> Incident:
    """Give the incident of the event's cause with this failure, opened or opened again where need be, and keep it."""
    last = last_incident(session, event.cause)
    muted = is_muted(session, event)
    if last and incident_of(last).takes(event.at):
        incident, tracks = strike(incident_of(last), event, event.at, muted=muted), tracks_of(last)
    else:
        incident, tracks = begin(str(uuid4()), event, event.at, muted=muted), ()
    known = (*tracks, track) if track and track not in tracks else tracks
    save_incident(session, stored_incident(incident, known, event.at))
    return incident


def end_incidents(
    session: Session, recovery: Recovery, event: Event, audience: Sequence[Subscriber], now: datetime
) -> None:
    """End the incidents that are over now; one that struck other runs too waits for those."""
    over = []
    for stored in open_incidents(session):
        incident, tracks = incident_of(stored), tracks_of(stored)
        ends = recovery.ends(incident.event, tracks)
        left = () if ends else recovery.left(incident.event, tracks)
        if left == tracks and not ends:
            continue
        ended = incident if left else resolve(incident, event.at)
        save_incident(session, stored_incident(ended, left, stored.last_at))
        if not left:
            over.append(decide(session, ended, audience, now))
    carry_out(session, over, now)


def look_again(session: Session, now: datetime) -> None:
    """Tell what is due because quiet hours, silence or the time in which an incident may flap are over."""
    audience = subscribers(session)
    cases = [decide(session, incident_of(stored), audience, now) for stored in incidents_to_look_at(session, now)]
    carry_out(session, cases, now)


def tell_once(
    session: Session, waiting: StoredEvent, event: Event, audience: Sequence[Subscriber], now: datetime
) -> None:
    """Tell something that happened once, to everybody whom it concerns and who can be told; a test concerns all."""
    notice = single_notice(event)
    for subscriber in audience:
        if event.type is EventType.TEST:
            tell(session, subscriber, notice, now)
        elif is_concerned(subscriber, event, waiting.config_id):
            tell(session, subscriber, notice, now, due_at=loud_from(subscriber, event, now))


def is_concerned(subscriber: Subscriber, event: Event, about: UUID | None) -> bool:
    """Whether a subscriber is to be told; that somebody is told nothing any more concerns all, whatever their rules.

    Through the configuration that this is ``about``, those are told whom it still reaches.
    """
    if event.type is EventType.CHANNEL_SWITCHED_OFF:
        return subscriber.id != about or subscriber.is_told_in_part
    return subscriber.filters.admit(event)


def loud_from(subscriber: Subscriber, event: Event, now: datetime) -> datetime:
    """Give the moment from which an event may be told: the end of quiet hours, or now."""
    hours = subscriber.filters.quiet_hours
    return hours.over_at(now) if hours and subscriber.filters.quiet(event.severity, now) else now


def tracks_of(stored: StoredIncident) -> tuple[Track, ...]:
    """Give the tracks on which an incident struck."""
    return tuple(map(Track.model_validate, stored.tracks))
