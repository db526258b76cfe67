"""Runs that write nothing: they leave a plan behind, to be confirmed or to hold the rest of the run to it."""

from __future__ import annotations

from datetime import timedelta

from config.open_run import OpenRun
from db.ledger import report_progress
from db.ledger.plans import finish_plan, open_plan, use_plan
from domain.errors import FatalError
from domain.plans import StoredPlan
from flows.route import Route
from flows.walk import walk

PLAN_COUNTS_FOR = timedelta(days=1)
"""Later the shop is another one, and much of the plan would no longer be what it was."""


def plan_all(run: OpenRun, route: Route) -> StoredPlan:
    """Walk everything that was asked for, write nothing, and keep the plan under the id of the run."""
    with run.ledger() as session:
        open_plan(session, run.id, run.request, PLAN_COUNTS_FOR)
    walk(run, route)
    with run.ledger() as session:
        return finish_plan(session, run.id, run.request, run.tallies)


def plan_within_limits(run: OpenRun, route: Route) -> None:
    """Make sure that the run stays within what may be written unconfirmed, and hold it to the plan that says so.

    Raises:
        FatalError: it does not; nothing was written.
    """
    request = run.request
    run.request = request.model_copy(update={"dry_run": True})
    plan = plan_all(run, route)
    run.request = request
    run.start_anew(bound_to=run.id)
    with run.ledger() as session:
        # What was counted was only foretold.
        report_progress(session, run.id, {})
        # Nobody else shall carry out what this run does.
        use_plan(session, run.id, run.id, confirmed_by=None)
    if request.most_records is None or request.most_amount is None:
        raise FatalError("a run with limits needs both: most_records and most_amount")
    if plan.exceeds(request.most_records, request.most_amount) or plan.removals:
        sums = ", ".join(f"{amount:,f} {currency}".strip() for currency, amount in plan.amounts.items())
        raise FatalError(
            f"this would write {plan.records} records{f' of {sums}' if sums else ''} and remove {plan.removals}, which "
            "is more than is done unconfirmed, so nothing was written; make a dry run and confirm its plan"
        )
