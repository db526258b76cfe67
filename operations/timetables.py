"""Schedules as people say and see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from config.cron import due_times
from config.routes import RouteName
from db.ledger.schedules import ScheduleName, StoredSchedule
from domain.inputs import Line
from domain.keys import ConnectionName, Kind
from domain.sync import Mode

NEXT_RUNS = 5
Cron = Annotated[str, StringConstraints(min_length=9, max_length=100, pattern=r"^[0-9A-Za-z*/,\- ]+$")]


class Timing(BaseModel):
    """What a schedule runs, and when."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "route": "woocommerce-to-quickbooks",
                    "source": "shop",
                    "target": "books",
                    "mode": "incremental",
                    "cron": "*/15 * * * *",
                    "time_zone": "Europe/Berlin",
                }
            ]
        },
    )

    route: RouteName
    source: ConnectionName = "shop"
    target: ConnectionName | None = Field(default=None, description="books or warehouse, as the route goes.")
    mode: Mode = Mode.INCREMENTAL
    kinds: tuple[Kind, ...] = Field(default=(), max_length=len(Kind), description="All of the route when left out.")
    cron: Cron = Field(description="Minute, hour, day, month, day of the week; runs at least 5 minutes apart.")
    time_zone: Line = Field(default="UTC", description="IANA name of the zone that the times are in.")
    paused: bool = False


class ScheduleWish(Timing):
    """A schedule that is wanted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "books-every-15-minutes",
                    "route": "woocommerce-to-quickbooks",
                    "cron": "*/15 * * * *",
                    "time_zone": "Europe/Berlin",
                }
            ]
        }
    )

    name: ScheduleName


class Schedule(BaseModel):
    """A schedule as it stands.

    ``mirrored`` tells whether Prefect knows it in this form, ``problem`` why it could not be told just now;
    ``next_due`` is when the next run is to have begun.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "books-every-15-minutes",
                    "route": "woocommerce-to-quickbooks",
                    "source": "shop",
                    "target": "books",
                    "mode": "incremental",
                    "kinds": ["order", "refund"],
                    "cron": "*/15 * * * *",
                    "time_zone": "Europe/Berlin",
                    "paused": False,
                    "mirrored": True,
                    "next_due": "2026-03-01T08:15:00Z",
                    "next_runs": ["2026-03-01T08:15:00Z", "2026-03-01T08:30:00Z"],
                    "created_by": "user:ann@example.org",
                    "created_at": "2026-03-01T08:00:00Z",
                    "updated_at": "2026-03-01T08:00:00Z",
                }
            ]
        },
    )

    name: ScheduleName
    route: str
    source: ConnectionName
    target: ConnectionName
    mode: Mode
    kinds: tuple[Kind, ...]
    cron: str
    time_zone: str
    paused: bool
    mirrored: bool
    problem: str | None = None
    next_due: AwareDatetime | None
    next_runs: tuple[AwareDatetime, ...]
    created_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


def shown(stored: StoredSchedule) -> Schedule:
    """Give the schedule as everybody of the tenant may see it."""
    times = [] if stored.paused else due_times(stored.cron, stored.zone, datetime.now(UTC), NEXT_RUNS)
    return Schedule(
        name=stored.name,
        route=stored.route,
        source=stored.source_connection,
        target=stored.target_connection,
        mode=stored.mode,
        kinds=stored.kinds,
        cron=stored.cron,
        time_zone=stored.zone,
        paused=stored.paused,
        mirrored=stored.mirrored == stored.version,
        next_due=stored.next_due,
        next_runs=tuple(times),
        created_by=stored.created_by,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )
