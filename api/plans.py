"""/api/sync/plans: what dry runs would write."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.callers import allowed
from api.description import refusals
from domain.access import Permission
from domain.listing import Listing, PageRequest
from domain.plans import PlannedWrite
from operations import plans
from operations.caller import Caller
from operations.plans import Plan

router = APIRouter(prefix="/api/sync/plans", tags=["sync"])

Viewer = Annotated[Caller, allowed(Permission.VIEW)]


@router.get("/{plan_id}", summary="The plan of a dry run", responses=refusals(404))
def show_plan(caller: Viewer, plan_id: UUID) -> Plan:
    """Sum up what a finished dry run would write, and how many confirmations that takes. It counts for a day."""
    return plans.show_plan(caller, plan_id)


@router.get("/{plan_id}/writes", summary="What a plan would write", responses=refusals(404))
def list_plan_writes(caller: Viewer, plan_id: UUID, page: Annotated[PageRequest, Query()]) -> Listing[PlannedWrite]:
    """List every write of the plan, by connection, kind, id and role."""
    return plans.list_plan_writes(caller, plan_id, page)
