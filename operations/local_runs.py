"""Runs that a person at the machine's shell carries out in their own process: written down as any other."""

from __future__ import annotations

from uuid import UUID, uuid4

from db.ledger.sync_requests import load_request, save_request
from domain.access import Permission
from domain.refusals import ConfirmationNeeded
from domain.requests import RequestState
from domain.sync import SyncRequest
from operations.caller import Caller
from operations.confirmations import claim, require_fresh
from operations.handover import described
from operations.plans import finished_plan, summary
from operations.runs import known


def note_run(caller: Caller, request: SyncRequest) -> SyncRequest:
    """Write down that the caller runs this now, and give the request as the flow is to have it."""
    caller.require(Permission.RUN_SYNC)
    request_id = uuid4()
    with caller.ledger() as session:
        save_request(session, request_id, request, RequestState.STARTED, actor=caller.actor)
        caller.note(session, "sync.ask", str(request_id), **described(request))
    return request.model_copy(update={"request_id": request_id})


def note_planned_run(caller: Caller, plan_id: UUID, *, confirmed: bool) -> SyncRequest:
    """Write down that the caller carries the plan out now, and whether they said yes to it; gives the flow's request.

    Raises:
        Unknown: there is no finished plan with this id.
        Clash: it is over, was carried out, or sandbox mode was switched since it was made.
        ConfirmationNeeded: nobody said yes, and it takes that.
    """
    caller.require(Permission.RUN_SYNC)
    request_id = uuid4()
    with caller.ledger() as session:
        plan = summary(session, finished_plan(session, plan_id))
        if plan.confirmations_needed and not confirmed:
            raise ConfirmationNeeded(f"the plan {plan_id} must be confirmed: unisync sync --plan {plan_id}")
        dry_run = known(load_request(session, plan_id))
        request = dry_run.request.model_copy(update={"dry_run": False, "plan": plan_id})
        require_fresh(session, plan, request)
        save_request(session, request_id, request, RequestState.STARTED, actor=caller.actor)
        claim(session, plan, request_id, confirmed_by=caller.actor if confirmed else None)
        action = "sync.confirm" if confirmed else "sync.ask"
        caller.note(session, action, str(request_id), hash=plan.hash, **described(request))
    return request.model_copy(update={"request_id": request_id})
