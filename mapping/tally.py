"""Counting source records by what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from domain.sync import Tally
from domain.writes import Action, Plan, Result, WriteOutcome


def tally_outcomes(read: int, plan: Plan, outcomes: Sequence[WriteOutcome]) -> Tally:
    """Count the records of a plan once it was carried out; a record found gone counts as updated.

    ``read`` comes from the reading side, so that a record lost on the way unbalances the tally.
    """
    counts = Counter(outcome.result for outcome in outcomes)
    return Tally(
        read=read,
        created=counts[Result.CREATED],
        updated=counts[Result.UPDATED] + counts[Result.REMOVED],
        unchanged=counts[Result.UNCHANGED] + plan.unchanged,
        failed=counts[Result.FAILED] + len(plan.problems),
    )


def tally_plan(read: int, plan: Plan) -> Tally:
    """Foretell the tally of a plan, for a dry run: as if every write succeeds."""
    counts = Counter(write.action for write in plan.writes)
    return Tally(
        read=read,
        created=counts[Action.CREATE],
        updated=counts[Action.UPDATE] + counts[Action.REMOVE],
        unchanged=plan.unchanged,
        failed=len(plan.problems),
    )
