"""Asking for runs: a few records at once, anything larger by way of a dry run and its confirmed plan."""

from __future__ import annotations

from domain.access import Permission
from domain.keys import Kind
from domain.refusals import ConfirmationNeeded, Unusable
from operations.caller import Caller
from operations.confirmations import Asked, start_plan
from operations.handover import ask
from operations.plans import MOST_RECORDS, limits_of
from operations.runs import Run
from operations.wanted_runs import DryRunWish, RunWish, read_wish


def start(
    caller: Caller, kinds: tuple[Kind, ...], wish: RunWish, permission: Permission = Permission.RUN_SYNC
) -> Asked:
    """Start a run of a few named records, a dry run, or have a plan carried out; no kinds means all of the route.

    A run without a plan ends before it writes anything if it would be more than may be written unconfirmed.

    Raises:
        ConfirmationNeeded: it may be more than that; the sentence says what to call.
        Unusable, Unknown, Clash: one sentence naming what cannot be used.
        ConnectorError: Prefect is away or refuses it.
    """
    caller.require(permission)
    if wish.plan is not None:
        return start_plan(caller, wish.plan, kinds, wish, permission)
    if wish.confirm:
        raise Unusable("what is confirmed is a plan; make a dry run and come back with its id as plan", field="confirm")
    if wish.dry_run:
        return Asked(run=start_dry_run(caller, wish.as_dry_run(kinds), permission))
    request = read_wish(caller, kinds, wish, dry_run=False)
    if not request.ids or len(request.ids) > MOST_RECORDS or request.allow_removals:
        raise ConfirmationNeeded(
            f"without a confirmation at most {MOST_RECORDS} records are written, named by their ids; send the same to "
            "POST /api/sync/dry-run, look at the plan that it leaves, and come back with its id as plan"
        )
    with caller.ledger() as session:
        limits = limits_of(session)
    limited = request.model_copy(update={"most_records": limits.records, "most_amount": limits.amount})
    return Asked(run=ask(caller, limited, permission))


def start_dry_run(caller: Caller, wish: DryRunWish, permission: Permission = Permission.RUN_SYNC) -> Run:
    """Start a run that writes nothing and leaves a plan behind, under its own id.

    Raises:
        Unusable: one sentence naming what cannot be used.
        ConnectorError: Prefect is away or refuses it.
    """
    caller.require(permission)
    return ask(caller, read_wish(caller, wish.kinds, wish, dry_run=True), permission)
