"""What people can be told of: events as data, before anybody decides who is told and how."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.keys import ConnectionName, Kind, System, TenantName
from notifications.advice import Advice

LARGEST_SAMPLE = 10
"""How many record keys an event names; the count says how many there are."""


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


class Event(BaseModel):
    """Something that happened to one tenant.

    ``kind`` is the kind of records it concerns and ``error_type`` the topic of its advice; an event without one of them
    passes every filter on it. ``records`` is a sample, ``record_count`` how many there are. ``rejected_percent`` is the
    part of the records read that was rejected.
    """

    model_config = ConfigDict(frozen=True)

    type: EventType
    tenant: TenantName
    severity: Severity
    title: str = Field(max_length=300)
    message: str = Field(max_length=4_000)
    at: AwareDatetime
    connection: ConnectionName | None = None
    system: System | None = None
    route: str = ""
    schedule: str = ""
    kind: Kind | None = None
    error_type: str = ""
    records: tuple[str, ...] = Field(default=(), max_length=LARGEST_SAMPLE)
    record_count: int = 0
    rejected_percent: float | None = None
    run_id: UUID | None = None
    details: dict[str, str] = {}
    advice: Advice | None = None
    run_link: str = ""
    record_link: str = ""

    @property
    def cause(self) -> str:
        """Name what incidents are opened for: events of one cause are one incident."""
        parts = (self.type, self.connection or "", self.kind or "", self.error_type)
        return "/".join(parts)
