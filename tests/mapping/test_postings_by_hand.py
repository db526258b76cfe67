"""Twenty nasty orders and refunds of the recorded shop, each reckoned by hand in the comment above its figures.

Of a document: amount, tax code and item of each line; then the tax on each tax rate of the books. Code 101 with rate
201 stands for tax rate 1 of the shop (19 %), and so on; 314 for rates 14+15, 312 for 12+13, 99 for no tax.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from domain.records import Order, Refund
from tests.mapping.books import body_of, code, given_back, lines_of, outcome, posted, taxes_of


class Expected(NamedTuple):
    """What a document must be."""

    day: str
    kinds: tuple[str, ...]
    lines: list[tuple[str, str | None, str | None]]
    taxes: dict[str, str]


PAID = ("invoice", "payment")
UNPAID = ("invoice",)
RECEIPT = ("refund_receipt",)

ORDERS = {
    # Two rates on each line; the lines' taxes add up to 7.55 + 22.65 + 0.74 = 30.94, the shop charged 30.93.
    # GST 10.08 + 0.24 = 10.32, QST 20.12 + 0.49 = 20.61; 50.42 + 151.26 + 4.90 = 206.58;
    # 206.58 + 10.32 + 20.61 = 237.51.
    # 50.42 / 3 and 151.26 / 12 = 12.605 are no cents, so neither line has a price.
    "333": Expected(
        "2026-09-04", PAID,
        [("50.42", "314", "variation:73"), ("151.26", "314", "variation:88"), ("4.90", "314", "item:shipping")],
        {"214": "10.32", "215": "20.61"},
    ),
    # Taxed, free, untaxed and discounted lines in one order; lines' taxes 2.04 + 7.29 + 0.41 = 9.74, charged 9.73.
    # 25.21 + 0.00 + 21.03 + 90.00 + 5.00 = 141.24; 141.24 + 9.33 + 0.40 = 150.97.
    "364": Expected(
        "2026-11-23", PAID,
        [("25.21", "111", "variation:110"), ("0.00", "99", "product:40"), ("21.03", "99", "variation:91"),
         ("90.00", "111", "product:36"), ("5.00", "111", "item:shipping")],
        {"211": "9.73"},
    ),
    # A third off, split by the shop: 66.67 + 66.68 + 8.40 + 25.21 = 166.96; taxes 13.33 + 13.34 + 1.68 + 5.04 = 33.39,
    # charged 33.38; 166.96 + 33.38 = 200.34. The coupon of 83.48 is inside the lines already.
    "381": Expected(
        "2026-11-23", PAID,
        [("66.67", "106", "product:57"), ("66.68", "106", "product:37"), ("8.40", "106", "variation:66"),
         ("25.21", "106", "variation:93")],
        {"206": "33.38"},
    ),
    # A compound rate, shipping without tax, not paid: 15.00 + 55.00 + 39.20 + 12.35 = 121.55;
    # tax 1.09 + 3.99 + 2.84 = 7.92 and 0.36 + 1.33 + 0.95 = 2.64; 121.55 + 7.92 + 2.64 = 132.11. Dated by its creation.
    "171": Expected(
        "2025-09-07", UNPAID,
        [("15.00", "312", "variation:62"), ("55.00", "312", "variation:82"), ("39.20", "312", "product:49"),
         ("12.35", "99", "item:shipping")],
        {"212": "7.92", "213": "2.64"},
    ),
    # Half a piece that the shop cut to quantity 0, product deleted, nobody's e-mail: 5.00 + 0.95 = 5.95.
    "519": Expected("2026-11-23", PAID, [("5.00", "101", "item:unknown")], {"201": "0.95"}),
    # A position typed by hand that never had a product, not paid: 12.34 + 2.34 = 14.68.
    "517": Expected("2026-11-23", UNPAID, [("12.34", "101", "item:unknown")], {"201": "2.34"}),
    # Nothing but shipping: 4.90.
    "277": Expected("2026-05-02", PAID, [("4.90", "99", "item:shipping")], {}),
    # Everything free but the fee for cash on delivery: 8 x 0.00 + 5.00 + 0.95 = 5.95. Free shipping is no line.
    "240": Expected(
        "2026-02-07", UNPAID,
        [("0.00", "101", "variation:95"), ("0.00", "101", "variation:90"), ("0.00", "102", "product:48"),
         ("0.00", "101", "variation:67"), ("0.00", "101", "product:31"), ("0.00", "101", "variation:100"),
         ("0.00", "102", "product:48"), ("0.00", "101", "product:26"), ("5.00", "101", "item:fee")],
        {"201": "0.95", "202": "0.00"},
    ),
    # Two rates on a single small line: 5 % of 2.24 = 0.112, 9.975 % = 0.22344; 2.24 + 0.11 + 0.22 = 2.57.
    "409": Expected("2026-11-23", PAID, [("2.24", "314", "product:37")], {"214": "0.11", "215": "0.22"}),
    # A loyalty discount made as a negative fee: 299.85 + 66.67 + 4.90 - 3.00 = 368.42, no tax.
    "177": Expected(
        "2025-09-19", PAID,
        [("299.85", "99", "product:16"), ("66.67", "99", "variation:96"), ("4.90", "99", "item:shipping"),
         ("-3.00", "99", "item:fee")],
        {},
    ),
    # 7 %: 147.00 + 9.90 = 156.90, tax 10.29 + 0.69 = 10.98.
    # 19 %: 99.95 + 199.00 + 66.67 + 597.00 + 392.00 + 0.00 + 12.35 = 1366.97,
    # tax 18.99 + 37.81 + 12.67 + 113.43 + 74.48 + 2.35 = 259.73. 156.90 + 1366.97 + 10.98 + 259.73 = 1794.58.
    "130": Expected(
        "2025-06-17", PAID,
        [("147.00", "102", "product:32"), ("9.90", "102", "product:40"), ("99.95", "101", "product:54"),
         ("199.00", "101", "product:30"), ("66.67", "101", "product:51"), ("597.00", "101", "product:44"),
         ("392.00", "101", "product:49"), ("0.00", "101", "product:37"), ("12.35", "101", "item:shipping")],
        {"202": "10.98", "201": "259.73"},
    ),
}  # fmt: skip

NOT_POSTED = {
    # A fee of -3.00 and nothing else: the shop owes the customer, and no invoice can say so.
    "154": "negative_total",
    # 100.00 + 0.99 less a coupon of 100.99: no money, no tax.
    "148": "nothing_to_post",
}

REFUNDS = {
    # By amount only, all of order 402: 63.09 + 21.03 = 84.12 at 7 %, 12.35 + 5.00 = 17.35 without tax, tax 5.89;
    # 84.12 + 17.35 + 5.89 = 107.36.
    "505": Expected(
        "2026-11-23", RECEIPT, [("84.12", "102", "item:refund"), ("17.35", "99", "item:refund")], {"202": "5.89"}
    ),
    # By amount only, 298.42 of 353.32 = 0.844617: 285.51 -> 241.146 = 241.15, 5.00 -> 4.223 = 4.22,
    # tax 62.81 -> 53.050 = 53.05; 241.15 + 4.22 + 53.05 = 298.42.
    "508": Expected(
        "2026-11-23", RECEIPT, [("241.15", "107", "item:refund"), ("4.22", "99", "item:refund")], {"207": "53.05"}
    ),
    # One of two pieces with two rates: 4.95 + 0.25 + 0.49 = 5.69.
    "467": Expected("2026-05-05", RECEIPT, [("4.95", "314", "product:57")], {"214": "0.25", "215": "0.49"}),
    # Goodwill of 1.00 on order 130, 1 / 1794.58 of each part: 156.90 -> 0.087 = 0.09, 1366.97 -> 0.762 = 0.76,
    # 10.98 -> 0.006 = 0.01, 259.73 -> 0.145 = 0.14; 0.09 + 0.76 + 0.01 + 0.14 = 1.00. Given back at 2:41 in Berlin.
    "143": Expected(
        "2025-07-01", RECEIPT, [("0.09", "102", "item:refund"), ("0.76", "101", "item:refund")],
        {"202": "0.01", "201": "0.14"},
    ),
    # By amount only, all of order 329, whose fee is negative:
    # 9.87 + 168.85 + 54.82 + 1.42 + 0.01 + 13.99 + 0.20 - 3.00 = 246.16 at 7.25 % and 2.25 % on top;
    # 196.00 without tax; 246.16 + 196.00 + 17.93 + 5.96 = 466.05.
    "486": Expected(
        "2026-08-26", RECEIPT, [("246.16", "312", "item:refund"), ("196.00", "99", "item:refund")],
        {"212": "17.93", "213": "5.96"},
    ),
    # One mug of three, without tax: 99.95.
    "455": Expected("2025-09-19", RECEIPT, [("99.95", "99", "product:16")], {}),
    # One variation of twelve, of an order with two rates: 11.00 + 2.09 = 13.09.
    "449": Expected("2025-08-31", RECEIPT, [("11.00", "101", "variation:67")], {"201": "2.09"}),
}  # fmt: skip


def test_there_are_twenty() -> None:
    assert len({**ORDERS, **NOT_POSTED}) + len(REFUNDS) == 20


@pytest.mark.parametrize("number", ORDERS)
def test_an_order_becomes_the_document_reckoned_by_hand(recorded_orders: dict[str, Order], number: str) -> None:
    posting = posted(recorded_orders[number])
    kinds = tuple(str(entry.kind) for entry in posting.documents)
    assert Expected(str(posting.date), kinds, lines_of(posting), taxes_of(posting)) == ORDERS[number]
    assert [entry.total for entry in posting.documents] == [recorded_orders[number].total] * len(kinds)


@pytest.mark.parametrize("number", NOT_POSTED)
def test_an_order_that_cannot_be_posted_says_why(recorded_orders: dict[str, Order], number: str) -> None:
    assert code(outcome(recorded_orders[number])) == NOT_POSTED[number]


@pytest.mark.parametrize("number", REFUNDS)
def test_a_refund_becomes_the_document_reckoned_by_hand(
    recorded_orders: dict[str, Order], recorded_refunds: dict[str, Refund], number: str
) -> None:
    refund = recorded_refunds[number]
    posting = given_back(refund, recorded_orders[refund.order_id])
    kinds = tuple(str(entry.kind) for entry in posting.documents)
    assert Expected(str(posting.date), kinds, lines_of(posting), taxes_of(posting)) == REFUNDS[number]


def test_prices_stand_where_they_come_out_even_and_quantities_in_the_text_where_not(
    recorded_orders: dict[str, Order],
) -> None:
    uneven, even = posted(recorded_orders["333"]), posted(recorded_orders["171"])
    assert body_of(uneven)["Line"][0]["Description"].startswith("3 × Variables Produkt 2")
    assert "Qty" not in body_of(uneven)["Line"][0]["SalesItemLineDetail"]
    detail = body_of(even)["Line"][1]["SalesItemLineDetail"]
    assert (detail["Qty"], str(detail["UnitPrice"])) == (2, "27.50")
