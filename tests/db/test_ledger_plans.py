"""Plans: written page by page, in whichever order, and the same in the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.ledger.plans import (
    add_writes,
    finish_plan,
    list_writes,
    open_plan,
    release_plan,
    use_plan,
    writes_in_plan,
)
from db.session import tenant_session
from domain.keys import Kind, RecordKey
from domain.plans import StoredPlan
from domain.sync import Mode, SyncRequest
from domain.writes import Action, Write

REQUEST = SyncRequest(tenant="default", route="r", source="shop", target="books", kinds=(Kind.ORDER,), mode=Mode.FULL)
DAY = timedelta(days=1)


def write(number: int, role: str = "document", amount: str | None = "10.00", **changes: object) -> Write:
    made = Write(
        action=Action.CREATE,
        source=RecordKey(connection="shop", kind=Kind.ORDER, id=str(number)),
        target=RecordKey(connection="books", kind=Kind.INVOICE, id=""),
        role=role,
        fingerprint=f"print-{number}",
        expected_total=None if amount is None else Decimal(amount),
        currency="EUR",
    )
    return made.model_copy(update=changes)


def store(engine: Engine, *pages: list[Write]) -> StoredPlan:
    plan_id = uuid4()
    with tenant_session(engine, "default") as session:
        open_plan(session, plan_id, REQUEST, DAY)
        for page in pages:
            add_writes(session, plan_id, page)
        return finish_plan(session, plan_id, REQUEST, {})


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([0, 1, 2, 10, 11]), cut=st.integers(0, 5))
def test_the_hash_does_not_depend_on_pages_and_order(ledger_engine: Engine, order: list[int], cut: int) -> None:
    writes = [write(number) for number in order]
    straight = store(ledger_engine, [write(number) for number in sorted(order)])
    assert store(ledger_engine, writes[:cut], writes[cut:]).hash == straight.hash


def test_what_is_planned_twice_counts_as_it_was_planned_last(ledger_engine: Engine) -> None:
    twice = store(ledger_engine, [write(1), write(1, fingerprint="newer")], [write(1, fingerprint="newest")])
    assert twice.hash == store(ledger_engine, [write(1, fingerprint="newest")]).hash
    assert twice.counts == {Kind.ORDER: {Action.CREATE: 1}}


def test_an_order_and_its_payment_are_one_record_and_the_same_money(ledger_engine: Engine) -> None:
    customer = RecordKey(connection="shop", kind=Kind.CUSTOMER, id="9")
    plan = store(
        ledger_engine,
        [
            write(1), write(1, "payment:1"), write(2, amount="5.50", currency="USD"), write(3, amount="2.25"),
            write(9, "customer", None, source=customer), write(4, amount=None, action=Action.REMOVE),
        ],
    )  # fmt: skip
    assert plan.amounts == {"EUR": Decimal("12.25"), "USD": Decimal("5.50")}
    assert (plan.records, plan.removals, plan.is_destructive) == (4, 1, True)


@pytest.mark.parametrize(
    ("most_records", "most_amount", "exceeds"), [(2, "15", False), (1, "15", True), (2, "14.99", True)]
)
def test_a_plan_exceeds_what_is_smaller_in_records_or_in_one_currency(
    ledger_engine: Engine, most_records: int, most_amount: str, exceeds: bool
) -> None:
    plan = store(ledger_engine, [write(1, amount="15"), write(2, amount="15", currency="USD")])
    assert plan.exceeds(most_records, Decimal(most_amount)) is exceeds


def test_a_write_is_in_the_plan_only_just_as_it_was_planned(ledger_engine: Engine) -> None:
    plan = store(ledger_engine, [write(1), write(2), write(3)])
    asked = [write(1), write(2, fingerprint="other"), write(3, action=Action.UPDATE), write(3, "payment:1"), write(4)]
    with tenant_session(ledger_engine, "default") as session:
        assert writes_in_plan(session, plan.id, asked) == {write(1).identity}
        assert writes_in_plan(session, uuid4(), asked) == set()


def test_a_plan_is_for_one_request_unless_that_never_began(ledger_engine: Engine) -> None:
    plan, first, second = store(ledger_engine, [write(1)]), uuid4(), uuid4()
    with tenant_session(ledger_engine, "default") as session:
        assert use_plan(session, plan.id, first, "ann")
        assert not use_plan(session, plan.id, second, "bob")
        release_plan(session, plan.id, second)
        assert not use_plan(session, plan.id, second, "bob")
        release_plan(session, plan.id, first)
        assert use_plan(session, plan.id, second, "bob")


def test_a_plan_is_read_in_pages(ledger_engine: Engine) -> None:
    plan = store(ledger_engine, [write(number) for number in range(5)])
    with tenant_session(ledger_engine, "default") as session:
        first = list_writes(session, plan.id, 3)
        last = first[-1]
        rest = list_writes(session, plan.id, 3, (last.key.connection, last.key.kind, last.key.id, last.role))
    assert [each.key.id for each in (*first, *rest)] == ["0", "1", "2", "3", "4"]
