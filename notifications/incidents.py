"""When people are told of what lasts: decisions about one incident, without a clock, a database or a channel.

An incident says what is: it opens with the first failure, grows, is resolved by a success and, while it flaps, opens
again. ``Told`` says what one configuration believes of it. A notice is due where the two differ, so what was put off
is told as soon as nothing stands against it any more, and nothing is told twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from notifications.events import LARGEST_SAMPLE, Event, EventType, Severity
from notifications.notice import Stage
from notifications.rules import NoticeFilters

FLAPPING = timedelta(minutes=10)
"""Failing again so soon after a success is the same incident, and only worth a word when it lasts as long."""


class Incident(BaseModel):
    """All failures of one cause until something succeeds; ``event`` is the latest, with the sample of all.

    ``count`` says how often it struck. ``reopened_at`` is when it last began again while it flapped, ``heard`` whether
    it has struck since while no lost authorization drowned it.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    event: Event
    count: int = 1
    heard: bool = True
    opened_at: AwareDatetime
    reopened_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: AwareDatetime | None = None
    silenced_by: str = ""
    silenced_until: AwareDatetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.resolved_at is None

    def takes(self, now: datetime) -> bool:
        """Whether a failure of its cause belongs to it: as long as it is open, and shortly after."""
        return self.resolved_at is None or now - self.resolved_at < FLAPPING

    def lasted(self, now: datetime) -> timedelta:
        """How long it has been open, or was."""
        return max(timedelta(0), (self.resolved_at or now) - self.opened_at)


class Told(BaseModel):
    """What one configuration was told of an incident, and when last.

    ``open`` is whether it must believe that the incident is open, ``count`` how often it had struck by then.
    ``put_off`` is set while quiet hours hold a notice back: what is due for several such incidents at once may be
    told in one summary.
    """

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime | None = None
    open: bool = False
    escalated: bool = False
    count: int = 0
    put_off: bool = False


def begin(id: str, event: Event, now: datetime, *, muted: bool = False) -> Incident:  # noqa: A002 - the field's name
    """Open an incident with its first failure."""
    return Incident(id=id, event=event, opened_at=now, heard=not muted)


def strike(incident: Incident, event: Event, now: datetime, *, muted: bool = False) -> Incident:
    """Add a failure; an incident that was resolved shortly before is open again.

    With ``muted`` the authorization of its connection is lost, which is told instead.
    """
    latest: dict[str, object] = {
        "records": tuple(dict.fromkeys((*incident.event.records, *event.records)))[:LARGEST_SAMPLE]
    }
    if incident.is_open:
        # Another schedule may have met the same cause for the first time.
        latest["failures_in_row"] = max(incident.event.failures_in_row, event.failures_in_row)
    grown: dict[str, object] = {
        "event": event.model_copy(update=latest),
        "count": incident.count + 1,
        "heard": (incident.is_open and incident.heard) or not muted,
    }
    if not incident.is_open:
        grown |= {"resolved_at": None, "reopened_at": now}
    return incident.model_copy(update=grown)


def resolve(incident: Incident, now: datetime) -> Incident:
    """End it with a success; one that is resolved stays as it is."""
    return incident.model_copy(update={"resolved_at": now}) if incident.is_open else incident


def acknowledge(incident: Incident, who: str, now: datetime) -> Incident:
    """Note that somebody knows: it is told no more again and again."""
    return incident.model_copy(update={"acknowledged_by": who, "acknowledged_at": now})


def silence(incident: Incident, who: str, until: datetime | None) -> Incident:
    """Keep still about it until a moment, or no longer."""
    return incident.model_copy(update={"silenced_by": who if until else "", "silenced_until": until})


def mutes(incident: Incident, event: Event) -> bool:
    """Whether it explains an event: as long as authorization is lost, everything else of the connection fails too."""
    lost = incident.event
    return (
        incident.is_open
        and lost.type is EventType.RECONNECT_NEEDED
        and event.type is not EventType.RECONNECT_NEEDED
        and event.connection is not None
        and (lost.tenant, lost.connection) == (event.tenant, event.connection)
    )


def beside_worse(incident: Incident) -> Incident:
    """Give it as it matters while another cause of the same runs is told as critical: for itself, and no more."""
    return incident.model_copy(update={"event": incident.event.model_copy(update={"failures_in_row": 0})})


def severity(incident: Incident, filters: NoticeFilters) -> Severity:
    """Give how much it matters to a configuration: an incident that reached its threshold is critical."""
    return Severity.CRITICAL if incident.event.failures_in_row >= filters.threshold else incident.event.severity


def judge(
    incident: Incident, told: Told, filters: NoticeFilters, now: datetime, *, muted: bool = False
) -> tuple[Told, Stage | None]:
    """Decide which notice, if any, a configuration is due after a failure, a success or the passing of time.

    Give what it is told by then. ``muted`` says that the authorization of the connection is lost at present.
    """
    stage = _news(incident, told, filters, now, muted)
    if stage is None or _is_silenced(incident, now):
        return told.model_copy(update={"put_off": False}) if stage is None else told, None
    weight = Severity.INFO if stage is Stage.RESOLVED else severity(incident, filters)
    if filters.quiet(weight, now):
        return told.model_copy(update={"put_off": True}), None
    return _after(told, stage, incident, now), stage


def suppressed(incident: Incident, told: Told) -> int:
    """Count the failures since the last notice: those that a configuration heard nothing of."""
    return incident.count - told.count


def _news(incident: Incident, told: Told, filters: NoticeFilters, now: datetime, muted: bool) -> Stage | None:
    if not incident.is_open:
        return Stage.RESOLVED if told.open else None
    if muted or not incident.heard or not _concerns(incident, filters):
        return None
    if incident.event.failures_in_row >= filters.threshold and not told.escalated:
        return Stage.ESCALATED
    if not told.open:
        return _beginning(incident, told, now)
    return Stage.REPEATED if _is_worth_repeating(incident, told, filters, now) else None


def _beginning(incident: Incident, told: Told, now: datetime) -> Stage | None:
    if told.at is None:
        return Stage.OPENED
    flaps = incident.reopened_at is not None and now - incident.reopened_at < FLAPPING
    return None if flaps else Stage.REPEATED


def _is_worth_repeating(incident: Incident, told: Told, filters: NoticeFilters, now: datetime) -> bool:
    return (
        told.at is not None
        and now - told.at >= timedelta(hours=filters.repeat_hours)
        and incident.count > told.count
        and incident.acknowledged_at is None
    )


def _concerns(incident: Incident, filters: NoticeFilters) -> bool:
    return filters.admit(incident.event.model_copy(update={"severity": severity(incident, filters)}))


def _is_silenced(incident: Incident, now: datetime) -> bool:
    return incident.silenced_until is not None and now < incident.silenced_until


def _after(told: Told, stage: Stage, incident: Incident, now: datetime) -> Told:
    return Told(
        at=now,
        open=stage is not Stage.RESOLVED,
        # What begins again after its end may become critical again.
        escalated=stage is not Stage.RESOLVED and (told.escalated or stage is Stage.ESCALATED),
        count=incident.count,
    )
