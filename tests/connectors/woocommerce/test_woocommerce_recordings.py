"""Every record of the recorded shop translates, and its amounts are right to the cent."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from domain.keys import Kind
from domain.records import Customer, LineType, Order, Product, Refund, StockKeeping, TaxRate, Variation
from simulators.woocommerce.recorded import slices
from tests.connectors.contract import problems, records, walk

PAGES = ("orders-p1", "orders-p2", "orders-p3", "orders-p4")
RECORDED = {
    Kind.ORDER: (*PAGES, "orders-trash", "orders-checkout-draft"),
    Kind.PRODUCT: ("products",),
    Kind.VARIATION: ("variations",),
    Kind.CUSTOMER: ("customers",),
    Kind.REFUND: ("refunds",),
    Kind.TAX_RATE: ("taxes",),
}
SOLD = ("completed", "processing", "refunded")


def recorded(kind: Kind) -> list[dict[str, Any]]:
    return [json.loads(text) for name in RECORDED[kind] for text in slices(name)]


def orders(shop: WooCommerceConnector) -> list[Order]:
    return [record.body for record in records(walk(shop, Kind.ORDER)) if isinstance(record.body, Order)]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (Kind.ORDER, 308 + 9 + 4),
        (Kind.PRODUCT, 57),
        (Kind.VARIATION, 43),
        (Kind.CUSTOMER, 42),
        (Kind.REFUND, 61),
        (Kind.TAX_RATE, 17),
    ],
)
def test_every_recorded_record_is_read_with_its_exact_bytes(
    still_shop: WooCommerceConnector, kind: Kind, count: int
) -> None:
    pages = walk(still_shop, kind)

    assert problems(pages) == []
    assert len(records(pages)) == count
    assert sorted(record.raw for record in records(pages)) == sorted(
        text.decode() for name in RECORDED[kind] for text in slices(name)
    )


def test_drafts_and_trash_come_along_with_their_status(still_shop: WooCommerceConnector) -> None:
    by_status = Counter(order.status for order in orders(still_shop))

    assert (by_status["trash"], by_status["checkout-draft"]) == (9, 4)
    assert by_status == Counter(order["status"] for order in recorded(Kind.ORDER))


def test_the_sums_per_status_and_currency_are_those_of_the_recordings(still_shop: WooCommerceConnector) -> None:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for order in recorded(Kind.ORDER):
        sums[order["status"], order["currency"]] += Decimal(order["total"])

    read: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for body in orders(still_shop):
        read[body.status, body.currency] += body.total

    assert read == sums


def test_what_was_sold_in_euro_is_known_to_the_cent(still_shop: WooCommerceConnector) -> None:
    sold = [order for order in orders(still_shop) if order.status in SOLD]
    in_euro = [order.total for order in sold if order.currency == "EUR"]

    assert len(sold) == 186
    assert (len(in_euro), sum(in_euro)) == (111, Decimal("730325.97"))


def test_the_lines_of_an_order_add_up_to_its_total(still_shop: WooCommerceConnector) -> None:
    own = (LineType.PRODUCT, LineType.SHIPPING, LineType.FEE)
    apart = {
        order.id: order.total - order.total_tax - sum(line.total for line in order.lines if line.type in own)
        for order in orders(still_shop)
    }
    # Lines of a shop that rounds at the subtotal may miss the total by a cent or two, and WooCommerce's own do.
    assert max(abs(difference) for difference in apart.values()) <= Decimal("0.02")


def test_an_order_has_lines_of_all_five_types(still_shop: WooCommerceConnector) -> None:
    lines = [line for order in orders(still_shop) for line in order.lines]

    assert Counter(line.type for line in lines) == {
        LineType.PRODUCT: sum(len(order["line_items"]) for order in recorded(Kind.ORDER)),
        LineType.SHIPPING: sum(len(order["shipping_lines"]) for order in recorded(Kind.ORDER)),
        LineType.FEE: sum(len(order["fee_lines"]) for order in recorded(Kind.ORDER)),
        LineType.TAX: sum(len(order["tax_lines"]) for order in recorded(Kind.ORDER)),
        LineType.COUPON: sum(len(order["coupon_lines"]) for order in recorded(Kind.ORDER)),
    }
    assert {line.code for line in lines if line.type is LineType.TAX} >= {"DE-MWST. 19%-1", "CA-GST-1"}
    assert all(line.code for line in lines if line.type is LineType.COUPON)


def test_zero_ids_are_no_references_and_entities_no_names(still_shop: WooCommerceConnector) -> None:
    bodies = orders(still_shop)

    assert sum(order.customer_id is None for order in bodies) == sum(
        order["customer_id"] == 0 for order in recorded(Kind.ORDER)
    )
    lines = [line for order in bodies for line in order.lines]
    assert "0" not in {line.product_id for line in lines} | {line.variation_id for line in lines}
    assert not [line.name for line in lines if "&amp;" in line.name]


def test_gmt_stamps_become_moments_in_utc(still_shop: WooCommerceConnector) -> None:
    first = next(record for record in records(walk(still_shop, Kind.ORDER)) if record.key.id == "149")

    assert first.changed_at == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert first.version == "2025-10-26T01:30:00"
    assert isinstance(first.body, Order)
    assert first.body.paid_at == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)


def test_an_empty_price_is_no_price(still_shop: WooCommerceConnector) -> None:
    products = {
        record.key.id: record.body
        for record in records(walk(still_shop, Kind.PRODUCT))
        if isinstance(record.body, Product)
    }
    for product in recorded(Kind.PRODUCT):
        for field in ("price", "regular_price", "sale_price"):
            given = product[field]
            assert getattr(products[str(product["id"])], field) == (Decimal(given) if given else None)


def test_a_variation_knows_its_product_and_who_counts_its_stock(still_shop: WooCommerceConnector) -> None:
    variation = next(record.body for record in records(walk(still_shop, Kind.VARIATION)) if record.key.id == "80")

    assert isinstance(variation, Variation)
    assert variation.product_id == "76"
    assert variation.attributes == {"Größe": "XL", "Farbe": "Grün"}
    assert (variation.stock.keeping, variation.stock.quantity) == (StockKeeping.PARENT, Decimal(-19))


def test_refunds_are_positive_and_belong_to_an_order(still_shop: WooCommerceConnector) -> None:
    refunds = [record.body for record in records(walk(still_shop, Kind.REFUND)) if isinstance(record.body, Refund)]

    assert all(refund.amount > 0 and refund.created_at for refund in refunds)
    assert sum(refund.amount for refund in refunds) == sum(
        Decimal(refund["amount"]) for refund in recorded(Kind.REFUND)
    )
    assert {(refund.id, refund.order_id) for refund in refunds} == {
        (str(refund["id"]), str(order["id"])) for order in recorded(Kind.ORDER) for refund in order["refunds"]
    }


def test_customers_of_all_roles_are_read(still_shop: WooCommerceConnector) -> None:
    customers = [
        record.body for record in records(walk(still_shop, Kind.CUSTOMER)) if isinstance(record.body, Customer)
    ]

    assert Counter(customer.role for customer in customers) == Counter(c["role"] for c in recorded(Kind.CUSTOMER))
    assert len({customer.role for customer in customers}) > 1


def test_tax_rates_are_in_percent(still_shop: WooCommerceConnector) -> None:
    rates = {record.key.id: record.body for record in records(walk(still_shop, Kind.TAX_RATE))}

    rate = rates["2"]
    assert isinstance(rate, TaxRate)
    assert (rate.rate, rate.tax_class, rate.name) == (Decimal("7.0000"), "reduced-rate", "MwSt. 7% ermäßigt")


def test_the_shares_of_each_rate_come_to_the_tax_of_their_line(still_shop: WooCommerceConnector) -> None:
    lines = [line for order in orders(still_shop) for line in order.lines if line.taxes]

    assert {share.rate_id for line in lines for share in line.taxes} == {str(rate) for rate in range(1, 17)}
    # The shop rounds a line after adding its rates, so two rates may be a cent off.
    assert all(abs(sum(share.amount for share in line.taxes) - line.total_tax) <= Decimal("0.01") for line in lines)


def test_a_tax_line_names_its_rate(still_shop: WooCommerceConnector) -> None:
    named = Counter(line.rate_id for order in orders(still_shop) for line in order.lines if line.type is LineType.TAX)
    assert named == Counter(str(line["rate_id"]) for order in recorded(Kind.ORDER) for line in order["tax_lines"])


def test_a_refund_says_what_was_given_back_with_negative_amounts(still_shop: WooCommerceConnector) -> None:
    refunds = {
        record.key.id: record.body
        for record in records(walk(still_shop, Kind.REFUND))
        if isinstance(record.body, Refund)
    }

    whole = refunds["510"]
    assert [(line.type, line.quantity, line.total, line.total_tax) for line in whole.lines] == [
        (LineType.PRODUCT, Decimal(-1), Decimal("-9.24"), Decimal("-1.85")),
        (LineType.TAX, None, Decimal("-1.85"), Decimal("0.00")),
    ]
    assert (whole.amount, whole.total_tax, whole.lines[1].rate_id) == (Decimal("11.09"), Decimal("1.85"), "10")
    assert refunds["511"].lines == ()
