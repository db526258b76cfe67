from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.filters import SELECTS, Filters
from domain.keys import Kind, RecordKey
from domain.records import Body, Customer, Order, Product, Record, Refund, TaxRate, Variation
from tests.records import tax_rate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODIES: dict[Kind, type[Body]] = {
    Kind.TAX_RATE: TaxRate,
    Kind.PRODUCT: Product,
    Kind.VARIATION: Variation,
    Kind.CUSTOMER: Customer,
    Kind.ORDER: Order,
    Kind.REFUND: Refund,
}
FIELDS = {
    "statuses": "status",
    "created_from": "created_at",
    "created_until": "created_at",
    "changed_from": "modified_at",
    "changed_until": "modified_at",
}


def order(status: str = "completed", created_at: datetime | None = NOON) -> Record:
    body = Order.model_construct(id="1", status=status, created_at=created_at, modified_at=NOON)
    key = RecordKey(connection="shop", kind=Kind.ORDER, id="1")
    return Record(key=key, body=body, changed_at=NOON, version=None, fingerprint="p", raw="{}")


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({}, True),
        ({"statuses": ("completed", "refunded")}, True),
        ({"statuses": ("refunded",)}, False),
        ({"created_from": NOON}, True),
        ({"created_until": NOON}, False),
        ({"changed_from": NOON, "changed_until": NOON.replace(hour=13)}, True),
        ({"statuses": ("completed",), "changed_until": NOON}, False),
    ],
)
def test_a_record_must_fulfil_every_filter(filters: dict[str, object], fits: bool) -> None:
    assert Filters.model_validate(filters).admits(order()) is fits


def test_what_does_not_tell_what_is_asked_for_is_left_out() -> None:
    assert not Filters(created_until=NOON).admits(order(created_at=None))
    assert not Filters(statuses=("completed",)).admits(tax_rate(1))
    assert Filters().admits(tax_rate(1))


def test_each_filter_is_for_the_kinds_that_have_its_field() -> None:
    assert {
        name: {kind for kind, body in BODIES.items() if field in body.model_fields} for name, field in FIELDS.items()
    } == SELECTS
