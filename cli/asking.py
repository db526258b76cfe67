"""Showing a person what would be written, and asking whether it shall be."""

from __future__ import annotations

import sys
from enum import Enum

import typer

from cli.output import err
from domain.refusals import ConfirmationNeeded
from operations.plans import Plan

QUESTIONS = ("Write this?", "Something is removed, which cannot be undone here. Really?")
FIRST = "Write this? Schedules and webhooks may carry the same from then on."


class Answer(Enum):
    """What became of asking: a yes is a confirmation; what nobody was asked about needs none."""

    YES = "yes"
    NO = "no"
    UNASKED = "unasked"


def ask(plan: Plan, *, yes: bool) -> Answer:
    """Show what the plan comes to and ask as often as it takes; ``yes`` was said beforehand, for scripts.

    Raises:
        ConfirmationNeeded: nobody is there to be asked.
    """
    err.print(figures(plan), markup=False)
    if yes:
        return Answer.YES
    questions = QUESTIONS[: plan.confirmations_needed]
    if not sys.stdin.isatty():
        if questions:
            raise ConfirmationNeeded("nobody is here to be asked whether this shall be written; say --yes in a script")
        return Answer.UNASKED
    if plan.would_cover:
        questions = (FIRST, *questions[1:])
    # The figures are on the error stream, and so are the questions: the result alone is what a program reads.
    if not all(typer.confirm(question, err=True) for question in questions):
        return Answer.NO
    return Answer.YES if questions else Answer.UNASKED


def figures(plan: Plan) -> str:
    """Sum a plan up in a line or two."""
    sums = ", ".join(f"{amount:,f} {currency}".strip() for currency, amount in sorted(plan.amounts.items()))
    counts = "; ".join(
        f"{kind}: " + ", ".join(f"{count:,} to {action}" for action, count in actions.items())
        for kind, actions in plan.counts.items()
    )
    total = f"The plan {plan.id} writes {plan.records:,} records{f' of {sums}' if sums else ''}"
    return f"{total} and removes {plan.removals:,}.{f' ({counts})' if counts else ''}"
