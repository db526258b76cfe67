"""The lines of sales documents: amounts, prices, discounts, shipping."""

from decimal import Decimal

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, discount, sale, shipping
from tests.simulators.quickbooks.conftest import OpenBooks


@pytest.mark.parametrize(
    ("amount", "price", "quantity", "taken"),
    [
        ("10.00", "3.3333333", "3", True),
        ("9.99", "3.33", "3", True),
        ("10.00", "3.33", "3", False),
        ("1861.08", "14.50", "128.35", True),
        ("1861.07", "14.50", "128.35", False),
        ("-1.20", "-1.20", "1", True),
        ("0.00", "5.00", "0", True),
    ],
)
def test_an_amount_is_price_times_quantity_rounded_half_up(
    books: Books, amount: str, price: str, quantity: str, taken: bool
) -> None:
    line = sale(amount, UnitPrice=price, Qty=quantity)

    answer = books.send("SalesReceipt", {"Line": [sale("100"), line]})

    assert (answer.status_code == 200) is taken
    if not taken:
        assert codes(answer) == ["6070"]
        assert "Amount is not equal to UnitPrice * Qty. Supplied value:" in answer.text


def test_a_negative_total_is_refused_and_zero_is_not(books: Books) -> None:
    assert books.refused("SalesReceipt", {"Line": [sale("1"), sale("-2")]}) == ["6000"]
    assert books.make("SalesReceipt", {"Line": [sale("1"), sale("-1")]})["TotalAmt"] == 0


def test_a_line_without_item_is_only_a_note(books: Books) -> None:
    note = {"Amount": 7, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    text = {"DetailType": "DescriptionOnly", "Description": "Thank you"}

    made = books.make("SalesReceipt", {"Line": [sale("1"), note, text]})

    assert made["TotalAmt"] == 1
    assert made["Line"][2]["Description"] == "Thank you"


def test_items_subtotal_discount_and_shipping_come_in_this_order(books: Books) -> None:
    made = books.make("SalesReceipt", {"Line": [shipping("5"), discount(percent="10"), sale("345")]})

    shown = [(line["DetailType"], line["Amount"], line.get("Id")) for line in made["Line"]]
    assert shown == [
        ("SalesItemLineDetail", 345, "1"),
        ("SubTotalLineDetail", 345, None),
        ("DiscountLineDetail", Decimal("34.50"), None),
        ("SalesItemLineDetail", 5, None),
    ]
    assert made["Line"][3]["SalesItemLineDetail"]["ItemRef"] == {"value": "SHIPPING_ITEM_ID"}
    assert made["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"] == {"value": "86", "name": "Discounts given"}
    assert made["TotalAmt"] == Decimal("315.50")


@pytest.mark.parametrize(
    ("line", "total"),
    [(discount(percent="1"), "25739.80"), (discount("0.30"), "25999.50"), (discount("0"), "25999.80")],
)
def test_a_discount_is_positive_and_rounded(books: Books, line: Body, total: str) -> None:
    assert str(books.make("SalesReceipt", {"Line": [sale("25999.80"), line]})["TotalAmt"]) == total


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}, "6090"),
        ({"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}, "Amount": 1}, "6090"),
        (discount("-1"), "2290"),
    ],
)
def test_a_discount_needs_an_amount_or_a_percentage(books: Books, line: Body, code: str) -> None:
    assert books.refused("SalesReceipt", {"Line": [sale("10"), line]}) == [code]


def test_a_document_has_one_discount_no_bundle_and_750_lines_at_most(books: Books) -> None:
    bundle = {"DetailType": "GroupLineDetail", "GroupLineDetail": {}}

    assert books.refused("SalesReceipt", {"Line": [sale("10"), discount("1"), discount("1")]}) == ["6000"]
    assert books.refused("SalesReceipt", {"Line": [sale("10"), bundle]}) == ["5030"]
    assert books.refused("SalesReceipt", {"Line": [sale("1")] * 751}) == ["6000"]
    assert books.make("SalesReceipt", {"Line": [sale("1")] * 750})["TotalAmt"] == 750


def test_discounts_and_shipping_must_be_turned_on(open_books: OpenBooks) -> None:
    books = open_books(discounts=False, shipping=False)

    assert books.refused("SalesReceipt", {"Line": [sale("10"), discount("1")]}) == ["6000"]
    assert books.refused("SalesReceipt", {"Line": [sale("10"), shipping("1")]}) == ["6000"]
