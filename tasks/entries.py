"""What a page adds to the record log and to the queue, told from its plan and from what became of its writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from domain.masking import mask, personal_words
from domain.problems import Fate, Problem
from domain.writes import DOCUMENT, Action, Link, Plan, Result, Skipped, Waiting, Write, WriteOutcome

TOTAL_DIFFERS = "total.differs"
"""The code of the problem of a document that comes to another total than the shop's; only a new total mends it."""

WAITING = "waiting"
"""The code of a record that cannot be written before another one is."""


_OPERATIONS = {action: Operation(action) for action in Action}
_BECAME = {result: Became(result) for result in Result}


def page_entries(plan: Plan, outcomes: Sequence[WriteOutcome], seconds: float) -> list[Entry]:
    """Tell what was done with each record of a page, which took so many ``seconds`` to write.

    Records that are in place already are not told: they are nearly all, in every run.
    """
    share = 1000 * seconds / len(outcomes) if outcomes else None
    return [
        *(_written(plan, outcome, share) for outcome in outcomes),
        *(_not_planned(plan, problem) for problem in plan.problems),
        *(_skipped(plan, skipped) for skipped in plan.skipped),
        *(_waiting(plan, waiting) for waiting in plan.waiting),
    ]


def outcome_problems(outcomes: Sequence[WriteOutcome]) -> Iterator[Problem]:
    """Give the problems of writes that failed, and of documents that do not come to the shop's total."""
    return (problem for problem in map(outcome_problem, outcomes) if problem is not None)


def outcome_problem(outcome: WriteOutcome) -> Problem | None:
    """Give the problem of one write, without what it knows of people; None when all is well."""
    if outcome.problem is not None:
        message = mask(outcome.problem.message, _people(outcome.write))
        return outcome.problem.model_copy(update={"message": message})
    if not outcome.differs:
        return None
    return Problem(
        code=TOTAL_DIFFERS,
        message=f"the shop says {outcome.write.expected_total}, the books say {outcome.total}",
        fate=Fate.SKIP,
        key=outcome.write.source,
        advice="compare taxes and roundings of document and order; it is compared anew when the order changes",
    )


def waiting_problem(waiting: Waiting) -> Problem:
    """Queue a record that cannot be written before another one is; the queue plans it again in every run."""
    message = f"it waits until {waiting.on.key} is written"
    return Problem(code=WAITING, message=message, fate=Fate.RETRY, key=waiting.key)


def _written(plan: Plan, outcome: WriteOutcome, share: float | None) -> Entry:
    write, link = outcome.write, outcome.link
    if link is not None and outcome.milliseconds is None and _is_copy(write, link):
        # A row of a warehouse, of which a full run has tens of thousands: there is no more to tell.
        operation, became, belongs_to = (
            _OPERATIONS[write.action],
            _BECAME[outcome.result],
            _belongs_to(plan, write.source),
        )
        return Entry(write.source, operation, became, role=write.role, milliseconds=share, belongs_to=belongs_to)
    problem = outcome_problem(outcome)
    return Entry(
        key=write.source,
        operation=_OPERATIONS[write.action],
        became=_BECAME[outcome.result],
        level=_level(problem) if problem else Level.INFO,
        role=write.role,
        code=problem.code if problem else None,
        message=problem.message if problem else None,
        milliseconds=share if outcome.milliseconds is None else outcome.milliseconds,
        belongs_to=_belongs_to(plan, write.source),
        details=_details(outcome),
    )


def _not_planned(plan: Plan, problem: Problem) -> Entry:
    # The codes of what a system says begin with its name, those of our own decisions are one word.
    operation = Operation.READ if "." in problem.code else Operation.PLAN
    return Entry(
        key=problem.key,
        operation=operation,
        became=Became.FAILED,
        level=_level(problem),
        code=problem.code,
        message=problem.message,
        belongs_to=_belongs_to(plan, problem.key),
        lasting=True,
    )


def _skipped(plan: Plan, skipped: Skipped) -> Entry:
    return Entry(
        key=skipped.key,
        operation=Operation.PLAN,
        became=Became.SKIPPED,
        code=skipped.code,
        message=skipped.reason,
        belongs_to=_belongs_to(plan, skipped.key),
        lasting=True,
    )


def _waiting(plan: Plan, waiting: Waiting) -> Entry:
    return Entry(
        key=waiting.key,
        operation=Operation.PLAN,
        became=Became.WAITING,
        code=WAITING,
        message=waiting_problem(waiting).message,
        belongs_to=_belongs_to(plan, waiting.key),
        lasting=True,
    )


def _level(problem: Problem) -> Level:
    return Level.WARNING if problem.fate is Fate.RETRY else Level.ERROR


def _belongs_to(plan: Plan, key: RecordKey) -> str | None:
    # The plan of a page of refunds writes customers and items too, whose ids mean something else.
    return plan.belongs_to.get(key.id) if key.kind in (Kind.REFUND, Kind.VARIATION) else None


def _details(outcome: WriteOutcome) -> dict[str, Any]:
    write, link = outcome.write, outcome.link
    found: dict[str, object] = {"request_id": outcome.request_id}
    if link is not None and not _is_copy(write, link):
        found["target"] = f"{link.target.kind}:{link.target.id}"
    if write.expected_total is not None:
        found |= {"expected_total": write.expected_total, "total": outcome.total}
    return {name: str(value) for name, value in found.items() if value is not None}


def _is_copy(write: Write, link: Link) -> bool:
    """Whether the target has the name of its source, as a row of a warehouse has."""
    return write.role == DOCUMENT and link.target.kind == write.source.kind


def _people(write: Write) -> frozenset[str]:
    return personal_words(write.record.raw if write.record else write.body)
