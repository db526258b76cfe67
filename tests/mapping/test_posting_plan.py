from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from domain.books import Company
from domain.keys import Kind, RecordKey
from domain.records import Order, Record, Refund
from domain.writes import DOCUMENT, NEW, Action, Link, LinkState, Plan, Ref, Waiting, Write
from mapping.posting_plan import Identity, link_identities, plan_postings
from mapping.posting_policy import PostingPolicy
from tests.mapping.books import (
    BOOKS,
    EUR_COMPANY,
    EUR_POLICY,
    company,
    fee,
    line,
    order,
    policy,
    record,
    refund,
    taxed_order,
)

ORDER = record(taxed_order()).key


def plan(
    orders: Sequence[Order] = (),
    refunds: Sequence[Refund] = (),
    links: Mapping[Identity, Link] | None = None,
    policy: PostingPolicy = EUR_POLICY,
    company: Company = EUR_COMPANY,
    parents: Sequence[Order] = (),
) -> Plan:
    return plan_postings(
        [*map(record, orders)], [*map(record, refunds)], target=BOOKS, links=links or {}, policy=policy,
        company=company, parents=[*map(record, parents)],
    )  # fmt: skip


def written(writes: Sequence[Write]) -> dict[Identity, Link]:
    """The links that stand once everything was written, each at version 3."""
    return {
        write.identity: Link(
            source=write.source,
            target=RecordKey(connection=BOOKS, kind=write.target.kind, id=str(number)),
            role=write.role,
            fingerprint=write.fingerprint,
            version="3",
        )
        for number, write in enumerate(writes, start=100)
    }


def shape(planned: Plan) -> list[tuple[str, str, str]]:
    return [(write.action, write.target.kind, write.source.id) for write in planned.writes]


def codes(planned: Plan) -> tuple[list[str], list[str]]:
    return [kept.code for kept in planned.skipped], [problem.code for problem in planned.problems]


def test_a_new_order_is_planned_with_all_it_names_before_it() -> None:
    planned = plan([taxed_order()])
    assert shape(planned) == [
        ("create", "customer", "7"), ("create", "item", "45"), ("create", "invoice", "794"),
        ("create", "payment", "794"),
    ]  # fmt: skip
    assert {write.target.id for write in planned.writes} == {NEW}
    assert {write.target.connection for write in planned.writes} == {BOOKS}
    assert [str(write.expected_total) for write in planned.writes] == ["None", "None", "119.00", "119.00"]


def test_a_second_plan_writes_nothing() -> None:
    links = written(plan([taxed_order()], [refund(amount="1.00")]).writes)
    assert plan([taxed_order()], [refund(amount="1.00")], links) == Plan(target=BOOKS, unchanged=2)


def test_an_edit_that_changes_nothing_posted_is_unchanged() -> None:
    links = written(plan([taxed_order()]).writes)
    assert plan([taxed_order(status="processing", modified_at=None)], links=links).unchanged == 1


def test_customers_and_items_are_written_once_in_a_plan() -> None:
    planned = plan([taxed_order(id="1", number="1"), taxed_order(id="2", number="2")])
    assert shape(planned) == [
        ("create", "customer", "7"), ("create", "item", "45"), ("create", "invoice", "1"), ("create", "invoice", "2"),
        ("create", "payment", "1"), ("create", "payment", "2"),
    ]  # fmt: skip


def test_customers_and_items_that_are_there_are_left_to_the_bookkeeper() -> None:
    helpers = written([write for write in plan([taxed_order()]).writes if write.role != DOCUMENT])
    kept = {
        key: link.model_copy(update={"fingerprint": "edited"}) for key, link in helpers.items() if key[1] != "payment:1"
    }
    assert shape(plan([taxed_order()], links=kept)) == [("create", "invoice", "794"), ("create", "payment", "794")]


def test_a_changed_order_updates_its_document_where_it_is() -> None:
    links = written(plan([taxed_order()]).writes)
    (update,) = plan([taxed_order(customer_note="Ring twice")], links=links).writes
    assert (update.action, update.role, update.base_version) == (Action.UPDATE, DOCUMENT, "3")
    assert update.target == links[ORDER, DOCUMENT].target
    assert update.body is not None
    assert update.body["CustomerMemo"] == {"value": "Ring twice"}


def test_an_order_paid_later_gets_its_payment() -> None:
    by_creation = policy(date="created")
    links = written(plan([taxed_order(paid_at=None)], policy=by_creation).writes)
    assert shape(plan([taxed_order()], links=links, policy=by_creation)) == [("create", "payment", "794")]


def test_a_link_that_was_undone_is_no_link() -> None:
    links = {
        identity: link.model_copy(update={"state": LinkState.UNDONE})
        for identity, link in written(plan([taxed_order()]).writes).items()
    }
    assert [write.action for write in plan([taxed_order()], links=links).writes] == [Action.CREATE] * 4


@pytest.mark.parametrize("status", ["cancelled", "trash", "failed"])
def test_an_order_withdrawn_after_it_was_posted_is_left_to_the_bookkeeper(status: str) -> None:
    links = written(plan([taxed_order()]).writes)
    planned = plan([taxed_order(status=status)], links=links)
    assert (planned.writes, codes(planned)) == ((), ([], ["posted_then_withdrawn"]))
    (problem,) = planned.problems
    assert problem.message == f"It was posted as books:invoice:102. Orders in status {status} are not posted."
    assert problem.advice == "Void or correct it in QuickBooks by hand; the sync deletes nothing from the books."


