"""What a channel gets, and all it gets: an event in words, in the stage its incident has reached."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from notifications.events import Event, EventType, Severity


class Stage(StrEnum):
    """Where an incident stands when people are told of it."""

    OPENED = "opened"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    SINGLE = "single"


class Notice(BaseModel):
    """One message. ``id`` is the same in every attempt to deliver it; ``thread`` in all messages of an incident."""

    model_config = ConfigDict(frozen=True)

    id: str
    thread: str
    event: EventType
    stage: Stage
    severity: Severity
    tenant: str
    title: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    records: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    guide: str = ""
    link: str = ""
    at: AwareDatetime


_HEADINGS = {
    Stage.ESCALATED: "Still failing: {}",
    Stage.REPEATED: "Still open: {}",
    Stage.RESOLVED: "Resolved: {}",
}


def compose(
    event: Event,
    *,
    id: str,  # noqa: A002 - the name of the field
    thread: str,
    stage: Stage = Stage.SINGLE,
    count: int = 1,
    open_for: timedelta | None = None,
    guide_url: str = "",
) -> Notice:
    """Put an event into words: ``count`` is how often its cause has struck, ``open_for`` how long it has lasted."""
    fields = [
        ("Tenant", event.tenant),
        ("Connection", event.connection or ""),
        ("System", event.system or ""),
        ("Route", event.route),
        ("Schedule", event.schedule),
        ("Kind of record", event.kind or ""),
        ("Records", f"{event.record_count:,}" if event.record_count else ""),
        ("Times", f"{count:,}" if count > 1 else ""),
        ("Since", duration(open_for) if open_for else ""),
        ("Run", str(event.run_id or "")),
        *event.details.items(),
    ]
    advice = None if stage is Stage.RESOLVED else event.advice
    cause = f"\n\n{advice.cause}" if advice and advice.cause not in event.message else ""
    return Notice(
        id=id,
        thread=thread,
        event=event.type,
        stage=stage,
        severity=Severity.INFO if stage is Stage.RESOLVED else event.severity,
        tenant=event.tenant,
        title=_HEADINGS.get(stage, "{}").format(event.title),
        text=event.message + cause,
        fields=tuple((name, value) for name, value in fields if value),
        records=() if stage is Stage.RESOLVED else event.records,
        steps=advice.steps if advice else (),
        guide=f"{guide_url}#{advice.topic}" if advice and guide_url else "",
        link=event.record_link or event.run_link,
        at=event.at,
    )


def duration(span: timedelta) -> str:
    """Write a span of time as people say it: ``2 h 5 min``, ``3 days 4 h``, ``40 s``."""
    seconds = int(span.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{seconds} s"
