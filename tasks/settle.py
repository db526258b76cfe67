"""Remembering what was done: links, problems, log rows and progress of a page in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prefect import task
from sqlalchemy.orm import Session

from config.open_run import OpenRun
from db.ledger import (
    forget_skips,
    holds_lease,
    is_settled,
    release_lease,
    report_progress,
    resolve_problems,
    save_links,
    save_problems,
    save_skips,
)
from db.ledger.problems import Money
from db.ledger.record_log import log_entries
from domain.errors import Conflict
from domain.keys import Kind, RecordKey
from domain.problems import BOOKS_CHANGED
from domain.sync import Tally
from domain.writes import DOCUMENT, Plan, Write, WriteOutcome
from mapping.tally import tally_outcomes
from tasks.entries import TOTAL_DIFFERS, outcome_problems, page_entries, waiting_problem
from tasks.policy import STEP
from tasks.sealed import Sealed
from tasks.write import Written

LASTING = (TOTAL_DIFFERS, BOOKS_CHANGED)
"""What finding a record in place does not mend."""


@task(task_run_name="settle {kind}", **STEP)
def settle_page(
    run: OpenRun, kind: Kind, keys: Sealed[tuple[RecordKey, ...]], plan: Sealed[Plan], written: Written | None
) -> Tally:
    """Remember what became of the records ``keys`` and give the lease back; the run's count is not yet changed."""
    outcomes = written.outcomes if written else ()
    tally = tally_outcomes(frozenset(keys.content), plan.content, outcomes)
    with run.ledger() as session:
        if written and is_settled(session, run.request.target, written.token):
            # Our own commit went through and its answer was lost: this is the second try.
            return tally
        if written:
            claim_settling(session, run, written)
        remember(session, run, keys.content, plan.content, outcomes, written.seconds if written else 0)
        report_progress(session, run.id, run.tallies_with(kind, tally))
    return tally


@task(task_run_name="settle what was found", **STEP)
def settle_found(run: OpenRun, written: Written) -> None:
    """Remember what became of writes that an earlier run left in doubt, and give the lease back."""
    keys = tuple({outcome.write.source for outcome in written.outcomes})
    with run.ledger() as session:
        if is_settled(session, run.request.target, written.token):
            return
        claim_settling(session, run, written)
        remember(session, run, keys, Plan(target=run.request.target), written.outcomes, written.seconds)


def remember(
    session: Session,
    run: OpenRun,
    keys: Sequence[RecordKey],
    plan: Plan,
    outcomes: Sequence[WriteOutcome],
    seconds: float,
) -> None:
    """Put links, problems and log rows into the ledger; a problem that no longer exists leaves the queue."""
    target = run.request.target
    save_links(session, [*plan.adopted, *(outcome.link for outcome in outcomes if outcome.link)])
    problems = [*plan.problems, *map(waiting_problem, plan.waiting), *outcome_problems(outcomes)]
    kept = {problem.key for problem in problems}
    resolve_problems(session, target, [key for key in keys if key not in kept], run.id, but_not=LASTING)
    mended = [each.write.source for each in outcomes if each.total is not None and each.write.role == DOCUMENT]
    resolve_problems(session, target, [key for key in mended if key not in kept], run.id)
    # Before queue and skips are kept, so that it can tell what is new.
    log_entries(session, run.id, target, page_entries(plan, outcomes, seconds))
    save_problems(session, run.id, target, problems, amounts_of([*plan.writes, *(each.write for each in outcomes)]))
    skipped = {skip.key for skip in plan.skipped}
    forget_skips(session, target, [key for key in keys if key not in skipped])
    save_skips(session, target, plan.skipped, plan.rules)


def claim_settling(session: Session, run: OpenRun, written: Written) -> None:
    """Give the lease back in the transaction that settles, if it is still ours.

    Raises:
        Conflict: it expired and somebody else took it; what they wrote is not overwritten by our memory.
    """
    if not holds_lease(session, run.request.target, written.token):
        raise Conflict("the lease was lost while writing", connection=run.request.target, operation="settle")
    release_lease(session, run.request.target, written.token)


def amounts_of(writes: Iterable[Write]) -> dict[RecordKey, Money]:
    """Say what the records of these writes come to, those that are no money left out."""
    return {write.source: Money(write.amount, write.money) for write in writes if write.amount is not None}
