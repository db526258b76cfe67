"""Remembering what was done: links, problems, log rows and progress of a page in one transaction."""

from __future__ import annotations

from prefect import task
from sqlalchemy.orm import Session

from config.wiring import OpenRun
from db.ledger import (
    holds_lease,
    log_outcomes,
    release_lease,
    report_progress,
    resolve_problems,
    save_links,
    save_problems,
)
from domain.errors import Unavailable
from domain.keys import Kind, RecordKey
from domain.sync import Tally
from domain.writes import Plan
from mapping.tally import tally_outcomes
from tasks.policy import STEP
from tasks.sealed import Sealed
from tasks.write import Written


@task(task_run_name="settle {kind}", **STEP)
def settle_page(
    run: OpenRun, kind: Kind, keys: Sealed[tuple[RecordKey, ...]], plan: Sealed[Plan], written: Written | None
) -> Tally:
    """Remember what became of the records ``keys`` and give the lease back; the run's count is not yet changed."""
    outcomes = written.outcomes if written else ()
    failures = plan.content.problems + tuple(outcome.problem for outcome in outcomes if outcome.problem)
    tally = tally_outcomes(len(keys.content) + len(plan.content.problems), plan.content, outcomes)
    with run.ledger() as session:
        if written:
            claim_settling(session, run, written)
        save_links(session, [*plan.content.adopted, *(outcome.link for outcome in outcomes if outcome.link)])
        failed = {problem.key for problem in failures}
        resolve_problems(session, run.request.target, [key for key in keys.content if key not in failed], run.id)
        save_problems(session, run.id, run.request.target, failures)
        log_outcomes(session, run.id, outcomes)
        report_progress(session, run.id, run.tallies_with(kind, tally))
    return tally


def claim_settling(session: Session, run: OpenRun, written: Written) -> None:
    """Give the lease back in the transaction that settles, if it is still ours.

    Raises:
        Unavailable: it expired and somebody else took it; what they wrote is not overwritten by our memory.
    """
    if not holds_lease(session, run.request.target, written.token):
        raise Unavailable("the lease was lost while writing", connection=run.request.target, operation="settle")
    release_lease(session, run.request.target, written.token)
