from __future__ import annotations

from decimal import Decimal

from domain.keys import RecordKey
from domain.problems import Fate, Problem
from domain.records import Page
from domain.sync import Tally
from domain.writes import Plan, Ref, Result, Skipped, Waiting, Write, WriteOutcome
from mapping.plan import plan_page, plan_removals
from mapping.tally import tally_outcomes, tally_plan
from tests.records import WAREHOUSE, key_of, tax_rate


def done(write: Write, result: Result) -> WriteOutcome:
    return WriteOutcome(write=write, result=result, link=write.link())


def keys(*numbers: int) -> list[RecordKey]:
    return [key_of(number) for number in numbers]


def refusal(number: int) -> Problem:
    return Problem(code="rejected", message="It was refused.", fate=Fate.SKIP, key=key_of(number))


def test_each_record_is_counted_by_what_became_of_it() -> None:
    page = Page(records=tuple(map(tax_rate, (1, 2, 3, 4, 5))))
    plan = plan_page(page, target=WAREHOUSE, links={}, held={"5": "print-1"})
    results = [Result.CREATED, Result.UPDATED, Result.UNCHANGED]
    outcomes = [done(write, result) for write, result in zip(plan.writes, results, strict=False)]
    outcomes.append(WriteOutcome(write=plan.writes[3], result=Result.FAILED, problem=refusal(4)))

    tally = tally_outcomes(keys(1, 2, 3, 4, 5), plan, outcomes)

    assert tally == Tally(read=5, created=1, updated=1, unchanged=2, failed=1)
    assert tally.is_balanced


def test_a_record_of_several_documents_counts_once_by_the_worst_of_them() -> None:
    (write,) = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={}, held={}).writes
    payment = write.model_copy(update={"role": "payment:1"})
    plan = Plan(target=WAREHOUSE, writes=(write, payment))
    failed = WriteOutcome(write=payment, result=Result.FAILED, problem=refusal(1))

    assert tally_outcomes(keys(1), plan, [done(write, Result.CREATED), failed]) == Tally(read=1, failed=1)
    assert tally_outcomes(keys(1), plan, [done(write, Result.UNCHANGED), done(payment, Result.CREATED)]) == Tally(
        read=1, created=1
    )


def test_what_records_lean_on_is_not_counted() -> None:
    plan = plan_page(Page(records=(tax_rate(1), tax_rate(2))), target=WAREHOUSE, links={}, held={})
    outcomes = [done(write, Result.CREATED) for write in plan.writes]
    assert tally_outcomes(keys(1), plan, outcomes) == Tally(read=1, created=1)


def test_skipped_and_waiting_records_and_those_without_a_plan_are_counted() -> None:
    plan = Plan(
        target=WAREHOUSE,
        skipped=(Skipped(key=key_of(1), code="status", reason="It is not paid."),),
        waiting=(Waiting(key=key_of(2), on=Ref(key=key_of(1))),),
        problems=(refusal(3), refusal(4)),
    )
    assert tally_outcomes(keys(1, 2, 3), plan, []) == Tally(read=4, skipped=1, waiting=1, failed=2)


def test_a_record_that_was_read_and_lost_on_the_way_unbalances_the_tally() -> None:
    plan = plan_page(Page(records=(tax_rate(1), tax_rate(2))), target=WAREHOUSE, links={}, held={})
    assert not tally_outcomes(keys(1, 2), plan, [done(plan.writes[0], Result.CREATED)]).is_balanced


def test_a_record_found_gone_counts_as_updated() -> None:
    plan = plan_removals(keys(1), target=WAREHOUSE)
    assert tally_outcomes(keys(1), plan, [done(plan.writes[0], Result.REMOVED)]) == Tally(read=1, updated=1)


def test_a_dry_run_foretells_what_the_real_run_counts() -> None:
    page = Page(records=tuple(map(tax_rate, (1, 2, 3))))
    plan = plan_page(page, target=WAREHOUSE, links={}, held={"2": "print-0", "3": "print-1"})
    outcomes = [done(plan.writes[0], Result.CREATED), done(plan.writes[1], Result.UPDATED)]
    assert tally_plan(keys(1, 2, 3), plan) == tally_outcomes(keys(1, 2, 3), plan, outcomes)


def test_a_document_that_comes_to_another_total_has_failed() -> None:
    (write,) = plan_page(Page(records=(tax_rate(1),)), target=WAREHOUSE, links={}, held={}).writes
    expecting = write.model_copy(update={"expected_total": Decimal("119.00")})
    plan = Plan(target=WAREHOUSE, writes=(expecting,))
    for total, failed in (("119.01", 1), ("119.00", 0)):
        outcome = WriteOutcome(write=expecting, result=Result.CREATED, link=write.link(), total=Decimal(total))
        assert tally_outcomes(keys(1), plan, [outcome]).failed == failed
