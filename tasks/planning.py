"""Keeping what a dry run would write, and holding a later run to what was confirmed."""

from __future__ import annotations

from prefect import task

from config.open_run import OpenRun
from db.ledger import report_progress
from db.ledger.plans import add_writes, writes_in_plan
from domain.errors import FatalError
from domain.keys import Kind, RecordKey
from domain.sync import Tally
from domain.writes import Plan
from mapping.binding import bind
from tasks.policy import STEP
from tasks.sealed import Sealed


@task(task_run_name="keep the plan of {kind}", **STEP)
def keep_plan(run: OpenRun, kind: Kind, plan: Sealed[Plan], tally: Tally) -> None:
    """Add what a page would write to the stored plan of this dry run; the run's count is not yet changed."""
    with run.ledger() as session:
        add_writes(session, run.id, plan.content.writes)
        report_progress(session, run.id, run.tallies_with(kind, tally))


@task(task_run_name="hold {kind} to what was confirmed", **STEP)
def bind_plan(run: OpenRun, kind: Kind, keys: Sealed[tuple[RecordKey, ...]], plan: Sealed[Plan]) -> Sealed[Plan]:
    """Leave out of the plan what the confirmed one does not hold.

    Raises:
        FatalError: the run is bound to no plan.
    """
    if run.bound_to is None:
        raise FatalError("a run without a confirmed plan has nothing that it could be held to")
    with run.ledger() as session:
        confirmed = writes_in_plan(session, run.bound_to, plan.content.writes)
    return Sealed(bind(plan.content, confirmed, frozenset(keys.content)))
