"""What distinguishes one route from another; everything else is the walk they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect.tasks import Task

from domain.records import Page
from domain.writes import Plan
from tasks.sealed import Sealed

MapPage = Task[[Any, Any, Sealed[Page]], Sealed[Plan]]


@dataclass(frozen=True)
class Route:
    """How a route turns pages into plans: ``map_page`` for ``records_at_once`` records at a time."""

    name: str
    map_page: MapPage
    records_at_once: int
