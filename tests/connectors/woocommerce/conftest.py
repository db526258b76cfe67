"""Running shops and connectors that read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.http import Patience
from connectors.woocommerce.connector import WooCommerceConnector, open_woocommerce
from domain.keys import Kind
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin

ROUTES = {Kind.ORDER: "orders", Kind.PRODUCT: "products", Kind.VARIATION: "variations"}
SECOND = timedelta(seconds=1)
NOON = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)
RESTLESS = Patience(attempts=3, first_wait=0, longest_wait=0, jitter=0, longest_asked=0)


def connect_to(twin: Twin, patience: Patience = RESTLESS, **settings: object) -> WooCommerceConnector:
    """Open the shop of a twin."""
    return open_woocommerce(
        "default",
        "berlin-shop",
        {"url": twin.url, **settings},
        {"consumer_key": twin.key, "consumer_secret": twin.secret},
        patience=patience,
    )


@pytest.fixture
def twin() -> Iterator[Twin]:
    """The recorded shop in Europe/Berlin at noon of 1 December 2026, for a test that changes something."""
    with Twin.start(shop=recorded_shop()) as running:
        running.clock.set(NOON)
        yield running


@pytest.fixture
def shop(twin: Twin) -> Iterator[WooCommerceConnector]:
    with connect_to(twin) as connector:
        yield connector


@pytest.fixture(scope="module")
def still_twin() -> Iterator[Twin]:
    """The recorded shop for tests that only read."""
    with Twin.start(shop=recorded_shop()) as running:
        yield running


@pytest.fixture(scope="module")
def still_shop(still_twin: Twin) -> Iterator[WooCommerceConnector]:
    with connect_to(still_twin) as connector:
        yield connector


def existing(twin: Twin, kind: Kind, count: int) -> list[int]:
    """Ids of so many records that are neither in the trash nor drafts."""
    hidden = ("trash", "checkout-draft")
    entries = twin.world.shop.kinds[ROUTES[kind]].values()
    return [entry.facts.id for entry in entries if entry.facts.status not in hidden][:count]


def edit(twin: Twin, kind: Kind, number: int, moment: datetime) -> None:
    """Move the stamp of a record to a moment; the clock of the shop stays there."""
    twin.clock.set(moment)
    twin.world.edit(ROUTES[kind], number, {}, touch=True)


def unrefunded(twin: Twin) -> list[int]:
    """Ids of orders of which something can still be given back."""
    refunded = {entry.facts.parent_id for entry in twin.world.shop.kinds["refunds"].values()}
    orders = twin.world.shop.kinds["orders"].values()
    return [order.facts.id for order in orders if Decimal(order.facts.total) > 1 and order.facts.id not in refunded]


def texts(numbers: list[int]) -> set[str]:
    """Ids as records have them."""
    return {str(number) for number in numbers}
