"""How a run begins: its row is opened, and it is found out who wanted it and whether it may go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from config.coverage import is_covered
from config.cron import next_due
from db import ledger
from db.ledger.audit import record_run_start
from db.ledger.plans import hash_of, lock_plan
from db.ledger.schedules import load_schedule, note_due
from db.ledger.sync_requests import RequestedRun, change_request, lock_request, save_request
from domain.errors import Misconfigured
from domain.plans import StoredPlan
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
        require_unchanged(session, require_plan(session, request, request.plan, claimed=True))


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


def require_plan(session: Session, request: SyncRequest, plan_id: UUID, *, claimed: bool) -> StoredPlan:
    """Give the plan if it can be carried out for just this request, and hold it until the transaction ends.

    ``request`` names the connections in use. Before a run may begin the plan is ``claimed`` by its request, which takes
    a confirmation unless the plan is small; until then it must be nobody's.

    Raises:
        Misconfigured: one sentence saying what is wrong with it.
    """
    plan = lock_plan(session, plan_id)
    if plan is None or plan.hash is None:
        raise Misconfigured(f"there is no finished plan {plan_id}; make a dry run")
    if plan.expires_at <= datetime.now(UTC):
        raise Misconfigured(f"the plan {plan_id} is older than a day; make a new dry run")
    if claimed and plan.used_by is None:
        raise Misconfigured(f"the plan {plan_id} was never confirmed; do so with: unisync sync --plan {plan_id}")
    if plan.used_by != (request.request_id if claimed else None):
        raise Misconfigured(f"the plan {plan_id} is carried out already, by the run {plan.used_by}; make a new dry run")
    if plan.request.scope != request.scope:
        raise Misconfigured(
            f"the plan {plan_id} was made for another request, or before sandbox mode was switched; make a new dry run"
        )
    return plan


def require_unchanged(session: Session, plan: StoredPlan) -> None:
    """Make sure that the writes of the plan are those that were there when it was made.

    Raises:
        Misconfigured: they are not.
    """
    if hash_of(session, plan.id, plan.request.scope) != plan.hash:
        raise Misconfigured(f"the plan {plan.id} is not what was confirmed; make a new dry run")
