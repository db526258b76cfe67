"""What distinguishes one route from another; everything else is the walk they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from prefect.tasks import Task

from config.open_run import OpenRun
from domain.keys import ConnectionName, RecordKey
from domain.records import Page
from domain.writes import Plan
from tasks.sealed import Sealed

MapPage = Task[[Any, Any, Sealed[Page]], Sealed[Plan]]


class PlanGone(Protocol):
    """Decides what becomes of records that the source no longer has."""

    def __call__(self, gone: Iterable[RecordKey], *, target: ConnectionName) -> Plan:
        """Give the plan for these records."""


@dataclass(frozen=True)
class Route:
    """How a route turns pages into plans.

    ``map_page`` plans ``records_at_once`` records at a time, ``plan_gone`` those that vanished. ``rules`` names what
    decides which records are skipped; other rules plan them again.
    """

    name: str
    map_page: MapPage
    plan_gone: PlanGone
    records_at_once: int
    rules: Callable[[OpenRun], str]
