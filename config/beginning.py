"""How a run begins: its row is opened, and it is found out who wanted it and whether it may go on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from config.cron import next_due
from config.routes import ROUTES
from config.sandbox import pair_in_use
from db import ledger
from db.ledger.audit import record_run_start
from db.ledger.confirmations import covered_kinds
from db.ledger.plans import hash_of, load_plan
from db.ledger.schedules import load_schedule, note_due
from db.ledger.sync_requests import RequestedRun, change_request, lock_request, save_request
from domain.errors import Misconfigured
from domain.keys import ConnectionName, Kind
from domain.requests import RequestState
from domain.sync import SyncRequest


class Origin(NamedTuple):
    """Which flow run carries the request out, and who started that, as far as Prefect knows."""

    flow_run_id: str
    actor: str
    details: dict[str, object] = {}  # noqa: RUF012 - nobody changes it


class Beginning(NamedTuple):
    """The run whose row was opened, and why it must not go on, if it must not."""

    run_id: UUID
    refusal: str | None


_BEGINS = (RequestState.ASKED, RequestState.STARTED)


def begin(session: Session, request: SyncRequest, origin: Origin) -> Beginning:
    """Open the row of the run, under the id of the request that it carries out, and note who started it.

    Even a run that must not go on has a row, which says so.
    """
    asked = lock_request(session, request.request_id) if request.request_id else None
    refusal = refusal_of(asked, request, origin.flow_run_id)
    # Prefect lets an operator repeat a run that has ended: then it is another one.
    if asked is None or refusal or asked.run_state is not None:
        run_id = uuid4()
        state, actor = RequestState.STARTED, asked.actor if asked and not refusal else origin.actor
        save_request(session, run_id, request, state, actor=actor, flow_run_id=origin.flow_run_id)
    else:
        run_id, actor = asked.id, asked.actor
        change_request(session, run_id, RequestState.STARTED, expected=_BEGINS, flow_run_id=origin.flow_run_id)
    ledger.open_run(session, run_id, request, origin.flow_run_id)
    known: dict[str, Any] = {"run_id": run_id, "route": request.route, "flow_run_id": origin.flow_run_id}
    record_run_start(session, started_by=actor, details=origin.details, **known)
    return Beginning(run_id, refusal)


def refusal_of(asked: RequestedRun | None, request: SyncRequest, flow_run_id: str) -> str | None:
    """Say why this flow run must not carry out the request that it names, if it names one; None when it may."""
    if request.request_id is None:
        return None
    if asked is None or asked.request != request.model_copy(update={"request_id": None}):
        return "the parameter request_id names another request: leave it empty to start a run by hand"
    if asked.state not in _BEGINS:
        return f"the request {asked.id} was {asked.state}, so it is not carried out"
    if asked.flow_run_id not in (None, flow_run_id):
        return f"the request {asked.id} is carried out by another flow run, {asked.flow_run_id}"
    return None


def require_start(session: Session, request: SyncRequest) -> None:
    """Make sure that the run may do what it was opened for.

    Raises:
        Misconfigured: its schedule is switched off or not covered by a confirmed run, or its plan does not count.
    """
    if request.schedule is not None:
        require_schedule(session, request, request.schedule)
    if request.plan is not None:
        require_plan(session, request, request.plan)


def require_schedule(session: Session, request: SyncRequest, name: str) -> None:
    """Make sure that the schedule exists, is switched on and is covered by a confirmed run; note when it is due next.

    Raises:
        Misconfigured: it is not.
    """
    stored = load_schedule(session, name)
    if stored is None or stored.paused:
        raise Misconfigured(f"the schedule {name} is {'paused' if stored else 'gone'}, so nothing is run by it")
    note_due(session, name, next_due(stored.cron, stored.zone, datetime.now(UTC)))
    if not is_covered(session, request.route, request.source, request.target, request.kinds):
        raise Misconfigured(
            f"nobody has confirmed a run from {request.source} to {request.target} yet, so the schedule {name} waits; "
            "make a dry run and confirm its plan"
        )


def is_covered(
    session: Session, route: str, source: ConnectionName, target: ConnectionName, kinds: Iterable[Kind] = ()
) -> bool:
    """Whether a confirmed run carried these kinds, all of the route when none is named, to where they are to go.

    In sandbox mode that is between the connections that stand in.

    Raises:
        Misconfigured: sandbox mode is on and nothing stands in for one of them.
    """
    used = pair_in_use(session, source, target)
    return covered_kinds(session, route, used.source, used.target) >= (set(kinds) or set(ROUTES[route].kinds))


def require_plan(session: Session, request: SyncRequest, plan_id: UUID) -> None:
    """Make sure that the plan was finished and confirmed for just this request, and is what it was then.

    Raises:
        Misconfigured: one sentence saying what is wrong with it.
    """
    plan = load_plan(session, plan_id)
    if plan is None or plan.hash is None or plan.confirmed_at is None:
        raise Misconfigured(f"the plan {plan_id} was never confirmed; unisync sync makes a plan and asks")
    if plan.expires_at <= datetime.now(UTC):
        raise Misconfigured(f"the plan {plan_id} is over; make a new dry run")
    if plan.used_by != request.request_id:
        raise Misconfigured(f"the plan {plan_id} belongs to another request; make a new dry run")
    if plan.request.scope != request.scope:
        raise Misconfigured(f"the plan {plan_id} was made for another request, or before sandbox mode was switched")
    if hash_of(session, plan_id, plan.request.scope) != plan.hash:
        raise Misconfigured(f"the plan {plan_id} is not what was confirmed; make a new dry run")
