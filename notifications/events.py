"""What people can be told of: events as data, before anybody decides who is told and how."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from domain.keys import ConnectionName, Kind, System, TenantName
from domain.masking import mask
from notifications.advice import Advice

LARGEST_SAMPLE = 10
"""How many record keys an event names; the count says how many there are."""

MOST_DETAILS = 10

# They let text read otherwise than it is written.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Severity(StrEnum):
    """How much it matters; ``reaches`` compares."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    def reaches(self, least: Severity) -> bool:
        """Whether this is at least as severe."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


class EventType(StrEnum):
    """What happened."""

    SYNC_FAILED = "sync_failed"
    SYNC_CRASHED = "sync_crashed"
    SYNC_CANCELLED = "sync_cancelled"
    RECORDS_REJECTED = "records_rejected"
    RATE_LIMITED = "rate_limited"
    CONNECTION_FAILED = "connection_failed"
    RECONNECT_NEEDED = "reconnect_needed"
    CONSECUTIVE_FAILURES = "consecutive_failures"
    RECOVERED = "recovered"
    SYNC_STALE = "sync_stale"
    WEBHOOK_DISABLED = "webhook_disabled"
    CHANNEL_SWITCHED_OFF = "channel_switched_off"
    TEST = "test"

    @property
    def opens_incident(self) -> bool:
        """Whether it lasts until something succeeds; the others are told once each."""
        return self not in _PASSING


_PASSING = frozenset(
    {EventType.SYNC_CANCELLED, EventType.RECOVERED, EventType.CHANNEL_SWITCHED_OFF, EventType.TEST}
)  # fmt: skip


def tellable(text: str, longest: int, *, on_one_line: bool = False) -> str:
    """Make a text fit to be told: no secrets, nothing invisible that acts, at most so many characters."""
    if len(text) > 2 * longest:
        # Masking takes time that grows with the square of the length; half a secret would not be seen as one.
        text = text[: 2 * longest].rsplit(None, 1)[0]
    text = "".join(character for character in text if _is_text(character))
    text = " ".join(text.split()) if on_one_line else text.strip()
    while (masked := _cut(mask(text), longest)) != text:
        # A number cut short may only now look like that of a phone.
        text = masked
    return text


def _is_text(character: str) -> bool:
    return character in "\n\t" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNING)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _lines(longest: int) -> BeforeValidator:
    return _wherever_text(lambda text: tellable(text, longest))


def _line(longest: int) -> BeforeValidator:
    return _wherever_text(lambda text: tellable(text, longest, on_one_line=True))


def _wherever_text(change: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda given: change(given) if isinstance(given, str) else given)


def _web_address(given: object) -> object:
    """Give an address that no mark-up can be hidden in; none for what is no address of the web."""
    if not isinstance(given, str):
        return given
    address = quote(given, safe="%/:?#[]@!$&'()*+,;=~-._", errors="replace")
    return address if address.startswith(("https://", "http://")) and len(address) <= 1_000 else ""


def _first_records(given: Any) -> Any:
    return tuple(given)[:LARGEST_SAMPLE] if isinstance(given, list | tuple) else given


def _first_details(given: object) -> object:
    return dict(islice(given.items(), MOST_DETAILS)) if isinstance(given, Mapping) else given


Name = Annotated[str, _line(200)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Details = Annotated[dict[Annotated[str, _line(60)], Annotated[str, _line(1_000)]], BeforeValidator(_first_details)]


class Event(BaseModel):
    """Something that happened to one tenant; whatever text it is made of is masked, cleaned and cut, never refused.

    ``kind`` is the kind of records it concerns and ``error_type`` the topic of its advice; an event without one of them
    passes every filter on it. ``records`` is a sample, ``record_count`` how many there are. ``rejected_percent`` is the
    part of the records read that was rejected. ``failures_in_row`` counts the runs of the same route and schedule that
    failed without a success between them, this one included.
    """

    model_config = ConfigDict(frozen=True)

    type: EventType
    tenant: TenantName
    severity: Severity
    title: Annotated[str, _line(300)]
    message: Annotated[str, _lines(4_000)]
    at: AwareDatetime
    connection: ConnectionName | None = None
    system: System | None = None
    route: Name = ""
    schedule: Name = ""
    kind: Kind | None = None
    error_type: Name = ""
    records: Annotated[tuple[Name, ...], BeforeValidator(_first_records)] = ()
    record_count: int = Field(default=0, ge=0)
    rejected_percent: float | None = None
    failures_in_row: int = Field(default=0, ge=0)
    run_id: UUID | None = None
    details: Details = {}
    advice: Advice | None = None
    run_link: WebAddress = ""
    record_link: WebAddress = ""

    @property
    def cause(self) -> str:
        """Name what incidents of a tenant are opened for: events of one cause are one incident."""
        parts = (self.type, self.connection or "", self.kind or "", self.error_type)
        return "/".join(parts)
