"""Small hub records of every kind; a version gives them another print and something to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.keys import Kind, RecordKey
from domain.records import (
    Address,
    Body,
    Customer,
    LineType,
    Order,
    OrderLine,
    Product,
    Record,
    Refund,
    Stock,
    StockKeeping,
    TaxRate,
    Variation,
)

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
HOME = Address(first_name="Änne", last_name="O'Hara", line_1="Weg 1\tHof", city="Zürich", email="a@example.test")
STOCK = Stock(
    keeping=StockKeeping.OWN, quantity=Decimal("3.5"), status="instock", backorders="no", low_stock_amount=None
)


def line(number: int, **changes: Any) -> OrderLine:
    made = OrderLine(
        id=str(number), type=LineType.PRODUCT, name=f"Kaffee Nr. {number}", product_id="45", sku="SKU-1",
        quantity=Decimal(2), subtotal=Decimal("19.90"), total=Decimal("17.91"), total_tax=Decimal("3.4029"),
    )  # fmt: skip
    return made.model_copy(update=changes)


def order(number: int, version: str = "1", **changes: Any) -> Record:
    made = Order(
        id=str(number), number=f"R-{number}", status="processing", currency="EUR", prices_include_tax=True,
        created_via="checkout", customer_id=None, billing=HOME, shipping=Address(), payment_method="bacs",
        payment_title="Überweisung", transaction_id="", customer_note=f"version {version}",
        discount_total=Decimal("1.99"), discount_tax=Decimal("0.38"), shipping_total=Decimal("4.90"),
        shipping_tax=Decimal("0.93"), total_tax=Decimal("4.33"), total=Decimal("27.1400"),
        created_at=NOON, modified_at=NOON, paid_at=None, completed_at=None,
        lines=(line(number * 10 + 1), line(number * 10 + 2)),
    )  # fmt: skip
    return record(Kind.ORDER, made, version, changes)


def product(number: int, version: str = "1", **changes: Any) -> Record:
    made = Product(
        id=str(number), name=f"version {version}", slug="kaffee", type="simple", status="publish", sku=f"SKU-{number}",
        price=Decimal("19.9"), regular_price=Decimal("19.90"), sale_price=None, tax_status="taxable", tax_class="",
        permalink="https://shop.example/kaffee", categories=("Kaffee", 'Bohnen, "ganz"'), created_at=NOON,
        modified_at=NOON, stock=STOCK,
    )  # fmt: skip
    return record(Kind.PRODUCT, made, version, changes)


def variation(number: int, version: str = "1", **changes: Any) -> Record:
    made = Variation(
        id=str(number), product_id="7", name=f"version {version}", status="publish", sku=f"SKU-{number}", price=None,
        regular_price=None, sale_price=None, tax_status="taxable", tax_class="", permalink="",
        attributes={"Größe": "XL", "": "x"}, created_at=NOON, modified_at=NOON, stock=STOCK,
    )  # fmt: skip
    return record(Kind.VARIATION, made, version, changes)


def customer(number: int, version: str = "1", **changes: Any) -> Record:
    made = Customer(
        id=str(number), email="a@example.test", first_name="Änne", last_name=f"version {version}", username="anne",
        role="customer", is_paying=True, billing=HOME, shipping=Address(), created_at=NOON, modified_at=None,
    )  # fmt: skip
    return record(Kind.CUSTOMER, made, version, changes)


def refund(number: int, version: str = "1", **changes: Any) -> Record:
    made = Refund(
        id=str(number), order_id="17", amount=Decimal("5.00"), reason=f"version {version}", refunded_by=None,
        paid_back_by_gateway=False, created_at=NOON,
    )  # fmt: skip
    return record(Kind.REFUND, made, version, changes)


def tax_rate(number: int, version: str = "1", **changes: Any) -> Record:
    made = TaxRate(
        id=str(number), country="DE", state="", postcodes=("10115", "1*"), cities=(), rate=Decimal("19.0000"),
        name=f"version {version}", priority=1, is_compound=False, applies_to_shipping=True, tax_class="standard",
    )  # fmt: skip
    return record(Kind.TAX_RATE, made, version, changes)


def record(kind: Kind, body: Body, version: str, changes: dict[str, Any]) -> Record:
    """Wrap a body; ``changes`` may be what the hub itself would never let through, and ``raw`` or ``connection``."""
    text = changes.pop("raw", json.dumps({"id": body.id, "version": version}))
    key = RecordKey(connection=changes.pop("connection", "shop"), kind=kind, id=changes.get("id", body.id))
    return Record(
        key=key,
        body=body.model_copy(update=changes),
        changed_at=NOON,
        version=version,
        fingerprint=f"{kind} {version}",
        raw=text,
    )


MAKERS: dict[Kind, Callable[..., Record]] = {
    Kind.TAX_RATE: tax_rate,
    Kind.PRODUCT: product,
    Kind.VARIATION: variation,
    Kind.CUSTOMER: customer,
    Kind.ORDER: order,
    Kind.REFUND: refund,
}
