"""/api/sync: asking for runs, confirming them, and how they stand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict

from api.callers import allowed
from api.description import refusals
from api.idempotency import starting
from domain.access import Permission
from domain.keys import Kind
from domain.listing import Listing
from operations import confirmations, plans, runs, sync
from operations.caller import Caller
from operations.confirmations import Asked
from operations.plans import Amount, Limits
from operations.runs import Run, RunFilter
from operations.wanted_runs import DryRunWish, RunWish

router = APIRouter(prefix="/api/sync", tags=["sync"])

Viewer = Annotated[Caller, allowed(Permission.VIEW)]
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", description="The token of a confirmation.")]


class SyncKind(StrEnum):
    """What is carried: one kind of record, or all that the route carries."""

    ALL = "all"
    TAX_RATE = "tax_rate"
    PRODUCT = "product"
    VARIATION = "variation"
    CUSTOMER = "customer"
    ORDER = "order"
    REFUND = "refund"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that are meant; none stands for all of the route."""
        return () if self is SyncKind.ALL else (Kind(self.value),)


class LimitWish(BaseModel):
    """The amount that is to need no confirmation."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"amount": "2500.00"}]})

    amount: Amount


@router.post("/dry-run", summary="Find out what would be written", status_code=202, responses=refusals(409))
def start_dry_run(caller: Annotated[Caller, starting(Permission.RUN_SYNC)], wish: DryRunWish) -> Run:
    """Start a run that writes nothing. Once it is completed, its plan is at `/api/sync/plans` under the same id."""
    return sync.start_dry_run(caller, wish)


@router.post("/confirm/{token}", summary="Confirm a run", status_code=202, responses=refusals(404, 409))
def confirm(caller: Annotated[Caller, starting(Permission.RESOLVE_FAILURES)], token: Token) -> Asked:
    """Confirm what a token was given for: the run starts, or a second token is given where something is removed.

    A token counts once, for five minutes, for the plan as it was shown, and only for callers of the same role.
    """
    return confirmations.confirm(caller, token)


@router.get("/status", summary="List the runs")
def list_runs(caller: Viewer, wanted: Annotated[RunFilter, Query()]) -> Listing[Run]:
    """List runs and requests for runs, the newest first: asked for here, by schedule, by webhook or at Prefect."""
    return runs.list_runs(caller, wanted)


@router.get("/status/{run_id}", summary="How a run stands", responses=refusals(404))
def show_run(caller: Viewer, run_id: UUID) -> Run:
    """Tell how a run stands, from the moment of asking."""
    return runs.show_run(caller, run_id)


@router.post("/status/{run_id}/cancel", summary="Cancel a run", status_code=202, responses=refusals(404, 409))
def cancel(caller: Annotated[Caller, allowed(Permission.RUN_SYNC)], run_id: UUID) -> Run:
    """Have a run end at the next opportunity, or never begin; what it carried by then stays."""
    return runs.cancel(caller, run_id)


@router.get("/limits", summary="What needs no confirmation")
def show_limits(caller: Viewer) -> Limits:
    """Tell how much may be written at once without a confirmation."""
    return plans.show_limits(caller)


@router.put("/limits", summary="Choose what needs no confirmation")
def change_limits(caller: Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)], wish: LimitWish) -> Limits:
    """Choose the amount, in any one currency, that may be written at once without a confirmation."""
    return plans.change_limits(caller, wish.amount)


@router.post("/{kind}", summary="Start a run", status_code=202, responses=refusals(404, 409, 428))
def start(caller: Annotated[Caller, starting(Permission.RUN_SYNC)], kind: SyncKind, wish: RunWish) -> Asked:
    """Start a run of up to ten records named by their ids, a dry run, or have the plan of a dry run carried out.

    A plan that is large, or removes something, is not started: the answer holds the token that confirms it. A few named
    records start at once; should they come to more than needs no confirmation, the run ends before it writes anything.

    Schedules and webhooks may follow a complete run in mode full that somebody confirmed. A plan whose `would_cover`
    says that it is such a one, and which is small enough to start at once, is confirmed by asking with `confirm`.
    """
    return sync.start(caller, kind.kinds, wish)
