"""Decisions about one incident, put into effect: who is told, who is not and why, and what each knows by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from db.ledger.deliveries import take_put_off
from db.ledger.incidents import (
    StoredIncident,
    change_incident,
    escalated_tellings,
    is_open,
    load_incident,
    load_tellings,
    save_telling,
)
from db.models.notifications import DeliveryState, IncidentState
from notifications import incidents
from notifications.events import Event, EventType, Severity
from notifications.incidents import FLAPPING, Incident, Told
from notifications.notice import Stage, summarise
from operations.recoveries import Track
from operations.subscribers import Subscriber
from operations.telling import notice_of, tell, withhold

QUIET = "quiet hours; it is told at their end if it lasts"
OVER = "it was resolved before it could be told"


class Decision(NamedTuple):
    """What a subscriber is due of an incident; ``before`` is what it knew, ``told`` what it knows by then.

    ``incident`` is as it matters to this subscriber.
    """

    subscriber: Subscriber
    incident: Incident
    before: Told
    told: Told
    stage: Stage | None

    def is_delayed(self) -> bool:
        """Whether it waited for the end of quiet hours, and nothing made it urgent since."""
        weight = incidents.severity(self.incident, self.subscriber.filters)
        return self.before.put_off and (self.stage is Stage.RESOLVED or weight is not Severity.CRITICAL)


class Case(NamedTuple):
    """An incident with what is decided about it; with ``muted`` a lost authorization is told instead."""

    id: UUID
    incident: Incident
    decisions: tuple[Decision, ...]
    muted: bool


def incident_of(stored: StoredIncident) -> Incident:
    """Give an incident as decisions are made about it."""
    fields = stored.model_dump(include=Incident.model_fields.keys() - {"id"})
    return Incident.model_validate({**fields, "id": str(stored.id)})


def stored_incident(incident: Incident, tracks: Sequence[Track], at: datetime) -> StoredIncident:
    """Give an incident as it is kept; ``at`` is when it last struck."""
    event = incident.event
    fields = incident.model_dump(exclude={"id", "event"})
    return StoredIncident(
        **fields,
        id=UUID(incident.id),
        type=event.type,
        cause=event.cause,
        connection=event.connection,
        event=event.model_dump(mode="json"),
        tracks=tuple(track.model_dump(mode="json") for track in tracks),
        state=IncidentState.OPEN if incident.is_open else IncidentState.RESOLVED,
        last_at=at,
    )


def decide(session: Session, incident: Incident, audience: Sequence[Subscriber], now: datetime) -> Case:
    """Decide what each subscriber is due; nothing is written yet."""
    id_ = UUID(incident.id)
    tellings: dict[UUID, dict[str, Any]] = load_tellings(session, id_)
    muted = is_muted(session, incident.event)
    hear_of_worse = told_of_worse(session, incident)
    decisions = []
    for subscriber in audience:
        before = Told.model_validate(tellings.get(subscriber.id, {}))
        # Each track has one critical incident at a time, however many causes take turns there.
        is_minor = subscriber.id in hear_of_worse and not before.escalated
        as_felt = incidents.beside_worse(incident) if is_minor else incident
        told, stage = incidents.judge(as_felt, before, subscriber.filters, now, muted=muted)
        decisions.append(Decision(subscriber, as_felt, before, told, stage))
    return Case(id_, incident, tuple(decisions), muted)


def told_of_worse(session: Session, incident: Incident) -> set[UUID]:
    """Give those whom another incident between the same connections is told to as critical; of what is over, nobody."""
    stored = load_incident(session, UUID(incident.id)) if incident.is_open and incident.event.failures_in_row else None
    if stored is None:
        return set()
    own = {between(track) for track in stored.tracks}
    others = escalated_tellings(session, stored.id)
    return {config_id for config_id, tracks in others.items() if own & set(map(between, tracks))}


def between(track: Mapping[str, Any]) -> tuple[str, str, str]:
    """Tell by which route a track leads from where to where."""
    known = Track.model_validate(track)
    return known.route, known.source, known.target


def is_muted(session: Session, event: Event) -> bool:
    """Whether the authorization of the event's connection is lost, and that is told instead."""
    if event.type is EventType.RECONNECT_NEEDED or event.connection is None:
        return False
    return is_open(session, EventType.RECONNECT_NEEDED, event.connection)


