"""Figures of a tenant over a window, as programs and people are told them."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from domain.keys import ConnectionName, Kind
from domain.sync import RunState, Tally

EXAMPLE: JsonDict = {
    "at": "2026-07-16T12:00:00Z",
    "since": "2026-06-16T12:00:00Z",
    "total": {
        "read": 320, "created": 300, "updated": 12, "unchanged": 5, "skipped": 2, "failed": 1, "waiting": 0
    },
    "errors": 1,
    "kinds": [
        {
            "kind": "order",
            "tally": {
                "read": 320, "created": 300, "updated": 12, "unchanged": 5, "skipped": 2, "failed": 1, "waiting": 0
            },
            "errors": 1,
            "milliseconds": {"measured": 313, "p50": 640.0, "p95": 1800.0, "p99": 2400.0},
        }
    ],
    "runs": {
        "by_state": {"completed": 19, "failed": 1},
        "success_rate": 0.95,
        "seconds": {"measured": 19, "p50": 4.2, "p95": 9.0, "p99": 11.5},
    },
    "routes": [
        {
            "route": "woocommerce-to-quickbooks", "source": "shop", "target": "books",
            "last_run_at": "2026-07-16T11:45:00Z", "last_state": "completed",
            "last_success_at": "2026-07-16T11:45:08Z", "success_age_seconds": 892.0,
        }
    ],
    "calls": [
        {
            "connection": "books", "reads": 4200, "writes": 610, "reads_forecast": 8400, "writes_forecast": 1220,
            "reads_allowed": 500000,
        }
    ],
    "owed": [{"target": "books", "kind": "order", "count": 1, "oldest_seconds": 86400.0}],
    "webhooks_waiting": 0,
    "progress": [
        {
            "source": "shop", "target": "books", "kind": "order", "at": "2026-07-16T11:40:00Z", "age_seconds": 1200.0
        }
    ],
}  # fmt: skip


class Durations(BaseModel):
    """How long something took: half of it at most ``p50``, and so on; None when nothing was measured."""

    model_config = ConfigDict(frozen=True)

    measured: int
    p50: float | None
    p95: float | None
    p99: float | None


class KindFigures(BaseModel):
    """What became of the records of one kind; ``errors`` are entries of the log at that level."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    tally: Tally
    errors: int
    milliseconds: Durations = Field(description="Per write; see milliseconds in /api/sync/history.")


class RunFigures(BaseModel):
    """How runs ended; ``success_rate`` is of those that were not cancelled, None when there are none."""

    model_config = ConfigDict(frozen=True)

    by_state: dict[RunState, int]
    success_rate: float | None
    seconds: Durations = Field(description="Of completed runs.")


class Calls(BaseModel):
    """Calls to one system since the first of this month, UTC, and where the month will end if it goes on like this."""

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    reads: int
    writes: int
    reads_forecast: int
    writes_forecast: int
    reads_allowed: int | None = Field(description="Per month where the vendor meters it, in its smallest tier.")


class Owed(BaseModel):
    """Records that could not be written to a target so far."""

    model_config = ConfigDict(frozen=True)

    target: ConnectionName
    kind: Kind
    count: int
    oldest_seconds: float


class Progress(BaseModel):
    """Up to which moment of the source everything is in the target."""

    model_config = ConfigDict(frozen=True)

    source: ConnectionName
    target: ConnectionName
    kind: Kind
    at: AwareDatetime
    age_seconds: float


class RouteFigures(BaseModel):
    """How a route last ran between two connections, and when it last ran to its end."""

    model_config = ConfigDict(frozen=True)

    route: str
    source: ConnectionName
    target: ConnectionName
    last_run_at: AwareDatetime
    last_state: RunState
    last_success_at: AwareDatetime | None
    success_age_seconds: float | None


class Metrics(BaseModel):
    """The figures of a tenant over a window; dry runs are not among them."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    at: AwareDatetime
    since: AwareDatetime
    total: Tally
    errors: int
    kinds: tuple[KindFigures, ...]
    runs: RunFigures
    routes: tuple[RouteFigures, ...]
    calls: tuple[Calls, ...]
    owed: tuple[Owed, ...]
    webhooks_waiting: int
    progress: tuple[Progress, ...]
