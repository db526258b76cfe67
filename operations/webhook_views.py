"""How the webhooks of a connection are shown to people and programs."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict

from db.ledger.arrival_counts import DayCount, Delays
from db.models.arrivals import ArrivalState, WebhookState
from domain.inputs import Flag
from domain.keys import ConnectionName, System


class Webhooks(BaseModel):
    """The webhooks of one connection.

    ``loss_rate`` is the share of changes, found by walks through the shop, of which no webhook had told;
    ``median_seconds`` and ``p95_seconds`` run from arrival until every target had it. Both are over 30 days, and null
    where there is nothing to reckon with. ``waits_because`` says why what arrived is not carried on just now.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "connection": "shop", "system": "woocommerce", "state": "active", "problem": "",
                    "waits_because": "",
                    "address": "https://sync.example.org/api/webhooks/woocommerce/0b8f6c1e-3f0e-4f57-9f0a-0c5d8b1c2d3e",
                    "is_on": True, "registered_at": "2026-11-23T12:00:00Z", "checked_at": "2026-11-23T13:00:00Z",
                    "repaired_at": None, "repairs": 0, "greeted_at": "2026-11-23T12:00:00Z",
                    "last_arrival_at": "2026-11-23T13:30:00Z", "former_secret_until": None, "pending": 0, "failed": 0,
                    "loss_rate": 0.02, "median_seconds": 1.4, "p95_seconds": 2.3,
                }
            ]
        },
    )  # fmt: skip

    connection: ConnectionName
    system: System
    state: WebhookState
    problem: str
    waits_because: str
    address: str
    is_on: bool
    registered_at: AwareDatetime | None
    checked_at: AwareDatetime | None
    repaired_at: AwareDatetime | None
    repairs: int
    greeted_at: AwareDatetime | None
    last_arrival_at: AwareDatetime | None
    former_secret_until: AwareDatetime | None
    pending: int
    failed: int
    loss_rate: float | None
    median_seconds: float | None
    p95_seconds: float | None


class Statistics(BaseModel):
    """What came from a connection, day by day, and what was found changed without having been told of."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "connection": "shop", "loss_rate": 0.02, "changes": 50, "missed": 1,
                    "delays": {"carried": 120, "median": 1.4, "p95": 2.3},
                    "days": [
                        {
                            "day": "2026-11-23", "received": 130, "repeated": 4, "ignored": 6, "refused": 0, "stale": 0,
                            "changes": 50, "missed": 1, "last_at": "2026-11-23T13:30:00Z",
                        }
                    ],
                }
            ]
        },
    )  # fmt: skip

    connection: ConnectionName
    loss_rate: float | None
    changes: int
    missed: int
    delays: Delays
    days: tuple[DayCount, ...]


class ArrivalView(BaseModel):
    """Something that was told, and what became of it.

    ``message`` says why it waits, failed or is ignored; ``attempts`` counts the failures that nobody foresaw, of all
    targets.
    """

    model_config = ConfigDict(
        frozen=True,
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 17, "topic": "order.updated", "kind": "order", "record_id": "528", "state": "done",
                    "message": "", "count": 2, "changed_at": "2026-11-23T12:56:48Z",
                    "first_seen": "2026-11-23T12:56:49Z",
                    "last_seen": "2026-11-23T12:56:50Z", "attempts": 0, "done_at": "2026-11-23T12:56:51Z",
                    "flow_run_id": "0199c2a4-6a2c-7b1e-9f0e-2f6f0c9f8d11",
                }
            ]
        },
    )  # fmt: skip

    id: int
    topic: str
    kind: str
    record_id: str
    state: ArrivalState
    message: str
    count: int
    changed_at: AwareDatetime | None
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    attempts: int
    done_at: AwareDatetime | None
    flow_run_id: str | None


class WebhookSwitch(BaseModel):
    """Whether the tenant's webhooks count."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"is_on": True}]})

    is_on: Flag
