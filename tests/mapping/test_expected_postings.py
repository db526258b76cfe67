"""Outcome and reason for each of the 308 orders and 61 refunds of the recorded shop in a EUR company."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal

from domain.records import Order, Record, Refund
from domain.writes import DOCUMENT, Plan
from mapping.posting_plan import plan_postings
from tests.mapping.books import BOOKS, EUR_COMPANY, EUR_POLICY
from tests.mapping.recorded_books import EXPECTED, as_csv, outcome_rows

Shop = tuple[list[Record], list[Record]]

NOT_POSTED = {
    **dict.fromkeys(("147", "148", "152", "237", "353", "382", "389", "408"), "nothing_to_post"),
    "154": "negative_total",
}
"""EUR orders in a status that posts, and yet not posted: eight cost nothing at all, one owes the customer 3.00."""


def expected() -> list[dict[str, str]]:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plan_of(shop: Shop) -> Plan:
    return plan_postings(*shop, target=BOOKS, links={}, policy=EUR_POLICY, company=EUR_COMPANY)


def test_each_order_and_refund_has_the_outcome_and_reason_of_the_committed_table(shop_records: Shop) -> None:
    assert as_csv(outcome_rows(*shop_records)) == EXPECTED.read_text(encoding="utf-8")


def test_the_table_names_every_order_and_refund_once() -> None:
    rows = expected()
    assert Counter(row["kind"] for row in rows) == {"order": 308, "refund": 61}
    assert len({(row["kind"], row["id"]) for row in rows}) == 369


def test_all_eur_orders_that_should_post_are_posted_but_nine_named_ones() -> None:
    due = [
        row
        for row in expected()
        if row["kind"] == "order" and row["currency"] == "EUR" and row["status"] in EUR_POLICY.statuses
    ]
    assert len(due) == 111
    assert {row["id"]: row["code"] for row in due if row["outcome"] != "posted"} == NOT_POSTED


def test_nothing_else_is_posted() -> None:
    others = [
        row
        for row in expected()
        if row["kind"] == "order" and not (row["currency"] == "EUR" and row["status"] in EUR_POLICY.statuses)
    ]
    assert Counter((row["outcome"], row["code"]) for row in others) == {
        ("skipped", "status"): 122,
        ("skipped", "currency_foreign"): 75,
    }


def test_every_refund_of_a_posted_order_is_posted_and_no_other() -> None:
    orders = {row["id"]: row["outcome"] for row in expected() if row["kind"] == "order"}
    refunds = [row for row in expected() if row["kind"] == "refund"]
    assert Counter((row["outcome"], row["code"]) for row in refunds) == {
        ("posted", ""): 30,
        ("skipped", "order_not_posted"): 31,
    }
    assert len(orders) == 308


def test_the_sums_of_the_documents_are_those_of_the_shop_to_the_cent(shop_records: Shop) -> None:
    orders, refunds = shop_records
    sold = {record.key.id: record.body.total for record in orders if isinstance(record.body, Order)}
    given_back = {record.key.id: record.body.amount for record in refunds if isinstance(record.body, Refund)}
    writes = [write for write in plan_of(shop_records).writes if write.role == DOCUMENT]
    invoiced = {write.source.id: write.expected_total for write in writes if write.target.kind == "invoice"}
    receipts = {write.source.id: write.expected_total for write in writes if write.target.kind == "refund_receipt"}

    assert (len(invoiced), len(receipts)) == (102, 30)
    assert sum(total or 0 for total in invoiced.values()) == sum(sold[number] for number in invoiced)
    assert sum(total or 0 for total in receipts.values()) == sum(given_back[number] for number in receipts)
    assert sum(total or 0 for total in invoiced.values()) == sum(
        Decimal(row["posted"]) for row in expected() if row["kind"] == "order" and row["posted"]
    )


def test_what_documents_name_is_written_before_them_and_only_once(shop_records: Shop) -> None:
    seen: set[object] = set()
    for write in plan_of(shop_records).writes:
        assert write.identity not in seen
        assert references(write.body) <= seen
        seen.add(write.identity)


def references(value: object) -> set[object]:
    """Every record that a body names."""
    if isinstance(value, dict):
        return set().union(*map(references, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(references, value)) if value else set()
    return {(value.key, value.role)} if hasattr(value, "role") and hasattr(value, "key") else set()
