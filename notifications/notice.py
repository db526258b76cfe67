"""What a channel gets, and all it gets: an event in words, in the stage its incident has reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from notifications.events import Event, EventType, Severity


class Stage(StrEnum):
    """Where an incident stands when people are told of it; ``single`` is no incident, ``summary`` several."""

    OPENED = "opened"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    SINGLE = "single"
    SUMMARY = "summary"


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


LONGEST_SUMMARY = 20
"""How many notices a summary names; it says how many more there are."""

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
    severity: Severity | None = None,
    count: int = 1,
    open_for: timedelta = timedelta(0),
    guide_url: str = "",
) -> Notice:
    """Put an event into words.

    ``count`` is how often its cause has struck, ``open_for`` how long the incident has lasted, ``severity`` what
    ``incidents.severity`` makes of that of the event, ``guide_url`` the address of the troubleshooting guide.
    """
    # Longer than most functions are because a notice has many fields, each named once.
    over = stage is Stage.RESOLVED
    advice = None if over else event.advice
    if over:
        severity = Severity.INFO
    severity = severity or event.severity
    return Notice(
        id=id,
        thread=thread,
        event=event.type,
        stage=stage,
        severity=severity,
        tenant=event.tenant,
        title=_HEADINGS.get(stage, "{}").format(event.title),
        text=_text(event, stage, count, open_for),
        fields=_fields(event, severity, over),
        records=() if over else event.records,
        steps=advice.steps if advice else (),
        guide=f"{guide_url}#{advice.topic}" if advice and guide_url else "",
        link=event.record_link or event.run_link,
        at=event.at,
    )


def summarise(notices: Sequence[Notice], *, id: str, at: AwareDatetime) -> Notice:  # noqa: A002 - as in compose
    """Put several notices that waited for the end of quiet hours into one; each keeps title, connection and link."""
    worst = max(notices, key=lambda notice: list(Severity).index(notice.severity))
    lines = [f"{number}. {_in_short(notice)}" for number, notice in enumerate(notices[:LONGEST_SUMMARY], start=1)]
    if more := len(notices) - len(lines):
        lines.append(f"... and {more:,} more")
    return Notice(
        id=id,
        thread=id,
        event=worst.event,
        stage=Stage.SUMMARY,
        severity=worst.severity,
        tenant=worst.tenant,
        title=f"{len(notices)} notices from the quiet hours",
        text="\n".join(lines),
        fields=(("Tenant", worst.tenant), ("Severity", worst.severity)),
        at=at,
    )


def duration(span: timedelta) -> str:
    """Write a span of time as people say it: ``2 h 5 min``, ``3 days 4 h``, ``40 s``."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{seconds} s"


def _text(event: Event, stage: Stage, count: int, open_for: timedelta) -> str:
    struck = f"{count:,} time{'s' if count > 1 else ''}"
    if stage is Stage.RESOLVED:
        return f"It is over. It lasted {duration(open_for)} and struck {struck}."
    parts = [event.message]
    if stage is Stage.ESCALATED:
        parts.insert(0, f"It failed {event.failures_in_row:,} times in a row.")
    if stage is Stage.REPEATED:
        parts.insert(0, f"It has been open for {duration(open_for)} and struck {struck}.")
    if event.advice and event.advice.cause not in event.message:
        parts.append(event.advice.cause)
    return "\n\n".join(part for part in parts if part)


def _fields(event: Event, severity: Severity, over: bool) -> tuple[tuple[str, str], ...]:
    ours = {
        "Tenant": event.tenant,
        "Severity": severity.value,
        "Connection": event.connection or "",
        "System": event.system or "",
        "Route": event.route,
        "Schedule": event.schedule,
        "Kind of record": event.kind or "",
        "Error type": event.error_type,
        "Records": f"{event.record_count:,}" if event.record_count else "",
        "Run": str(event.run_id or ""),
    }
    known = {name: value for name, value in ours.items() if value}
    return tuple((known if over else known | event.details | known).items())


def _in_short(notice: Notice) -> str:
    where = dict(notice.fields).get("Connection", "")
    return f"{notice.title}" + (f" ({where})" if where else "") + (f": {notice.link}" if notice.link else "")
