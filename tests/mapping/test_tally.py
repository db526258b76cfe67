from __future__ import annotations

from domain.problems import Fate, Problem
from domain.records import Page
from domain.sync import Tally
from domain.writes import Result, Write, WriteOutcome
from mapping.plan import plan_page, plan_removals
from mapping.tally import tally_outcomes, tally_plan
from tests.records import WAREHOUSE, key_of, tax_rate


def done(write: Write, result: Result) -> WriteOutcome:
    return WriteOutcome(write=write, result=result, link=write.link())


def test_each_record_is_counted_by_what_became_of_it() -> None:
    page = Page(records=tuple(map(tax_rate, (1, 2, 3, 4, 5))))
    plan = plan_page(page, target=WAREHOUSE, links={}, held={"5": "print-1"})
    refused = Problem(code="rejected", message="The row was refused.", fate=Fate.SKIP, key=key_of(4))
    results = [Result.CREATED, Result.UPDATED, Result.UNCHANGED]
    outcomes = [done(write, result) for write, result in zip(plan.writes, results, strict=False)]
    outcomes.append(WriteOutcome(write=plan.writes[3], result=Result.FAILED, problem=refused))

    tally = tally_outcomes(5, plan, outcomes)

    assert tally == Tally(read=5, created=1, updated=1, unchanged=2, failed=1)
    assert tally.is_balanced


def test_a_record_that_was_read_and_lost_on_the_way_unbalances_the_tally() -> None:
    plan = plan_page(Page(records=(tax_rate(1), tax_rate(2))), target=WAREHOUSE, links={}, held={})
    assert not tally_outcomes(2, plan, [done(plan.writes[0], Result.CREATED)]).is_balanced


def test_a_record_found_gone_counts_as_updated() -> None:
    plan = plan_removals([key_of(1)], target=WAREHOUSE)
    assert tally_outcomes(1, plan, [done(plan.writes[0], Result.REMOVED)]) == Tally(read=1, updated=1)


def test_a_dry_run_foretells_what_the_real_run_counts() -> None:
    page = Page(records=tuple(map(tax_rate, (1, 2, 3))))
    plan = plan_page(page, target=WAREHOUSE, links={}, held={"2": "print-0", "3": "print-1"})
    outcomes = [done(plan.writes[0], Result.CREATED), done(plan.writes[1], Result.UPDATED)]
    assert tally_plan(3, plan) == tally_outcomes(3, plan, outcomes)
