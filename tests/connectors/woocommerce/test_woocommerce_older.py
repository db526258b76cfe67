"""A shop from before WooCommerce listed all refunds (9.0) and all variations (10.3) is read through their parents."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from connectors.woocommerce.streams import STREAMS
from domain.errors import Misconfigured
from domain.keys import Kind
from simulators.woocommerce.server import Twin
from tests.connectors.contract import ids, walk
from tests.connectors.woocommerce.conftest import connect_to, unrefunded


def test_an_older_shop_lists_refunds_of_orders_changed_since(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.switches.version = "8.9.0"
    before = twin.clock.now() - timedelta(seconds=1)
    sold = unrefunded(twin)[0]
    refund = twin.world.refund(sold, "0.01")
    twin.log.reset()

    assert ids(walk(shop, Kind.REFUND, before)) == [str(refund["id"])]
    assert [line.path for line in twin.log.lines(kind="refunds")][-1].endswith(f"/orders/{sold}/refunds")


def test_an_order_that_cannot_be_read_hides_no_refunds_of_others(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.switches.version = "8.9.0"
    body = b'[null,{"id":1,"refunds":null},{"id":"x"},{"id":149,"refunds":[{"id":448}]}]'
    twin.faults.add(path=r"/orders\?.*status=any", count=0, status=200, headers={"X-WP-Total": "4"}, body=body)

    # Two more belong to orders in the trash.
    assert ids(walk(shop, Kind.REFUND)) == list(shop.sweep(Kind.REFUND)) == ["448", "461", "494"]
    assert ids([shop.read_ids(Kind.REFUND, ["448", "449"])]) == ["448"]


def test_an_older_shop_with_more_orders_than_fit_a_page_of_ours_is_walked_on(twin: Twin) -> None:
    twin.switches.version = "8.9.0"
    with connect_to(twin, page_size=10) as shop:
        pages = walk(shop, Kind.REFUND)

    assert len(pages) == 2
    assert set(ids(pages)) == {str(number) for number in twin.world.shop.kinds["refunds"]}


def test_an_older_shop_with_more_variations_than_fit_a_page_is_read_whole(twin: Twin) -> None:
    twin.switches.version = "10.2.0"
    with connect_to(twin, page_size=10) as shop:
        for _ in range(25):
            twin.world.insert("variations", like=80)
        everything = {str(number) for number in twin.world.shop.kinds["variations"]}

        assert set(ids(walk(shop, Kind.VARIATION))) == everything
        assert set(shop.sweep(Kind.VARIATION)) == everything


def test_a_plugin_that_is_switched_off_is_not_taken_for_an_older_one(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path="/wc/v3", count=0, recording="store-woocommerce-deactivated")

    for kind in STREAMS:
        with pytest.raises(Misconfigured, match="plugin WooCommerce is active"):
            shop.read(kind, since=None, at=None)
