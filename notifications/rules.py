"""Who wants to be told of what, and when: the filters of a configuration."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    WithJsonSchema,
    model_validator,
)

from domain.inputs import Line
from domain.keys import Kind, System
from notifications.events import Event, Severity

# Looking for them reads hundreds of files.
_zones = cache(available_timezones)


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("name a time zone such as Europe/Berlin")
    return name


_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _on_the_clock(given: object) -> object:
    # A number would be taken for seconds since midnight, which nobody means.
    if (isinstance(given, time) and not given.tzinfo) or (isinstance(given, str) and re.fullmatch(_CLOCK, given)):
        return given
    raise ValueError("write it like 22:00; the time zone has a field of its own")


LocalTime = Annotated[
    time, BeforeValidator(_on_the_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK, "examples": ["22:00"]})
]


class QuietHours(BaseModel):
    """Between ``begin`` and ``end``, perhaps over midnight, in a time zone, only what is critical is told."""

    # What is shown is what may be sent: one schema describes both.
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_mode_override="validation")

    begin: LocalTime
    end: LocalTime
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"

    @model_validator(mode="after")
    def _have_a_length(self) -> QuietHours:
        if self.begin == self.end:
            raise ValueError("quiet hours begin and end at the same time; leave them out instead")
        return self

    def include(self, moment: datetime) -> bool:
        """Whether the moment lies within; the beginning does, the end does not."""
        now = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def over_at(self, moment: datetime) -> datetime:
        """Give the first end of quiet hours after a moment, in UTC."""
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        # Where clocks are set, the end of today may already be over, or not be yet.
        ends = [datetime.combine(today + timedelta(days=days), self.end, zone).astimezone(UTC) for days in range(3)]
        return next(end for end in ends if end > moment)


class NoticeFilters(BaseModel):
    """What a configuration lets through; an empty list lets everything through.

    An event that does not have an attribute passes the filter on it. ``threshold`` is the number of failures in a row
    at which an incident is escalated, ``rejected_percent`` the part of records rejected below which a run that went
    through is no news, ``repeat_hours`` the time after which an open incident is told of again.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_mode_override="validation",
        json_schema_extra={
            "examples": [
                {
                    "minimum_severity": "error",
                    "systems": ["quickbooks"],
                    "kinds": ["order", "refund"],
                    "quiet_hours": {"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin"},
                    "threshold": 3,
                    "rejected_percent": 5,
                }
            ]
        },
    )

    minimum_severity: Severity = Severity.WARNING
    systems: tuple[System, ...] = ()
    kinds: tuple[Kind, ...] = ()
    error_types: tuple[Line, ...] = Field(default=(), max_length=200)
    quiet_hours: QuietHours | None = None
    threshold: Annotated[int, Strict()] = Field(default=3, ge=1, le=100)
    rejected_percent: Annotated[float, Strict()] = Field(default=0, ge=0, le=100)
    repeat_hours: Annotated[float, Strict()] = Field(default=4, ge=0.25, le=168)

    def admit(self, event: Event) -> bool:
        """Whether the event is of interest; quiet hours only put it off and are asked for apart."""
        return (
            event.severity.reaches(self.minimum_severity)
            and _wanted(self.systems, event.system)
            and _wanted(self.kinds, event.kind)
            and _wanted(self.error_types, event.error_type or None)
            and (event.rejected_percent is None or event.rejected_percent >= self.rejected_percent)
        )

    def quiet(self, severity: Severity, moment: datetime) -> bool:
        """Whether to wait with a notice of this severity; what is critical never waits."""
        hours = self.quiet_hours
        return hours is not None and severity is not Severity.CRITICAL and hours.include(moment)


def _wanted(wanted: tuple[object, ...], value: object | None) -> bool:
    return not wanted or value is None or value in wanted
