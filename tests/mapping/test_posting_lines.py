from __future__ import annotations

from decimal import Decimal

import pytest

from tests.mapping.books import (
    body_of,
    code,
    company,
    fee,
    line,
    lines_of,
    order,
    outcome,
    policy,
    posted,
    shipping,
    tax,
)


def test_a_price_stands_only_where_it_gives_the_amount_exactly() -> None:
    found = []
    for total, quantity in [
        ("10.00", "4"),
        ("10.00", "3"),
        ("10.00", "0"),
        ("10.00", "0.5"),
        ("-9.00", "-3"),
        ("5", "1"),
    ]:
        sold = posted(order(line(total, quantity=Decimal(quantity)), fee("100.00"), total=str(Decimal(total) + 100)))
        first = body_of(sold)["Line"][0]
        detail = first["SalesItemLineDetail"]
        found.append((str(detail.get("Qty")), str(detail.get("UnitPrice")), first["Description"]))
    assert found == [
        ("4", "2.50", "Widget"),
        ("None", "None", "3 × Widget"),
        ("None", "None", "Widget"),
        ("0.5", "20.00", "Widget"),
        ("None", "None", "Widget"),
        ("1", "5.00", "Widget"),
    ]


def test_a_discount_is_inside_the_lines_or_one_line_below_them() -> None:
    sold = order(line("80.00", subtotal=Decimal("100.00")), line("5.00", subtotal=Decimal("5.00")), total="85.00")
    assert lines_of(posted(sold)) == [("80.00", "99", "product:45"), ("5.00", "99", "product:45")]

    shown = posted(sold, policy(discounts="one_line", discount_account="Discounts given"))
    assert lines_of(shown) == [("100.00", "99", "product:45"), ("5.00", "99", "product:45")]
    assert body_of(shown)["Line"][-1] == {
        "Amount": Decimal("20.00"),
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": False, "DiscountAccountRef": {"value": "86"}},
    }
    assert code(outcome(sold, policy(discounts="one_line"), company(allows_discount=False))) == "discount_off"


def test_cents_by_which_the_lines_miss_the_total_are_a_line_of_their_own() -> None:
    sold = order(line("3.333", quantity=Decimal(1)), line("3.333"), line("3.334"), total="10.00")
    assert lines_of(posted(sold)) == [
        ("3.33", "99", "product:45"), ("3.33", "99", "product:45"), ("3.33", "99", "product:45"),
        ("0.01", "99", "item:rounding"),
    ]  # fmt: skip


def test_a_difference_beyond_the_tolerance_is_left_to_a_person_with_both_figures() -> None:
    problem = outcome(order(line("10.00"), total="10.06"))
    assert code(problem) == "sum_differs"
    assert "10.00" in str(problem)
    assert "10.06" in str(problem)
    posted(order(line("10.00"), total="10.06"), policy(tolerance="0.06"))
    assert code(outcome(order(line("10.00"), total="9.94"))) == "sum_differs"


@pytest.mark.parametrize(
    ("sold", "total", "expected"),
    [
        ([], "0.00", "nothing_to_post"),
        ([line("0.00"), shipping("0.00")], "0.00", "nothing_to_post"),
        ([fee("-3.00")], "-3.00", "negative_total"),
        ([], "10.00", "sum_differs"),
        ([line("10.005")], "10.005", "too_many_decimals"),
        ([line("100000000000")], "100000000000", "amount_too_large"),
        ([line("1.00")] * 751, "751.00", "too_many_lines"),
    ],
)
def test_orders_no_document_can_hold_have_a_reason(sold: list[object], total: str, expected: str) -> None:
    assert code(outcome(order(*sold, total=total))) == expected  # type: ignore[arg-type]


def test_an_order_of_tax_alone_has_no_line_to_carry_it() -> None:
    assert code(outcome(order(total="0.05", total_tax="0.05"))) == "no_lines"


def test_fees_and_shipping_alone_are_posted() -> None:
    assert lines_of(posted(order(fee("5.00"), total="5.00"))) == [("5.00", "99", "item:fee")]
    assert lines_of(posted(order(shipping("4.90"), total="4.90"))) == [("4.90", "99", "item:shipping")]


def test_free_shipping_is_no_line_unless_it_bears_tax() -> None:
    sold = order(line("5.00"), shipping("0.00"), shipping("0.00", "0.19", "1"), total="5.19", total_tax="0.19")
    assert lines_of(posted(sold)) == [("5.00", "99", "product:45"), ("0.00", "101", "item:shipping")]


def test_lines_that_cancel_each_other_are_posted_with_a_total_of_zero() -> None:
    assert lines_of(posted(order(line("50.00"), fee("-50.00"), total="0.00"))) == [
        ("50.00", "99", "product:45"), ("-50.00", "99", "item:fee"),
    ]  # fmt: skip


def test_a_line_of_a_deleted_product_is_sold_as_the_item_for_those() -> None:
    posting = posted(order(line("5.00", product_id=None, sku=None), total="5.00"))
    assert lines_of(posting) == [("5.00", "99", "item:unknown")]
    assert body_of(posting)["Line"][0]["Description"] == "Widget"
    assert posting.helpers[1].body["Name"] == "Product no longer in the shop"


def test_a_variation_is_an_item_of_its_own() -> None:
    assert lines_of(posted(order(line("5.00", variation_id="67"), total="5.00"))) == [("5.00", "99", "variation:67")]


def test_a_tax_line_with_a_name_of_its_own_changes_nothing() -> None:
    assert lines_of(posted(order(line("1.00", "0.19", "1"), tax("1", "0.19"), total="1.19", total_tax="0.19"))) == [
        ("1.00", "101", "product:45")
    ]
