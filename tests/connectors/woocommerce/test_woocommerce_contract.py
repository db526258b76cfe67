"""A WooCommerce shop keeps what every source must keep, today's as well as an older one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from connectors.woocommerce.streams import STREAMS
from domain.connector import Reads
from domain.keys import Kind
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from simulators.woocommerce.switches import Switches
from tests.connectors.contract import ReadsContract
from tests.connectors.woocommerce.conftest import connect_to


@pytest.fixture(scope="module", params=[10, 100], ids="{} a page".format)
def today(still_twin: Twin, request: pytest.FixtureRequest) -> Iterator[WooCommerceConnector]:
    with connect_to(still_twin, page_size=request.param) as connector:
        yield connector


@pytest.fixture(scope="module")
def older() -> Iterator[WooCommerceConnector]:
    """A shop from before WooCommerce listed refunds (9.0) and variations (10.3) of all orders and products."""
    twin = Twin.start(shop=recorded_shop(), switches=Switches(version="8.9.0", storage="legacy"))
    with twin, connect_to(twin) as connector:
        yield connector


class TestTodaysWooCommerce(ReadsContract):
    @pytest.fixture(params=list(STREAMS))
    def kind(self, request: pytest.FixtureRequest) -> Kind:
        return Kind(request.param)

    @pytest.fixture
    def source(self, today: Reads) -> Reads:
        return today


class TestAnOlderWooCommerce(ReadsContract):
    @pytest.fixture(params=[Kind.REFUND, Kind.VARIATION])
    def kind(self, request: pytest.FixtureRequest) -> Kind:
        return Kind(request.param)

    @pytest.fixture
    def source(self, older: Reads) -> Reads:
        return older
