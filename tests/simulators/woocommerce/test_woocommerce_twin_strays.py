"""Deliveries that go astray by a switch, and when deliveries leave."""

import json
from datetime import timedelta

import httpx
import pytest

from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from simulators.woocommerce.switches import Switches
from tests.simulators.receiver import Receiver
from tests.simulators.woocommerce.hooks import register

ORDERS = tuple(range(420, 440))


def orders(receiver: Receiver) -> list[int]:
    return [json.loads(request.body)["id"] for request in receiver.take()]


@pytest.mark.parametrize(("lost", "arrive"), [(0, 20), (100, 0)])
def test_all_or_none_are_lost(twin: Twin, watched: Receiver, lost: int, arrive: int) -> None:
    twin.switches.webhooks_lost = lost
    for number in ORDERS:
        twin.world.edit("orders", number)

    sent = twin.courier.flush()

    assert (len(watched.take()), [delivery.lost for delivery in sent]) == (arrive, [arrive == 0] * 20)
    assert twin.courier.waiting() == []


def test_doubled_deliveries_are_the_same_twice(twin: Twin, watched: Receiver) -> None:
    twin.switches.webhooks_doubled = 100
    for number in ORDERS:
        twin.world.edit("orders", number)

    twin.courier.flush()

    received = watched.take()
    assert received[::2] == received[1::2]
    assert len(received) == 40


def strayed(seed: int, batches: int = 1) -> list[int]:
    """Which orders arrive, in which order, at a shop that loses, doubles and moves half of them."""
    switches = Switches(
        webhooks_live=False, webhooks_seed=seed, webhooks_lost=50, webhooks_doubled=50,
        webhooks_reordered=50 if batches == 1 else 0,
    )  # fmt: skip
    with Receiver() as receiver, Twin.start(shop=recorded_shop(), switches=switches) as twin:
        twin.site.webhooks.add("", "order.updated", receiver.url, "secret", twin.url).pinged = True
        step = len(ORDERS) // batches
        for batch in range(batches):
            for number in ORDERS[batch * step : (batch + 1) * step]:
                twin.world.edit("orders", number)
            twin.courier.flush()
        return orders(receiver)


def test_the_same_seed_loses_doubles_and_moves_the_same_ones() -> None:
    assert strayed(1) == strayed(1)
    assert strayed(1) != strayed(2)


def test_half_are_lost_doubled_and_moved() -> None:
    arrived = strayed(3)

    assert 0 < len(set(arrived)) < 20
    assert 0 < len(arrived) - len(set(arrived)) < len(set(arrived))
    assert arrived != sorted(arrived)


def test_what_is_lost_or_doubled_does_not_depend_on_what_leaves_together() -> None:
    assert strayed(1, batches=10) == strayed(1, batches=2)


def test_a_delay_is_counted_by_the_shops_clock(twin: Twin, watched: Receiver) -> None:
    twin.switches.webhooks_delay_seconds = 600
    twin.world.edit("orders", 519)

    assert twin.courier.flush() == []
    assert twin.courier.waiting()[0]["due"] == (twin.clock.now() + timedelta(minutes=10)).isoformat()
    twin.clock.advance(minutes=10)
    assert len(twin.courier.flush()) == 1


def test_a_live_shop_delivers_by_itself(twin: Twin, client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url, "order.updated")

    client.put("/wp-json/wc/v3/orders/519", json={"customer_note": "live"})

    assert json.loads(receiver.wait_for(2)[1].body)["customer_note"] == "live"


def test_a_shop_that_becomes_live_delivers_what_waits(twin: Twin, client: httpx.Client, watched: Receiver) -> None:
    twin.world.edit("orders", 519)

    client.put(f"{twin.url}/_control/switches", json={"webhooks_live": True})

    assert len(watched.wait_for(1)) == 1
