"""More records of one second than fit a page are found whole, though some of them move or hide."""

from __future__ import annotations

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from domain.errors import Unavailable
from domain.keys import Kind
from simulators.woocommerce.server import Twin
from tests.connectors.contract import ids, records, walk
from tests.connectors.woocommerce.conftest import NOON, SECOND, connect_to, edit, existing, texts


def test_a_second_with_more_records_than_fit_a_page_is_read_whole(twin: Twin, shop: WooCommerceConnector) -> None:
    numbers = existing(twin, Kind.ORDER, 270)
    for number in numbers[:250]:
        edit(twin, Kind.ORDER, number, NOON)
    for number in numbers[250:]:
        edit(twin, Kind.ORDER, number, NOON + SECOND)

    found = ids(walk(shop, Kind.ORDER, NOON))

    assert (set(found), len(found)) == (texts(numbers), 270)


def test_records_that_leave_a_crowded_second_while_it_is_read_hide_no_others(
    twin: Twin, shop: WooCommerceConnector
) -> None:
    numbers = existing(twin, Kind.ORDER, 250)
    for number in numbers:
        edit(twin, Kind.ORDER, number, NOON)
    moved = numbers[:5]

    def move() -> None:
        for number in moved:
            edit(twin, Kind.ORDER, number, NOON + 5 * SECOND)

    twin.faults.after(path=r"/orders\?.*offset=99", perform=move)
    pages = walk(shop, Kind.ORDER, NOON)

    assert set(ids(pages)) == texts(numbers)
    latest = {record.key.id: record.version for record in records(pages)}
    assert {latest[str(number)] for number in moved} == {"2026-12-01T12:00:05"}


def test_a_record_that_the_shop_hides_in_a_crowded_second_hides_no_others(twin: Twin) -> None:
    numbers = existing(twin, Kind.ORDER, 25)
    for number in numbers:
        edit(twin, Kind.ORDER, number, NOON)
    shown = b",".join(twin.world.shop.kinds["orders"][number].body for number in numbers[:9])
    headers = {"X-WP-Total": "25"}
    twin.faults.add(path=r"status=any(?!.*offset)", count=0, status=200, headers=headers, body=b"[" + shown + b"]")

    with connect_to(twin, page_size=10) as shop:
        assert set(ids(walk(shop, Kind.ORDER, NOON))) == texts(numbers) - {str(numbers[9])}


def test_a_crowded_second_that_never_rests_is_left_for_later(twin: Twin) -> None:
    numbers = existing(twin, Kind.ORDER, 40)
    for number in numbers:
        edit(twin, Kind.ORDER, number, NOON)
    rest = iter(numbers)

    def move() -> None:
        edit(twin, Kind.ORDER, next(rest), NOON + SECOND)

    twin.faults.after(path=r"/orders\?.*status=any", count=0, perform=move)
    with connect_to(twin, page_size=10) as shop, pytest.raises(Unavailable, match="keep moving"):
        walk(shop, Kind.ORDER, NOON)
