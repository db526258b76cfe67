"""Plans that are carried out: at once when they are small, else once somebody has confirmed them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.orm import Session

from config.beginning import require_plan
from config.sandbox import request_in_use
from db.ledger.confirmations import PendingConfirmation, lock_confirmation, save_confirmation, use_confirmation
from db.ledger.plans import use_plan
from db.ledger.sync_requests import change_request, load_request, save_request
from domain.access import Permission
from domain.errors import Misconfigured
from domain.keys import Kind
from domain.plans import StoredPlan
from domain.refusals import Clash, Forbidden, Unknown, Unusable
from domain.requests import RequestState
from domain.sync import SyncRequest
from operations.caller import Caller
from operations.handover import described, hand_over
from operations.plans import Plan, finished_plan, summary
from operations.runs import EXAMPLE, Run, known, show_run
from operations.wanted_runs import RunWish, require_same

COUNTS_FOR = timedelta(minutes=5)
_TOKEN_BYTES = 32
_CONFIRMATION: dict[str, Any] = {"token": "rJ0f2v...", "expires_at": "2026-03-01T08:05:00Z", "confirmations_left": 1}


class Confirmation(BaseModel):
    """A word that starts a run: it counts once, for five minutes, and only for who has the same role.

    ``confirmations_left`` tells how many of them there still are to give, this one included.
    """

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [_CONFIRMATION]})

    token: str
    expires_at: AwareDatetime
    confirmations_left: int
    plan: Plan


class Asked(BaseModel):
    """What became of asking for a run: it is on its way, or it needs a confirmation first."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"run": EXAMPLE, "confirmation": None}]})

    run: Run
    confirmation: Confirmation | None = None


def start_plan(caller: Caller, plan_id: UUID, kinds: tuple[Kind, ...], wish: RunWish, permission: Permission) -> Asked:
    """Have a plan carried out, or ask for its confirmation where it is large, removes something, or the wish says so.

    Raises:
        Unknown: there is no finished plan with this id.
        Clash: it is over, was carried out, or sandbox mode was switched since.
        Unusable: it was made for something else than was said beside it.
        ConnectorError: Prefect is away or refuses it.
    """
    if wish.dry_run:
        raise Unusable("a plan is carried out; leave dry_run out beside it", field="dry_run")
    request_id = uuid4()
    with caller.ledger() as session:
        plan = summary(session, finished_plan(session, plan_id))
        dry_run = known(load_request(session, plan_id))
        require_same(wish, kinds, dry_run.request)
        if permission is not Permission.RUN_SYNC and dry_run.permission is Permission.RUN_SYNC:
            # It is of no retry, so it needs what every other run needs.
            caller.require(Permission.RUN_SYNC)
        request = dry_run.request.model_copy(update={"dry_run": False, "plan": plan_id})
        require_fresh(session, plan, request)
        at_once = plan.confirmations_needed == 0 and not wish.confirm
        state = RequestState.ASKED if at_once else RequestState.AWAITING_CONFIRMATION
        save_request(session, request_id, request, state, actor=caller.actor, permission=permission)
        caller.note(session, "sync.ask", str(request_id), **described(request))
        if at_once:
            claim(session, plan, request_id, confirmed_by=None)
        else:
            confirmation = make_confirmation(session, caller, plan, request_id, max(plan.confirmations_needed, 1))
    if at_once:
        return Asked(run=hand_over(caller, request_id))
    return Asked(run=show_run(caller, request_id), confirmation=confirmation)


def confirm(caller: Caller, token: str) -> Asked:
    """Confirm what a token stands for: the run starts, or the second token of something final is given.

    Raises:
        Unknown: there is no such token in this tenant.
        Clash: it was used, is over, or what it confirms changed since.
        Forbidden: it was given to somebody of another role.
        ConnectorError: Prefect is away or refuses the run.
    """
    token_hash = hashlib.sha256(token.encode(errors="replace")).digest()
    with caller.ledger() as session:
        pending = lock_confirmation(session, token_hash)
        # Found by its hash, of which nobody can choose a part; compared whole all the same.
        if pending is None or not hmac.compare_digest(pending.token_hash, token_hash):
            raise Unknown("there is no such token; ask for the run again")
        asked = known(load_request(session, pending.request_id))
        refuse_strangers(caller, pending, asked.permission)
        require_open(pending)
        plan = summary(session, finished_plan(session, pending.plan_id))
        if plan.hash != pending.plan_hash:
            raise Clash("the plan is not the one that the token was given for; ask for the run again")
        require_fresh(session, plan, asked.request)
        use_confirmation(session, token_hash)
        caller.note(session, "sync.confirm", str(asked.id), plan=str(plan.id), hash=plan.hash, left=pending.remaining)
        further = None
        if pending.remaining:
            further = make_confirmation(session, caller, plan, asked.id, pending.remaining)
        else:
            claim(session, plan, asked.id, confirmed_by=caller.actor)
        still = RequestState.AWAITING_CONFIRMATION
        if not change_request(session, asked.id, still if further else RequestState.ASKED, expected=[still]):
            raise Clash("the run was cancelled; ask for it again")
    return Asked(run=show_run(caller, asked.id) if further else hand_over(caller, asked.id), confirmation=further)


def claim(session: Session, plan: StoredPlan, request_id: UUID, *, confirmed_by: str | None) -> None:
    """Let this request alone carry the plan out, and note who confirmed it, if somebody did.

    Raises:
        Clash: another one does.
    """
    if not use_plan(session, plan.id, request_id, confirmed_by):
        raise Clash("the plan is carried out already; make a new dry run")


def require_fresh(session: Session, plan: StoredPlan, request: SyncRequest) -> None:
    """Make sure that the plan can still be carried out, and hold it until the transaction ends.

    Raises:
        Clash: it is over, another request has it, or it was made with other connections than are in use now.
    """
    try:
        require_plan(session, request_in_use(session, request), plan.id, claimed=False)
    except Misconfigured as error:
        raise Clash(str(error)) from None


def refuse_strangers(caller: Caller, pending: PendingConfirmation, permission: Permission) -> None:
    """Make sure that the token was given to somebody like the caller.

    Raises:
        Forbidden: it was not; the attempt is in the audit log.
    """
    caller.require(permission)
    if pending.role is caller.role:
        return
    with caller.ledger() as session:
        caller.note(session, "sync.confirm", str(pending.request_id), outcome="refused", role=caller.role)
    raise Forbidden(f"the token was given to somebody whose role is {pending.role}; ask for the run yourself")


def require_open(pending: PendingConfirmation) -> None:
    """Make sure that the token counts.

    Raises:
        Clash: it was used, or is over.
    """
    if pending.used_at is not None:
        raise Clash("the token was used already; it counts once")
    if pending.is_over:
        raise Clash("the token counted for five minutes and is over; ask for the run again")


def make_confirmation(session: Session, caller: Caller, plan: Plan, request_id: UUID, left: int) -> Confirmation:
    """Give a new token for the request; ``left`` is how many are still to be given, this one included."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    until = save_confirmation(
        session,
        hashlib.sha256(token.encode()).digest(),
        request_id=request_id,
        plan_id=plan.id,
        plan_hash=str(plan.hash),
        role=caller.role,
        remaining=left - 1,
        counts_for=COUNTS_FOR,
    )
    return Confirmation(token=token, expires_at=until, confirmations_left=left, plan=plan)
