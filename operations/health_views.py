"""How connections are, as anybody of their tenant may see it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.keys import ConnectionName, System
from operations.webhook_views import Webhooks


class Condition(StrEnum):
    """How a connection is, in one word."""

    WELL = "well"
    FAILING = "failing"
    UNTRIED = "untried"
    OFF = "off"
    RECONNECT = "reconnect"
    SEALED = "sealed"


class Authentication(StrEnum):
    """Whether the other side lets us in, as far as we know."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOST = "lost"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


class Expiry(BaseModel):
    """When tokens end, and how many seconds are left; ``consent`` is when a person must consent anew in any case."""

    model_config = ConfigDict(frozen=True)

    access_expires_at: AwareDatetime | None = None
    access_seconds_left: int | None = None
    refresh_expires_at: AwareDatetime | None = None
    refresh_seconds_left: int | None = None
    consent_expires_at: AwareDatetime | None = None
    consent_seconds_left: int | None = None


class ConnectionStatus(BaseModel):
    """Whether a connection can be used, and if not, what to do, in one sentence."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {"name": "berlin-shop", "system": "woocommerce", "condition": "well", "works": True, "sentence": ""}
            ]
        },
    )

    name: ConnectionName
    system: System
    condition: Condition
    works: bool | None
    sentence: str


class ConnectionHealth(ConnectionStatus):
    """All that is known of how a connection is.

    ``latency`` (of the last check) and ``clock_ahead`` are in seconds; the queue is what waits to be written.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "books",
                    "system": "quickbooks",
                    "condition": "well",
                    "works": True,
                    "sentence": "",
                    "warnings": [],
                    "authentication": "accepted",
                    "key_id": "3f1c0d9a77be",
                    "expiry": {
                        "access_expires_at": "2026-03-01T09:00:00Z",
                        "access_seconds_left": 3412,
                        "refresh_expires_at": "2026-06-09T08:00:00Z",
                        "refresh_seconds_left": 8726212,
                        "consent_expires_at": "2031-02-28T08:00:00Z",
                        "consent_seconds_left": 157679812,
                    },
                    "checked_at": "2026-03-01T08:03:08Z",
                    "place": "Example GmbH",
                    "api_version": "v3, minor version 75",
                    "clock_ahead": 0.4,
                    "latency": 0.31,
                    "last_success_at": "2026-03-01T08:03:08Z",
                    "last_failure_at": None,
                    "last_failure": "",
                    "queue_size": 0,
                    "queue_oldest_at": None,
                    "queue_age_seconds": None,
                    "webhooks": None,
                }
            ]
        },
    )

    warnings: tuple[str, ...]
    authentication: Authentication
    key_id: str
    expiry: Expiry | None
    checked_at: AwareDatetime | None
    place: str
    api_version: str
    clock_ahead: float | None
    latency: float | None
    last_success_at: AwareDatetime | None
    last_failure_at: AwareDatetime | None
    last_failure: str
    queue_size: int
    queue_oldest_at: AwareDatetime | None
    queue_age_seconds: int | None
    webhooks: Webhooks | None