def carry_out(session: Session, cases: Sequence[Case], now: datetime, *, struck: bool = False) -> None:
    """Write down what was decided; with ``struck``, what is not told of a failure is counted.

    What waited for the end of somebody's quiet hours becomes one summary where it is several notices.
    """
    delayed: dict[UUID, list[tuple[Case, Decision]]] = {}
    for case in cases:
        for decision in case.decisions:
            remember(session, case, decision, now, struck=struck)
            if decision.stage and decision.is_delayed():
                delayed.setdefault(decision.subscriber.id, []).append((case, decision))
            elif decision.stage:
                notice = notice_of(decision.incident, decision.subscriber, decision.stage, now)
                tell(session, decision.subscriber, notice, now, case.id)
        change_incident(session, case.id, look_at=look_at(case, now))
    for waiting in delayed.values():
        tell_delayed(session, waiting, now)


def remember(session: Session, case: Case, decision: Decision, now: datetime, *, struck: bool) -> None:
    """Keep what a subscriber knows by then, and count what it is not told."""
    before, told, stage = decision.before, decision.told, decision.stage
    if told != before:
        save_telling(session, case.id, decision.subscriber.id, told.model_dump(mode="json"))
    if told.put_off:
        if struck or not before.put_off:
            withhold_from(session, case, decision, QUIET, now)
        return
    waited = take_put_off(session, case.id, decision.subscriber.id) if before.put_off else 0
    if stage:
        return
    if waited:
        withhold_from(session, case, decision, OVER, now, count=waited)
    elif struck and concerns(decision.incident, decision.subscriber):
        withhold_from(session, case, decision, why_not(case, decision, now), now)


def withhold_from(session: Session, case: Case, decision: Decision, why: str, now: datetime, count: int = 1) -> None:
    """Write down that a subscriber is not told of an incident, or not yet."""
    notice = notice_of(decision.incident, decision.subscriber, Stage.OPENED, now)
    state = DeliveryState.PUT_OFF if decision.told.put_off else DeliveryState.SUPPRESSED
    withhold(session, decision.subscriber, notice, why, now, case.id, state=state, count=count)


def concerns(incident: Incident, subscriber: Subscriber) -> bool:
    """Whether a subscriber wants to know of such an incident at all."""
    weight = incidents.severity(incident, subscriber.filters)
    return subscriber.filters.admit(incident.event.model_copy(update={"severity": weight}))


def why_not(case: Case, decision: Decision, now: datetime) -> str:
    """Say why a failure is not told."""
    incident = case.incident
    if case.muted:
        return f"{incident.event.connection} must be connected again, which is told instead"
    if incident.silenced_until and now < incident.silenced_until:
        return f"silenced by {incident.silenced_by} until {incident.silenced_until:%Y-%m-%d %H:%M} UTC"
    if not decision.told.open:
        return "it failed again soon after it was resolved; it is told if it lasts"
    if incident.acknowledged_at:
        return f"acknowledged by {incident.acknowledged_by}"
    return f"told already; it is told again every {decision.subscriber.filters.repeat_hours:g} hours while it lasts"


def look_at(case: Case, now: datetime) -> datetime | None:
    """Tell when the passing of time may change what is due, though nothing happens."""
    incident = case.incident
    waiting = (each.subscriber.filters.quiet_hours for each in case.decisions if each.told.put_off)
    ends = [hours.over_at(now) for hours in waiting if hours]
    ends += [incident.silenced_until] if incident.silenced_until else []
    ends += [incident.reopened_at + FLAPPING] if incident.reopened_at and incident.is_open else []
    return min((end for end in ends if end > now), default=None)


def tell_delayed(session: Session, waiting: Sequence[tuple[Case, Decision]], now: datetime) -> None:
    """Tell a subscriber what waited for the end of its quiet hours, in one notice."""
    subscriber = waiting[0][1].subscriber
    notices = [notice_of(each.incident, subscriber, each.stage, now) for _, each in waiting if each.stage]
    if len(notices) == 1:
        tell(session, subscriber, notices[0], now, waiting[0][0].id)
        return
    # It belongs to several incidents, so to none.
    tell(session, subscriber, summarise(notices, id=notices[0].id, at=now), now)
