"""What is queued once a page is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.problems import Fate, Problem
from domain.records import Page
from domain.writes import Ref, Result, Waiting, Write, WriteOutcome
from mapping.plan import plan_page
from tasks.settle import TOTAL_DIFFERS, outcome_problems, waiting_problem
from tests.records import WAREHOUSE, key_of, tax_rate


def write(expected: str | None) -> Write:
    (planned,) = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={}, held={}).writes
    return planned.model_copy(update={"expected_total": None if expected is None else Decimal(expected)})


def written(expected: str | None, total: str | None) -> WriteOutcome:
    planned = write(expected)
    reckoned = None if total is None else Decimal(total)
    return WriteOutcome(write=planned, result=Result.CREATED, link=planned.link(), total=reckoned)


def test_a_document_that_comes_to_another_total_is_named_with_both_figures() -> None:
    (problem,) = outcome_problems([written("119.00", "119.01")])
    assert (problem.code, problem.key) == (TOTAL_DIFFERS, key_of(1))
    assert problem.message == "the shop says 119.00, the books say 119.01"


@pytest.mark.parametrize(("expected", "total"), [("119.00", "119.0"), (None, "5"), ("5", None), (None, None)])
def test_equal_totals_and_those_nobody_knows_are_no_problem(expected: str | None, total: str | None) -> None:
    assert list(outcome_problems([written(expected, total)])) == []


def test_a_failed_write_is_its_own_problem() -> None:
    refusal = Problem(code="rejected", message="It was refused.", fate=Fate.SKIP, key=key_of(1))
    outcome = WriteOutcome(write=write("119.00"), result=Result.FAILED, problem=refusal)
    assert list(outcome_problems([outcome])) == [refusal]


def test_what_waits_is_tried_again_in_every_run() -> None:
    problem = waiting_problem(Waiting(key=key_of(2), on=Ref(key=key_of(1))))
    assert (problem.fate, problem.message) == (Fate.RETRY, "it waits until shop:tax_rate:1 is written")