def test_a_policy_changed_after_posting_turns_no_invoice_into_a_receipt() -> None:
    links = written(plan([taxed_order()]).writes)
    planned = plan([taxed_order()], links=links, policy=policy(document="sales_receipt"))
    assert (planned.writes, codes(planned)) == ((), ([], ["document_changed"]))


def test_a_payment_the_shop_takes_back_is_left_to_the_bookkeeper() -> None:
    links = written(plan([taxed_order()]).writes)
    planned = plan([taxed_order(paid_at=None)], links=links)
    assert (planned.writes, codes(planned)) == ((), ([], ["payment_withdrawn"]))


def test_closed_books_keep_what_is_there_and_take_nothing_new() -> None:
    links = written(plan([taxed_order()]).writes)
    closed = company(closed_until=date(2026, 12, 31))
    assert plan([taxed_order()], links=links, company=closed).unchanged == 1
    assert codes(plan([taxed_order()], company=closed)) == (["books_closed"], [])
    assert codes(plan([taxed_order(customer_note="Ring")], links=links, company=closed)) == ([], ["books_closed"])


def test_orders_that_do_not_post_are_skipped_or_problems() -> None:
    planned = plan([taxed_order(id="1", status="failed"), order(fee("-3.00"), total="-3.00", id="2")])
    assert (planned.writes, codes(planned)) == ((), (["status"], ["negative_total"]))
    assert [kept.key.id for kept in planned.skipped] == ["1"]


def test_a_refund_is_written_after_its_order() -> None:
    assert shape(plan([taxed_order()], [refund(amount="1.00")]))[-3:] == [
        ("create", "invoice", "794"), ("create", "payment", "794"), ("create", "refund_receipt", "801"),
    ]  # fmt: skip


def test_a_refund_of_a_posted_order_needs_the_order_only_to_look_at() -> None:
    links = written(plan([taxed_order()]).writes)
    planned = plan([], [refund(amount="1.00")], links, parents=[taxed_order()])
    assert shape(planned) == [("create", "item", "refund"), ("create", "refund_receipt", "801")]


def test_a_refund_waits_for_an_order_that_is_not_there_or_not_posted_yet() -> None:
    waits = (Waiting(key=record(refund(amount="1.00")).key, on=Ref(key=ORDER)),)
    assert plan([], [refund(amount="1.00")]).waiting == waits
    assert plan([], [refund(amount="1.00")], parents=[taxed_order()]).waiting == waits
    unmapped = plan([taxed_order()], [refund(amount="1.00")], policy=policy(tax_codes={}))
    assert (unmapped.waiting, codes(unmapped)) == (waits, ([], ["tax_rate_unmapped"]))


@pytest.mark.parametrize(
    "changes", [{"status": "cancelled"}, {"currency": "USD"}, {"created_at": None, "paid_at": None, "status": "trash"}]
)
def test_a_refund_of_an_order_that_does_not_post_is_skipped(changes: dict[str, Any]) -> None:
    planned = plan([taxed_order(**changes)], [refund(amount="1.00")])
    assert (planned.writes, planned.waiting, codes(planned)[0][1:]) == ((), (), ["order_not_posted"])


def test_a_refund_of_an_order_of_closed_books_is_skipped_too() -> None:
    later = refund(amount="1.00", created_at=taxed_order().created_at)
    planned = plan([taxed_order()], [later], company=company(closed_until=date(2026, 3, 10)))
    assert codes(planned) == (["books_closed", "order_not_posted"], [])


def test_a_record_that_stands_twice_is_planned_once_as_it_was_read_last() -> None:
    planned = plan([taxed_order(customer_note="old"), taxed_order(customer_note="new")])
    (invoice,) = [write for write in planned.writes if write.target.kind is Kind.INVOICE]
    assert invoice.body is not None
    assert invoice.body["CustomerMemo"] == {"value": "new"}


def test_everything_that_is_looked_up_was_named_before(shop_records: tuple[list[Record], list[Record]]) -> None:
    orders, refunds = shop_records
    named = link_identities(orders, refunds, policy=EUR_POLICY, company=EUR_COMPANY)
    planned = plan_postings(orders, refunds, target=BOOKS, links={}, policy=EUR_POLICY, company=EUR_COMPANY)
    assert {write.identity for write in planned.writes} <= named


def test_a_refund_alone_names_the_customer_through_its_order() -> None:
    body = refund(line("-1.00"), amount="1.00")
    parents = [record(taxed_order())]
    named = link_identities([], [record(body)], policy=EUR_POLICY, company=EUR_COMPANY, parents=parents)
    planned = plan(
        [], [body], {(ORDER, DOCUMENT): written(plan([taxed_order()]).writes)[ORDER, DOCUMENT]}, parents=[taxed_order()]
    )
    assert shape(planned) == [
        ("create", "customer", "7"),
        ("create", "item", "45"),
        ("create", "refund_receipt", "801"),
    ]
    assert {write.identity for write in planned.writes} <= named
