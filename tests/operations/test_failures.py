"""The queue: looked at, tried again, left be with a reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from db.ledger import open_problem_ids, resolve_problems, save_problems, told_problem_ids
from db.ledger.audit import AuditFilter, list_audit
from db.ledger.problems import Money, note_tried
from domain.access import Permission, Role
from domain.keys import Kind
from domain.problems import Fate, Problem, ProblemState
from domain.refusals import Clash, ConfirmationNeeded, Forbidden, Unknown, Unusable
from operations import failures, retries
from operations.caller import Caller
from operations.failures import Failure, FailureFilter, IgnoreWish
from operations.retries import RetryWish
from tests.operations.steering import SHOP, WAREHOUSE, asked_of_prefect, connect, order, plan, write


@pytest.fixture
def caller(boss: Caller) -> Caller:
    connect(boss)
    return boss


def fail(caller: Caller, *numbers: int, code: str = "refused", amount: str | None = None) -> None:
    """Let these orders fail."""
    problems = [
        Problem(code=code, message=f"Order {number} was refused.", fate=Fate.SKIP, key=order(number), advice="Mend it.")
        for number in numbers
    ]
    amounts = {} if amount is None else {order(number): Money(Decimal(amount), "EUR") for number in numbers}
    with caller.ledger() as session:
        save_problems(session, uuid4(), WAREHOUSE, problems, amounts)


def found(caller: Caller, **wanted: object) -> list[Failure]:
    return list(failures.search_failures(caller, FailureFilter.model_validate(wanted)).items)


def numbers(some: list[Failure]) -> set[int]:
    return {int(each.source_id) for each in some}


def only(caller: Caller) -> UUID:
    (one,) = found(caller, state=None)
    return one.id


def test_a_failure_tells_its_story(caller: Caller) -> None:
    fail(caller, 1, amount="119.00")
    fail(caller, 1)

    (failure,) = found(caller)

    assert (failure.count, failure.amount, failure.currency) == (2, Decimal("119.00"), "EUR")
    assert (failure.code, failure.advice, failure.state) == ("refused", "Mend it.", ProblemState.OPEN)
    assert failure.first_seen < failure.last_seen


def test_failures_are_found_by_what_they_have_in_common(caller: Caller) -> None:
    fail(caller, 1, 2)
    fail(caller, 3, code="negative_total")
    assert numbers(found(caller, code="negative_total")) == {3}
    assert numbers(found(caller, connection=SHOP, kind="order")) == {1, 2, 3}
    assert found(caller, connection="books") == found(caller, kind="refund") == found(caller, state="ignored") == []
    assert numbers(found(caller, text="ORDER 2")) == {2}
    assert found(caller, text="100%_") == []


def test_failures_come_in_pages(caller: Caller) -> None:
    fail(caller, *range(1, 6))
    first = failures.search_failures(caller, FailureFilter(limit=3))
    rest = failures.search_failures(caller, FailureFilter(limit=3, cursor=first.next_cursor))
    assert numbers([*first.items, *rest.items]) == {1, 2, 3, 4, 5}
    assert (len(rest.items), rest.next_cursor) == (2, None)


def test_what_is_left_be_is_not_tried_again_until_it_fails_for_another_cause(caller: Caller) -> None:
    fail(caller, 1)
    failures.ignore(caller, only(caller), "A test order.")
    with pytest.raises(Clash, match="is ignored"):
        failures.ignore(caller, only(caller), "Once more.")
    assert queue(caller) == []
    with caller.ledger() as session:
        assert told_problem_ids(session, SHOP, Kind.ORDER, WAREHOUSE) == {"1"}

    fail(caller, 1)
    (left,) = found(caller, state="ignored")
    assert (left.count, left.reason, left.decided_by) == (2, "A test order.", caller.actor)

    fail(caller, 1, code="negative_total")
    (back,) = found(caller)
    assert (back.count, back.reason, back.decided_by, back.decided_at) == (1, None, None, None)
    with caller.ledger() as session:
        entries = list_audit(session, AuditFilter(action="failure.ignore"), None, 9)
    assert [(entry.subject, entry.details["reason"]) for entry in entries] == [("order:1", "A test order.")]


def queue(caller: Caller) -> list[str]:
    with caller.ledger() as session:
        return open_problem_ids(session, SHOP, Kind.ORDER, WAREHOUSE, 99)


def test_what_is_left_be_leaves_when_the_record_is_written(caller: Caller) -> None:
    fail(caller, 1)
    failures.ignore(caller, only(caller), "A test order.")
    with caller.ledger() as session:
        resolve_problems(session, WAREHOUSE, [order(1)], uuid4())
    assert found(caller, state="ignored") == []
    fail(caller, 1)
    assert numbers(found(caller)) == {1}


def test_what_was_left_be_is_queued_again_when_somebody_says_so(caller: Caller) -> None:
    fail(caller, 1)
    with pytest.raises(Clash, match="is open"):
        failures.reopen(caller, only(caller))
    failures.ignore(caller, only(caller), "A test order.")
    assert failures.reopen(caller, only(caller)).reason is None
    assert queue(caller) == ["1"]


def test_many_are_left_be_with_one_reason(caller: Caller) -> None:
    fail(caller, *range(20))
    fail(caller, 99, code="negative_total")
    wish = IgnoreWish.model_validate({"code": "refused", "reason": "Orders of the old shop."})
    assert failures.ignore_many(caller, wish).count == 20
    assert numbers(found(caller)) == {99}


def test_what_was_tried_and_stays_queued_makes_room_for_others(caller: Caller) -> None:
    fail(caller, 1)
    fail(caller, 2)
    with caller.ledger() as session:
        note_tried(session, WAREHOUSE, [order(1)])
        assert open_problem_ids(session, SHOP, Kind.ORDER, WAREHOUSE, 1) == ["2"]


@pytest.mark.parametrize(
    "chosen", [{}, {"ids": [str(uuid4())], "code": "refused"}], ids=["nothing", "names and a filter"]
)
def test_which_failures_are_meant_must_be_said_in_one_way(caller: Caller, chosen: dict[str, object]) -> None:
    with pytest.raises(Unusable, match="not both and not neither"):
        retries.retry_many(caller, RetryWish.model_validate(chosen))


@pytest.mark.prefect
def test_one_failure_is_tried_again_by_a_run_of_just_that_record(caller: Caller, on_demand: str) -> None:
    fail(caller, 7)
    asked = retries.retry(replace(caller, role=Role.BOOKKEEPER), only(caller))

    (flow_run,) = asked_of_prefect(on_demand)
    assert flow_run["id"] == asked.run.flow_run_id
    parameters = flow_run["parameters"]
    assert (parameters["ids"], parameters["kinds"], parameters["target"], parameters["most_records"]) == (
        ["7"], ["order"], WAREHOUSE, 10,
    )  # fmt: skip


@pytest.mark.prefect
def test_more_than_ten_are_tried_again_by_way_of_a_dry_run(caller: Caller, on_demand: str) -> None:
    fail(caller, *range(11))
    wish = RetryWish(code="refused")
    with pytest.raises(ConfirmationNeeded, match="these are 11 records"):
        retries.retry_many(caller, wish)

    (asked,) = retries.retry_many(caller, wish.model_copy(update={"dry_run": True})).runs

    assert asked.run.request.dry_run
    assert len(asked.run.request.ids) == 11


@pytest.mark.prefect
def test_a_plan_of_a_retry_is_carried_out_by_who_may_resolve_failures(caller: Caller, on_demand: str) -> None:
    bookkeeper = replace(caller, role=Role.BOOKKEEPER)
    fail(caller, *range(11))
    retries.retry_many(bookkeeper, RetryWish(code="refused", dry_run=True))
    plan_id = plan(bookkeeper, [write(1)], permission=Permission.RESOLVE_FAILURES)
    (asked,) = retries.retry_many(bookkeeper, RetryWish(plan=plan_id)).runs
    assert asked.run.plan_id == plan_id
    assert len(asked_of_prefect(on_demand)) == 2


def test_only_what_is_queued_and_known_is_tried_again(caller: Caller, agency: Engine) -> None:
    fail(caller, 1)
    failures.ignore(caller, only(caller), "A test order.")
    with pytest.raises(Clash, match="only what is open is tried again"):
        retries.retry(caller, only(caller))
    with pytest.raises(Unknown):
        retries.retry(caller, uuid4())
    with pytest.raises(Unknown):
        failures.find_failure(replace(caller, tenant="berlin"), only(caller))
    for verb in (retries.retry, failures.reopen):
        with pytest.raises(Forbidden):
            verb(replace(caller, role=Role.VIEWER), only(caller))
