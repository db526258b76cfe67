"""Counting source records by what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from domain.keys import RecordKey
from domain.sync import Tally
from domain.writes import Action, Plan, Result, WriteOutcome

# A record that became several documents counts by the worst of them.
_FROM_BEST_TO_WORST = (Result.UNCHANGED, Result.REMOVED, Result.UPDATED, Result.CREATED, Result.FAILED)
_AS_PLANNED = {Action.CREATE: Result.CREATED, Action.UPDATE: Result.UPDATED, Action.REMOVE: Result.REMOVED}


def tally_outcomes(keys: Collection[RecordKey], plan: Plan, outcomes: Sequence[WriteOutcome]) -> Tally:
    """Count the records of a plan once it was carried out; a record found gone counts as updated.

    ``keys`` come from the reading side, so that a record lost on the way unbalances the tally. Writes of what records
    lean on, such as customers and items, are not counted. A document that does not come to the right total has failed.
    """
    results = ((each.write.source, Result.FAILED if each.differs else each.result) for each in outcomes)
    return _tally(keys, plan, list(results))


def tally_plan(keys: Collection[RecordKey], plan: Plan) -> Tally:
    """Foretell the tally of a plan, for a dry run: as if every write succeeds."""
    return _tally(keys, plan, [(write.source, _AS_PLANNED[write.action]) for write in plan.writes])


def _tally(keys: Collection[RecordKey], plan: Plan, results: Sequence[tuple[RecordKey, Result]]) -> Tally:
    worst: dict[RecordKey, Result] = {}
    for key, result in results:
        known = worst.get(key)
        if known is None or _FROM_BEST_TO_WORST.index(result) > _FROM_BEST_TO_WORST.index(known):
            worst[key] = result
    problems = {problem.key for problem in plan.problems}
    counts = Counter(result for key, result in worst.items() if key in keys and key not in problems)
    return Tally(
        read=len({*keys, *problems}),
        created=counts[Result.CREATED],
        updated=counts[Result.UPDATED] + counts[Result.REMOVED],
        unchanged=counts[Result.UNCHANGED] + plan.unchanged,
        skipped=len(plan.skipped),
        failed=counts[Result.FAILED] + len(problems),
        waiting=len(plan.waiting),
    )
