"""The recorded shop, read once for all tests of posting."""

from __future__ import annotations

import pytest

from domain.records import Order, Record, Refund
from tests.mapping.recorded_books import read_shop


@pytest.fixture(scope="session")
def shop_records() -> tuple[list[Record], list[Record]]:
    """All orders and all refunds."""
    return read_shop()


@pytest.fixture(scope="session")
def recorded_orders(shop_records: tuple[list[Record], list[Record]]) -> dict[str, Order]:
    return {record.key.id: record.body for record in shop_records[0] if isinstance(record.body, Order)}


@pytest.fixture(scope="session")
def recorded_refunds(shop_records: tuple[list[Record], list[Record]]) -> dict[str, Refund]:
    return {record.key.id: record.body for record in shop_records[1] if isinstance(record.body, Refund)}
