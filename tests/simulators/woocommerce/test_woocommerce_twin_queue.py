"""The shop's queue of deliveries: what is merged, lost, doubled, moved, given up, and when it leaves."""

import json
import threading

import httpx
import pytest

from simulators.woocommerce.server import Twin
from tests.recorded_webhooks import recorded_webhooks
from tests.simulators.receiver import PATIENCE_SECONDS, Received, Receiver
from tests.simulators.woocommerce.hooks import HOOKS, register

ORDERS = tuple(range(420, 440))


def orders(receiver: Receiver) -> list[int]:
    return [json.loads(request.body)["id"] for request in receiver.take()]


def status(client: httpx.Client) -> str:
    return str(client.get(f"{HOOKS}/1").json()["status"])


def fail(twin: Twin, times: int) -> None:
    for _ in range(times):
        twin.world.edit("orders", 519)
        twin.courier.flush()


def test_three_edits_in_a_row_are_one_delivery_of_the_last_state(twin: Twin, watched: Receiver) -> None:
    for note in ("n1", "n2", "n3"):
        twin.world.edit("orders", 519, {"customer_note": note})

    assert len(twin.courier.waiting()) == 1
    twin.courier.flush()
    assert [json.loads(request.body)["customer_note"] for request in watched.take()] == ["n3"]


def test_an_edit_during_a_delivery_is_delivered_too(twin: Twin, watched: Receiver) -> None:
    edits = iter([twin.world.edit])
    watched.before = lambda _: [edit("orders", 519) for edit in edits]
    twin.world.edit("orders", 519)

    twin.courier.flush()
    twin.courier.flush()

    assert orders(watched) == [519, 519]


def test_the_seventh_failure_in_a_row_disables_silently_as_recorded(
    twin: Twin, client: httpx.Client, watched: Receiver
) -> None:
    watched.status = 500
    recorded = [webhook for webhook in recorded_webhooks() if webhook.cause.startswith("failing endpoint")]

    seen = []
    for _ in recorded:
        fail(twin, 1)
        seen.append(status(client))
    fail(twin, 1)

    assert seen == ["active"] * 6 + ["disabled"]
    assert len(watched.take()) == len(recorded) == 7


def test_nothing_is_ever_tried_again(twin: Twin, watched: Receiver) -> None:
    watched.status = 503
    fail(twin, 1)

    twin.clock.advance(days=7)

    assert (twin.courier.waiting(), twin.courier.flush(), len(watched.take())) == ([], [], 1)


def test_one_success_forgives_all_failures(twin: Twin, client: httpx.Client, watched: Receiver) -> None:
    for code, times in ((500, 6), (200, 1), (500, 6)):
        watched.status = code
        fail(twin, times)

    assert status(client) == "active"


def test_a_webhook_that_is_set_active_again_falls_at_its_next_failure(
    twin: Twin, client: httpx.Client, watched: Receiver
) -> None:
    watched.status = 500
    fail(twin, 7)

    client.put(f"{HOOKS}/1", json={"status": "active"})
    fail(twin, 1)

    assert status(client) == "disabled"


@pytest.mark.parametrize(("code", "failing"), [(200, False), (202, False), (302, False), (303, True), (404, True)])
def test_success_is_anything_below_303(
    twin: Twin, client: httpx.Client, watched: Receiver, code: int, failing: bool
) -> None:
    watched.status, watched.location = code, "/elsewhere"

    fail(twin, 7)

    assert status(client) == ("disabled" if failing else "active")
    assert {(request.method, request.path) for request in watched.take()} == {("POST", "/")}


def test_a_receiver_that_is_too_slow_has_failed(twin: Twin, watched: Receiver) -> None:
    twin.switches.webhooks_answer_seconds = 0.01
    twin.world.edit("orders", 519)
    given_up = threading.Event()
    watched.before = lambda _: given_up.wait(PATIENCE_SECONDS)

    (delivery,) = twin.courier.flush()
    given_up.set()

    assert (delivery.status, delivery.error.split(":")[0]) == (0, "TimeoutError")


def test_nothing_is_queued_for_a_paused_webhook(twin: Twin, client: httpx.Client, watched: Receiver) -> None:
    client.put(f"{HOOKS}/1", json={"status": "paused"})
    twin.world.edit("orders", 519)

    assert (twin.courier.waiting(), twin.courier.flush()) == ([], [])


def test_what_was_queued_before_the_pause_still_leaves(twin: Twin, client: httpx.Client, watched: Receiver) -> None:
    twin.world.edit("orders", 519)

    client.put(f"{HOOKS}/1", json={"status": "paused"})

    assert [delivery.status for delivery in twin.courier.flush()] == [200]


def test_a_webhook_whose_ping_never_succeeded_is_pinged_after_each_delivery(
    twin: Twin, client: httpx.Client, receiver: Receiver
) -> None:
    twin.switches.webhooks_live = False
    receiver.status = 202
    register(client, receiver.url, "order.updated")

    fail(twin, 1)
    receiver.status = 200
    fail(twin, 2)

    assert [delivery.about for delivery in twin.courier.deliveries()] == [
        "ping 1", "order.updated 519", "ping 1", "order.updated 519", "ping 1", "order.updated 519",
    ]  # fmt: skip


@pytest.mark.parametrize("by_control", [False, True])
def test_a_receiver_may_call_the_shop_before_it_answers(
    twin: Twin, client: httpx.Client, watched: Receiver, by_control: bool
) -> None:
    read: list[bytes] = []

    def ask(request: Received) -> None:
        read.append(client.get(f"/wp-json/wc/v3/orders/{json.loads(request.body)['id']}").content)

    watched.before = ask
    twin.world.edit("orders", 519)

    if by_control:
        assert client.post(f"{twin.url}/_control/webhooks/flush").json()["deliveries"][0]["status"] == 200
    else:
        twin.courier.flush()

    assert read == [request.body for request in watched.take()]


def test_the_control_api_shows_and_forgets_deliveries(twin: Twin, client: httpx.Client, watched: Receiver) -> None:
    control = f"{twin.url}/_control/webhooks"
    twin.world.edit("orders", 519)
    twin.world.edit("orders", 518)
    assert [job["about"] for job in client.get(control).json()["waiting"]] == ["order.updated 519", "order.updated 518"]

    client.post(f"{control}/flush")

    told = client.get(control).json()
    assert (told["waiting"], [(sent["about"], sent["status"]) for sent in told["deliveries"]]) == (
        [],
        [("order.updated 519", 200), ("order.updated 518", 200)],
    )
    assert told["deliveries"][0]["body"].encode() == watched.take()[0].body
    client.delete(control)
    assert client.get(control).json()["deliveries"] == []


def test_a_share_is_between_nothing_and_all(twin: Twin, client: httpx.Client) -> None:
    answer = client.put(f"{twin.url}/_control/switches", json={"webhooks_lost": 101})

    assert (answer.status_code, twin.switches.webhooks_lost) == (400, 0)
