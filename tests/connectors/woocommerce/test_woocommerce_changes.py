"""What changed since a moment is found whole, in every hour of the year and while it goes on changing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from domain.errors import Misconfigured, Unavailable
from domain.keys import Kind
from simulators.woocommerce.server import Twin
from tests.connectors.contract import ids, problems, records, walk
from tests.connectors.woocommerce.conftest import NOON, ROUTES, SECOND, connect_to, edit, existing, texts, unrefunded


def test_a_change_in_the_very_second_asked_for_is_found(twin: Twin, shop: WooCommerceConnector) -> None:
    before, at, after = existing(twin, Kind.ORDER, 3)
    for number, moment in ((before, NOON - SECOND), (at, NOON), (after, NOON + SECOND)):
        edit(twin, Kind.ORDER, number, moment)

    assert set(ids(walk(shop, Kind.ORDER, NOON))) == texts([at, after])
    assert set(ids(walk(shop, Kind.ORDER, NOON.replace(microsecond=999_999)))) == texts([at, after])


def test_since_may_be_told_in_any_time_zone(twin: Twin, shop: WooCommerceConnector) -> None:
    (number,) = existing(twin, Kind.ORDER, 1)
    edit(twin, Kind.ORDER, number, NOON)

    assert ids(walk(shop, Kind.ORDER, NOON.astimezone(ZoneInfo("America/New_York")))) == [str(number)]


@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize(
    ("night", "apart"),
    [
        (datetime(2027, 3, 28, tzinfo=UTC), timedelta(minutes=14)),
        # Close together, so that a page ends amid the hour that comes twice.
        (datetime(2027, 10, 31, tzinfo=UTC), timedelta(minutes=5)),
    ],
    ids=["spring", "autumn"],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
def test_nothing_is_missed_when_the_clocks_change(
    twin: Twin, kind: Kind, night: datetime, apart: timedelta, zone: str
) -> None:
    twin.world.shop.zone = ZoneInfo(zone)
    moments = {number: night + place * apart for place, number in enumerate(existing(twin, kind, 24))}
    for number, moment in moments.items():
        edit(twin, kind, number, moment)

    with connect_to(twin, page_size=10) as shop:
        for since in list(moments.values())[::3]:
            expected = texts([number for number, moment in moments.items() if moment >= since])
            assert set(ids(walk(shop, kind, since))) == expected


@pytest.mark.parametrize("request_number", [1, 2, 4, 7])
def test_records_that_change_while_changes_are_walked_are_neither_lost_nor_hide_others(
    twin: Twin, request_number: int
) -> None:
    numbers = existing(twin, Kind.ORDER, 60)
    for place, number in enumerate(numbers):
        edit(twin, Kind.ORDER, number, NOON + place * SECOND)

    def stir() -> None:
        for number in [*numbers[:3], *numbers[30:32]]:
            edit(twin, Kind.ORDER, number, NOON + timedelta(hours=1))
        for number in numbers[5:8]:
            twin.world.trash("orders", number)
        twin.world.insert("orders", {"status": "processing"}, like=numbers[0])
        twin.world.delete("orders", numbers[9])

    twin.faults.after(path=r"/orders\?.*status=any", nth=request_number, perform=stir)
    with connect_to(twin, page_size=10) as shop:
        started = shop.clock()
        pages = walk(shop, Kind.ORDER, NOON)
        # What changes after its place was passed is the business of the next run, which asks from this one's start.
        pages += walk(shop, Kind.ORDER, started)
        truth = shop.sweep(Kind.ORDER)

    latest = {record.key.id: record.version for record in records(pages)}
    changed = {number: version for number, version in truth.items() if version and version >= "2026-12-01T12:00:00"}
    assert len(changed) == 60
    assert {number: latest.get(number) for number in changed} == changed


def test_a_walk_can_go_on_in_another_process(twin: Twin) -> None:
    for place, number in enumerate(existing(twin, Kind.ORDER, 250)):
        edit(twin, Kind.ORDER, number, NOON + place * SECOND)

    found: list[str] = []
    at: str | None = None
    while True:
        with connect_to(twin, page_size=10) as shop:
            page = shop.read(Kind.ORDER, since=NOON, at=at)
        found += ids([page])
        at = page.next
        if at is None:
            break

    assert len(found) == len(set(found)) == 250


def test_orders_put_into_the_trash_and_drafts_are_changes_too(twin: Twin, shop: WooCommerceConnector) -> None:
    (number,) = existing(twin, Kind.ORDER, 1)
    draft = next(
        entry.facts.id for entry in twin.world.shop.kinds["orders"].values() if entry.facts.status == "checkout-draft"
    )
    twin.world.trash("orders", number)
    twin.world.edit("orders", draft, {})

    assert set(ids(walk(shop, Kind.ORDER, NOON))) == texts([number, draft])


def test_a_refund_made_since_is_found(twin: Twin, shop: WooCommerceConnector) -> None:
    order = next(
        entry.facts.id for entry in twin.world.shop.kinds["orders"].values() if entry.facts.status == "completed"
    )
    refund = twin.world.refund(order, "0.01", "for a test")

    assert ids(walk(shop, Kind.REFUND, NOON)) == [str(refund["id"])]


def test_more_refunds_than_fit_a_page_are_found_once_each(twin: Twin) -> None:
    made: list[int] = []
    for order in unrefunded(twin)[:25]:
        made.append(twin.world.refund(order, "0.01")["id"])
        if len(made) > 15:
            twin.clock.advance(seconds=1)

    with connect_to(twin, page_size=10) as shop:
        found = ids(walk(shop, Kind.REFUND, NOON))

    assert (set(found), len(found)) == (texts(made), 25)


def test_an_unreadable_change_is_named_and_the_others_are_read(twin: Twin) -> None:
    numbers = existing(twin, Kind.ORDER, 30)
    for place, number in enumerate(numbers):
        edit(twin, Kind.ORDER, number, NOON + place * SECOND)
    broken = [numbers[9], numbers[12]]
    for number in broken:
        twin.world.edit("orders", number, {"billing": None}, touch=False)

    with connect_to(twin, page_size=10) as shop:
        pages = walk(shop, Kind.ORDER, NOON)

    assert set(ids(pages)) == texts(numbers) - texts(broken)
    assert {problem.key.id for problem in problems(pages)} == texts(broken)


def test_a_page_that_is_empty_amid_a_list_is_nonsense(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path="status=any", count=0, status=200, headers={"X-WP-Total": "250"}, body="[]")

    with pytest.raises(Unavailable, match="empty where 250 records were announced"):
        walk(shop, Kind.ORDER, NOON)


@pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.TAX_RATE])
def test_where_woocommerce_ignores_the_filter_everything_is_read(still_shop: WooCommerceConnector, kind: Kind) -> None:
    assert not still_shop.lists_changes(kind)
    assert ids(walk(still_shop, kind, NOON)) == ids(walk(still_shop, kind))


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", '["walk"]', '["changes",0,null,0,null,[],0]'])
def test_a_cursor_of_something_else_is_refused_in_one_sentence(still_shop: WooCommerceConnector, cursor: str) -> None:
    with pytest.raises(Misconfigured, match="cursor"):
        still_shop.read(Kind.TAX_RATE, since=NOON, at=cursor)
