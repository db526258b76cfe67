"""A full walk and the sweep after it find everything, though the shop goes on selling meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connectors.woocommerce.connector import WooCommerceConnector
from domain.errors import Unavailable
from domain.keys import Kind
from domain.problems import Fate
from simulators.woocommerce.recorded import slices
from simulators.woocommerce.server import Twin
from tests.connectors.contract import ids, problems, records, walk
from tests.connectors.woocommerce.conftest import connect_to


@pytest.fixture
def slow_walker(twin: Twin) -> Iterator[WooCommerceConnector]:
    """Reads ten records at a time, so that the recorded shop takes four of our pages."""
    with connect_to(twin, page_size=10) as connector:
        yield connector


def live(twin: Twin) -> list[int]:
    """Ids of the orders that "any" lists."""
    hidden = ("trash", "checkout-draft")
    return [entry.facts.id for entry in twin.world.shop.kinds["orders"].values() if entry.facts.status not in hidden]


def test_the_first_page_tells_how_many_there_are(slow_walker: WooCommerceConnector) -> None:
    pages = walk(slow_walker, Kind.ORDER)

    assert [len(page.records) for page in pages] == [193, 321 - 193]
    assert {page.expected for page in pages} == {321}


def test_what_a_walk_missed_is_found_by_the_sweep_after_it(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    orders = live(twin)

    def trade() -> None:
        twin.clock.advance(seconds=1)
        for number in orders[20:25]:
            twin.world.delete("orders", number)
        for number in [*orders[30:33], *orders[200:202]]:
            twin.world.edit("orders", number, {"customer_note": "changed"})
        for _ in range(5):
            twin.world.insert("orders", {"status": "processing"}, like=orders[0])

    twin.faults.after(path=r"/orders\?.*status=any.*page=5\b", perform=trade)
    walked = {record.key.id: record.version for record in records(walk(slow_walker, Kind.ORDER))}
    swept = slow_walker.sweep(Kind.ORDER)
    again = slow_walker.read_ids(Kind.ORDER, [number for number in swept if walked.get(number) != swept[number]])
    repaired = {number: version for number, version in walked.items() if number in swept}
    repaired |= {record.key.id: record.version for record in again.records}

    everything = twin.world.shop.kinds["orders"].values()
    assert swept == {str(entry.facts.id): entry.facts.date_modified_gmt for entry in everything}
    assert repaired == swept
    assert set(walked) - set(swept) == {str(number) for number in orders[20:25]}
    assert set(swept) - set(walked), "this walk was meant to miss something"


def test_a_sweep_under_which_orders_vanish_begins_again(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    orders = live(twin)
    twin.faults.after(path="offset=90", perform=lambda: twin.world.delete("orders", orders[0]))

    swept = slow_walker.sweep(Kind.ORDER)

    assert set(swept) == {str(entry.facts.id) for entry in twin.world.shop.kinds["orders"].values()}


def test_new_orders_alone_do_not_disturb_a_sweep(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    twin.faults.after(path="offset=90", count=0, perform=lambda: twin.world.insert("orders", {"status": "pending"}))

    slow_walker.sweep(Kind.ORDER)

    assert len([line for line in twin.log.lines() if "offset=90" in line.query]) == 1


def test_a_list_that_never_rests_ends_the_sweep(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    orders = iter(live(twin))
    twin.faults.after(
        path=r"status=any.*offset=(90|180)", count=0, perform=lambda: twin.world.delete("orders", next(orders))
    )

    with pytest.raises(Unavailable, match="orders moved during each of 4 sweeps"):
        slow_walker.sweep(Kind.ORDER)


def test_a_record_that_the_shop_hides_does_not_disturb_a_sweep(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    everything = slow_walker.sweep(Kind.TAX_RATE)
    numbers = sorted(map(int, everything))
    shown = json.dumps([{"id": number} for number in numbers[10:]])
    twin.faults.add(path="/taxes.*offset=9", count=0, status=200, headers={"X-WP-Total": "17"}, body=shown)

    assert slow_walker.sweep(Kind.TAX_RATE) == everything


def test_a_hidden_record_and_new_orders_together_do_not_disturb_a_sweep(
    twin: Twin, slow_walker: WooCommerceConnector
) -> None:
    orders = live(twin)
    hidden = ",".join(f'{{"id":{number}}}' for number in orders[10:19])
    twin.faults.add(
        path="status=any.*offset=9$", count=0, status=200, headers={"X-WP-Total": "308"}, body=f"[{hidden}]"
    )
    twin.faults.after(path="offset=90", count=0, perform=lambda: twin.world.insert("orders", {"status": "pending"}))

    assert {str(number) for number in orders} <= set(slow_walker.sweep(Kind.ORDER))


def test_an_order_that_is_checked_out_during_a_sweep_is_not_lost(twin: Twin, slow_walker: WooCommerceConnector) -> None:
    draft = next(
        entry.facts.id for entry in twin.world.shop.kinds["orders"].values() if entry.facts.status == "checkout-draft"
    )
    twin.faults.after(
        path="status=any.*offset=306", perform=lambda: twin.world.edit("orders", draft, {"status": "processing"})
    )

    assert str(draft) in slow_walker.sweep(Kind.ORDER)
    assert twin.faults.pending() == 0


def test_a_shop_that_knows_no_drafts_is_read_without(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path="status=checkout-draft", count=0, recording="400-bad-status")
    numbers = list(shop.sweep(Kind.ORDER))

    assert len(numbers) == len(ids(walk(shop, Kind.ORDER))) == 308 + 9
    assert len(shop.read_ids(Kind.ORDER, numbers).records) == 308 + 9


def test_an_unreadable_order_becomes_a_problem_and_the_others_are_read(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.world.edit("orders", 149, {"billing": {"email": 7}})
    twin.world.edit("orders", 150, {"discount_total": ""})

    pages = walk(shop, Kind.ORDER)

    assert len(ids(pages)) == 321 - 2
    assert [(str(problem.key), problem.code, problem.fate) for problem in problems(pages)] == [
        ("berlin-shop:order:149", "woocommerce.unreadable", Fate.SKIP),
        ("berlin-shop:order:150", "woocommerce.unreadable", Fate.SKIP),
    ]
    assert [problem.message for problem in problems(pages)] == [
        "order 149 of the shop cannot be read: field billing.email: Expected str | null, got int",
        "order 150 of the shop cannot be read: field discount_total is empty where an amount of money is due",
    ]


@pytest.mark.parametrize("nonsense", ["null", "7", "{}", '{"id":"x"}', '{"id":-1}', "[]", '"text"', '{"id":1e99}'])
def test_an_element_without_id_is_a_problem_with_a_lasting_name(
    twin: Twin, shop: WooCommerceConnector, nonsense: str
) -> None:
    rate = slices("taxes")[0].decode()
    body = f"[{nonsense},{rate}]"
    twin.faults.add(path="/taxes", count=0, status=200, headers={"X-WP-Total": "2"}, body=body)

    first, second = (shop.read(Kind.TAX_RATE, since=None, at=None) for _ in range(2))

    assert len(first.records) == len(first.problems) == 1
    assert first.problems[0].key.id.startswith("unknown-")
    assert first == second


def test_related_products_in_another_order_are_no_change(twin: Twin, shop: WooCommerceConnector) -> None:
    before = {record.key.id: record for record in records(walk(shop, Kind.PRODUCT))}
    twin.world.edit("products", 98, {"related_ids": [1, 2, 3]}, touch=False)
    twin.world.edit("products", 49, {"total_sales": 12345}, touch=False)
    after = {record.key.id: record for record in records(walk(shop, Kind.PRODUCT))}

    assert after["98"].fingerprint == before["98"].fingerprint
    assert after["98"].raw != before["98"].raw
    changed = {number for number in after if after[number].fingerprint != before[number].fingerprint}
    assert changed == {"49"}


def test_any_byte_of_an_order_counts_as_a_change(twin: Twin, shop: WooCommerceConnector) -> None:
    (before,) = shop.read_ids(Kind.ORDER, ["149"]).records
    twin.world.edit("orders", 149, {"customer_user_agent": "another"}, touch=False)
    (after,) = shop.read_ids(Kind.ORDER, ["149"]).records

    assert (after.version, after.fingerprint == before.fingerprint) == (before.version, False)


def test_records_in_the_trash_can_be_asked_for_by_id(twin: Twin, shop: WooCommerceConnector) -> None:
    number, product = live(twin)[0], next(iter(twin.world.shop.kinds["products"]))
    twin.world.trash("orders", number)
    twin.world.trash("products", product)

    assert ids([shop.read_ids(Kind.ORDER, [str(number)])]) == [str(number)]
    assert ids([shop.read_ids(Kind.PRODUCT, [str(product)])]) == [str(product)]


def test_hundreds_of_ids_are_asked_for_in_few_requests(twin: Twin, shop: WooCommerceConnector) -> None:
    numbers = [str(number) for number in live(twin)]

    assert set(ids([shop.read_ids(Kind.ORDER, numbers)])) == set(numbers)
    assert len(twin.log.lines()) == 4 * 3


def test_the_clock_is_that_of_the_shop(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.clock.advance(days=400)

    assert shop.clock() == twin.clock.now()
