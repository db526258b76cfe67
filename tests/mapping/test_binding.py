"""Nothing beyond the confirmed plan is written, and nothing that leans on what is not."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.keys import Kind, RecordKey
from domain.writes import DOCUMENT, NEW, Action, Plan, Ref, Write
from mapping.binding import CHANGED, bind
from mapping.posting_entries import CUSTOMER, PAYMENT


def key(kind: Kind, number: int) -> RecordKey:
    return RecordKey(connection="shop", kind=kind, id=str(number))


def write(source: RecordKey, role: str = DOCUMENT, *refers_to: tuple[RecordKey, str]) -> Write:
    refs = [{"value": Ref(key=each, role=of)} for each, of in refers_to]
    return Write(
        action=Action.CREATE, source=source, target=RecordKey(connection="books", kind=Kind.INVOICE, id=NEW),
        role=role, fingerprint="p", body={"Line": [{"Detail": ref} for ref in refs]}, expected_total=Decimal(1),
    )  # fmt: skip


def order_plan(numbers: range) -> Plan:
    """Orders with a payment each; every two share a customer."""
    writes = []
    for number in numbers:
        order, customer = key(Kind.ORDER, number), (key(Kind.CUSTOMER, number // 2), CUSTOMER)
        if number % 2 == 0:
            writes.append(write(*customer))
        writes += [write(order, DOCUMENT, customer), write(order, PAYMENT, (order, DOCUMENT))]
    return Plan(target="books", writes=tuple(writes))


def orders(numbers: range) -> set[RecordKey]:
    return {key(Kind.ORDER, number) for number in numbers}


def test_a_plan_that_was_confirmed_whole_stays_as_it_is() -> None:
    plan = order_plan(range(4))
    assert bind(plan, {each.identity for each in plan.writes}, orders(range(4))) == plan


def test_a_record_is_written_wholly_or_not_at_all() -> None:
    plan = order_plan(range(2))
    confirmed = {each.identity for each in plan.writes} - {(key(Kind.ORDER, 1), PAYMENT)}

    bound = bind(plan, confirmed, orders(range(2)))

    assert {each.source for each in bound.writes} == {key(Kind.CUSTOMER, 0), key(Kind.ORDER, 0)}
    assert [(problem.key, problem.code) for problem in bound.problems] == [(key(Kind.ORDER, 1), CHANGED)]


def test_what_refers_to_something_unconfirmed_is_not_written_either() -> None:
    plan = order_plan(range(4))
    confirmed = {each.identity for each in plan.writes} - {(key(Kind.CUSTOMER, 1), CUSTOMER)}

    bound = bind(plan, confirmed, orders(range(4)))

    # The customer is no record of this run, so it is the orders that are queued.
    assert [problem.key.id for problem in bound.problems] == ["2", "3"]
    assert {each.source.id for each in bound.writes} == {"0", "1"}


@given(st.data())
def test_nothing_unconfirmed_is_written_and_every_record_is_accounted_for(data: st.DataObject) -> None:
    plan = order_plan(range(data.draw(st.integers(1, 6))))
    every = [each.identity for each in plan.writes]
    confirmed = set(data.draw(st.lists(st.sampled_from(every), unique=True)))
    keys = {source for source, _ in every if source.kind is Kind.ORDER}

    bound = bind(plan, confirmed, keys)

    written = {each.identity for each in bound.writes}
    assert written <= confirmed
    assert {source for source, _ in written} & keys | {problem.key for problem in bound.problems} == keys
    assert {problem.key for problem in bound.problems}.isdisjoint(source for source, _ in written)
