"""Handing a request over to Prefect: it is written down first, so that a crash in between loses and doubles nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from config.requests import flow_parameters
from db.ledger.plans import release_plan
from db.ledger.sync_requests import (
    RequestedRun,
    change_request,
    load_request,
    note_flow_run,
    save_request,
    stranded_requests,
)
from domain.access import Permission
from domain.errors import ConnectorError
from domain.requests import RequestState
from domain.sync import SyncRequest
from operations.caller import Caller
from operations.orchestrator import ON_DEMAND, Orchestrator
from operations.runs import Run, known, show_run

STRANDED_SECONDS = 60.0
"""Handing over takes a second or two; what was written down so long ago was left behind by a crash."""


def ask(caller: Caller, request: SyncRequest, permission: Permission) -> Run:
    """Write the request down and hand it over.

    Raises:
        ConnectorError: Prefect is away or refuses it; the request is remembered as refused.
    """
    request_id = uuid4()
    with caller.ledger() as session:
        save_request(session, request_id, request, RequestState.ASKED, actor=caller.actor, permission=permission)
        caller.note(session, "sync.ask", str(request_id), **described(request))
    return hand_over(caller, request_id)


def hand_over(caller: Caller, request_id: UUID) -> Run:
    """Have Prefect run what was written down; doing so again gives the same run.

    Raises:
        ConnectorError: Prefect is away or refuses it; the request is remembered as refused, its plan can be used anew.
    """
    with caller.ledger() as session:
        asked = known(load_request(session, request_id))
    parameters = flow_parameters(asked.request.model_copy(update={"request_id": request_id}))
    try:
        with Orchestrator() as prefect:
            flow_run_id = prefect.create_run(
                f"{asked.request.route}/{ON_DEMAND}",
                parameters,
                idempotency_key=str(request_id),
                tags=[f"tenant:{caller.tenant}"],
            )
            settle(caller, request_id, flow_run_id, prefect)
    except ConnectorError as error:
        refuse(caller, asked, str(error))
        raise
    return show_run(caller, request_id)


def settle(caller: Caller, request_id: UUID, flow_run_id: str, prefect: Orchestrator) -> None:
    """Note which flow run it became; one that was cancelled meanwhile is stopped at once."""
    with caller.ledger() as session:
        started = change_request(
            session, request_id, RequestState.STARTED, expected=[RequestState.ASKED], flow_run_id=flow_run_id
        )
        if started:
            return
        note_flow_run(session, request_id, flow_run_id)
        unwanted = known(load_request(session, request_id)).state is RequestState.CANCELLED
    if unwanted:
        prefect.cancel(flow_run_id)


def refuse(caller: Caller, asked: RequestedRun, why: str) -> None:
    """Remember that the request never began: should its flow run exist after all, it will not carry it out."""
    with caller.ledger() as session:
        refused = change_request(session, asked.id, RequestState.REFUSED, expected=[RequestState.ASKED], error=why)
        if refused and asked.request.plan:
            release_plan(session, asked.request.plan, asked.id)


def hand_over_stranded(caller: Caller) -> int:
    """Hand over what a crash left behind; gives how many requests that were.

    Raises:
        ConnectorError: Prefect is away or refuses one.
    """
    with caller.ledger() as session:
        stranded = stranded_requests(session, STRANDED_SECONDS)
    for request_id in stranded:
        hand_over(caller, request_id)
    return len(stranded)


def described(request: SyncRequest) -> dict[str, Any]:
    """Give what the audit log says of a request."""
    return {
        "route": request.route,
        "source": request.source,
        "target": request.target,
        "kinds": [kind.value for kind in request.kinds],
        "mode": request.mode.value,
        "records": len(request.ids),
        "filters": list(request.filters.chosen),
        "dry_run": request.dry_run,
        "allow_removals": request.allow_removals,
        "plan": str(request.plan) if request.plan else None,
    }
