"""/api/sync/schedules: what runs by itself, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.callers import allowed
from api.description import refusals
from db.ledger.schedules import ScheduleName
from domain.access import Permission
from domain.listing import Listing, PageRequest
from operations import schedules
from operations.caller import Caller
from operations.timetables import Schedule, ScheduleWish, Timing

router = APIRouter(prefix="/api/sync/schedules", tags=["sync"])

Viewer = Annotated[Caller, allowed(Permission.VIEW)]
Manager = Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)]


@router.get("", summary="List the schedules")
def list_schedules(caller: Viewer, page: Annotated[PageRequest, Query()]) -> Listing[Schedule]:
    """List the schedules by name, each with its next runs."""
    return schedules.search_schedules(caller, page)


@router.post("", summary="Make a schedule", status_code=201, responses=refusals(409))
def make_schedule(caller: Manager, wish: ScheduleWish) -> Schedule:
    """Make a schedule. Somebody must have confirmed a complete run of the same before; until then it can be paused."""
    return schedules.make_schedule(caller, wish)


@router.get("/{schedule}", summary="One schedule", responses=refusals(404))
def find_schedule(caller: Viewer, schedule: ScheduleName) -> Schedule:
    """Show a schedule with its next runs."""
    return schedules.find_schedule(caller, schedule)


@router.put("/{schedule}", summary="Change a schedule", responses=refusals(404, 409))
def replace_schedule(caller: Manager, schedule: ScheduleName, timing: Timing) -> Schedule:
    """Say anew what a schedule runs and when; `paused` stops it without forgetting it."""
    return schedules.replace_schedule(caller, schedule, timing)


@router.delete("/{schedule}", summary="Remove a schedule", status_code=204, responses=refusals(404))
def remove_schedule(caller: Manager, schedule: ScheduleName) -> None:
    """Remove a schedule; from this moment on nothing is run by it."""
    schedules.remove_schedule(caller, schedule)
