"""The webhooks resource: what is registered, refused, pinged and shown."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulators.woocommerce.auth import (
    CUSTOMER_KEY,
    CUSTOMER_SECRET,
    READ_KEY,
    READ_SECRET,
    WRITE_KEY,
    WRITE_SECRET,
)
from simulators.woocommerce.server import Twin
from tests.recorded_webhooks import SECRET, recorded_webhook
from tests.simulators.receiver import Receiver
from tests.simulators.woocommerce.hooks import HOOKS, register

NOWHERE = "http://127.0.0.1:9/hook"
NO_TOPIC, NO_URL = (f"woocommerce_rest_shop_webhook_invalid_{name}" for name in ("topic", "delivery_url"))
SHOWN = [
    "id", "name", "status", "topic", "resource", "event", "hooks", "delivery_url", "date_created", "date_created_gmt",
    "date_modified", "date_modified_gmt", "_links",
]  # fmt: skip


def test_a_new_webhook_is_active_and_never_shows_its_secret(client: httpx.Client, receiver: Receiver) -> None:
    sent = {"topic": "order.updated", "delivery_url": f"{receiver.url}/hook", "secret": SECRET, "status": "paused"}

    answer = client.post(HOOKS, json=sent)

    made = answer.json()
    assert (answer.status_code, list(made)) == (201, SHOWN)
    assert answer.headers["Location"].endswith(f"{HOOKS}/1")
    assert (made["status"], made["resource"], made["event"]) == ("active", "order", "updated")
    assert made["hooks"] == ["woocommerce_update_order", "woocommerce_order_refunded"]
    assert (made["date_created"], made["date_modified"]) == ("2026-12-01T13:00:00", None)
    assert made["name"] == "Webhook created on Dec 01, 2026 @ 12:00 PM"
    assert all(SECRET.encode() not in client.get(path).content for path in (HOOKS, f"{HOOKS}/1"))


def test_the_ping_is_the_recorded_one_and_comes_before_the_answer(client: httpx.Client, receiver: Receiver) -> None:
    recorded = recorded_webhook(1)

    register(client, f"{receiver.url}/hook/order-created", "order.created")

    (ping,) = receiver.take()
    assert (ping.method, ping.path, ping.body) == (recorded.method, recorded.path, recorded.body)
    assert ping.headers | {"Host": ""} == recorded.headers | {"Host": ""}
    assert client.get(f"{HOOKS}/1").json()["date_modified"] == "2026-12-01T13:00:00"


@pytest.mark.parametrize("status", [0, 202, 401, 500])
def test_a_failing_ping_changes_nothing(client: httpx.Client, twin: Twin, receiver: Receiver, status: int) -> None:
    receiver.status = status or 200

    answer = client.post(HOOKS, json={"topic": "order.created", "delivery_url": receiver.url if status else NOWHERE})

    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    assert [delivery.status for delivery in twin.courier.deliveries()] == [status]
    assert client.get(f"{HOOKS}/1").json()["date_modified"] is None


def test_a_receiver_may_ask_the_shop_before_it_answers_a_ping(client: httpx.Client, receiver: Receiver) -> None:
    asked: list[int] = []
    receiver.before = lambda _: asked.append(client.get(HOOKS).json()[0]["id"])

    register(client, receiver.url, "order.created")

    assert asked == [1]


def test_a_ping_follows_a_redirect_as_get(client: httpx.Client, receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "/ok"

    register(client, f"{receiver.url}/redirect", "order.updated")

    pings = receiver.take()
    recorded = [(webhook.method, webhook.path) for webhook in (recorded_webhook(42), recorded_webhook(43))]
    assert [(ping.method, ping.path) for ping in pings] == recorded
    assert pings[1].body == b"webhook_id=1"


def test_a_redirect_to_no_address_is_a_failed_ping(client: httpx.Client, twin: Twin, receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, "http://nowhere:x/"

    register(client, receiver.url, "order.updated")

    assert twin.courier.deliveries()[0].status == 0


@pytest.mark.parametrize(
    ("key", "secret", "method", "status"),
    [
        (READ_KEY, READ_SECRET, "POST", 401),
        (READ_KEY, READ_SECRET, "GET", 200),
        (WRITE_KEY, WRITE_SECRET, "GET", 401),
        (CUSTOMER_KEY, CUSTOMER_SECRET, "GET", 403),
        (CUSTOMER_KEY, CUSTOMER_SECRET, "POST", 403),
        ("ck_unknown", "cs_unknown", "GET", 401),
    ],
)
def test_a_key_does_what_it_may(client: httpx.Client, key: str, secret: str, method: str, status: int) -> None:
    sent = {"topic": "order.created", "delivery_url": NOWHERE} if method == "POST" else None

    assert client.request(method, HOOKS, json=sent, auth=(key, secret)).status_code == status


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "rest_missing_callback_param"),
        ({"topic": "order.created"}, "rest_missing_callback_param"),
        ({"topic": "order.sold", "delivery_url": NOWHERE}, NO_TOPIC),
        ({"topic": "refund.created", "delivery_url": NOWHERE}, NO_TOPIC),
        ({"topic": "action.init", "delivery_url": NOWHERE}, NO_TOPIC),
        ({"topic": 5, "delivery_url": NOWHERE}, NO_TOPIC),
        ({"topic": "order.created", "delivery_url": "example.com"}, NO_URL),
        ({"topic": "order.created", "delivery_url": "ftp://x.test"}, NO_URL),
        ({"topic": "order.created", "delivery_url": "http://x:y/"}, NO_URL),
        ({"topic": "order.created", "delivery_url": NOWHERE, "status": "on"}, "rest_invalid_param"),
        ({"topic": "order.created", "delivery_url": NOWHERE, "secret": 5}, "rest_invalid_param"),
        ({"topic": "order.created", "delivery_url": NOWHERE, "id": 5}, "woocommerce_rest_shop_webhook_exists"),
    ],
)  # fmt: skip
def test_what_is_no_webhook_is_refused(client: httpx.Client, twin: Twin, sent: dict[str, Any], code: str) -> None:
    answer = client.post(HOOKS, json=sent)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (client.get(HOOKS).json(), twin.courier.deliveries()) == ([], [])


def test_a_topic_of_an_action_shows_the_action(client: httpx.Client, receiver: Receiver) -> None:
    sent = {"topic": "action.woocommerce_add_to_cart", "delivery_url": receiver.url}

    made = client.post(HOOKS, json=sent).json()

    assert (made["resource"], made["hooks"]) == ("action", ["woocommerce_add_to_cart"])


def test_webhooks_are_listed_like_everything_else(client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url, "order.created", "order.updated", "order.deleted")
    client.put(f"{HOOKS}/2", json={"status": "paused"})

    page = client.get(HOOKS, params={"per_page": 2, "_fields": "id,status", "orderby": "id", "order": "asc"})

    assert page.json() == [{"id": 1, "status": "active"}, {"id": 2, "status": "paused"}]
    assert (page.headers["X-WP-Total"], page.headers["X-WP-TotalPages"]) == ("3", "2")
    assert 'rel="next"' in page.headers["Link"]
    assert [row["id"] for row in client.get(HOOKS).json()] == [3, 2, 1]
    assert [row["id"] for row in client.get(HOOKS, params={"status": "paused"}).json()] == [2]
    assert client.get(HOOKS, params={"page": 9}).json() == []


def test_the_resource_knows_nothing_that_is_not_there(client: httpx.Client) -> None:
    answers = [
        client.get(f"{HOOKS}/7"), client.put(f"{HOOKS}/7", json={}), client.delete(f"{HOOKS}/7"),
        client.delete(f"{HOOKS}/7", params={"force": "true"}),
    ]  # fmt: skip

    invalid = "woocommerce_rest_shop_webhook_invalid_id"
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, invalid), (400, invalid), (501, "woocommerce_rest_trash_not_supported"), (404, invalid),
    ]  # fmt: skip


def test_a_deleted_webhook_is_gone_with_what_waited_for_it(
    client: httpx.Client, twin: Twin, receiver: Receiver
) -> None:
    twin.switches.webhooks_live = False
    register(client, receiver.url, "order.updated")
    twin.world.edit("orders", 519)

    gone = client.delete(f"{HOOKS}/1", params={"force": "true"})

    assert (gone.status_code, gone.json()["id"], client.get(HOOKS).json()) == (200, 1, [])
    assert (twin.courier.flush(), len(receiver.requests)) == ([], 1)
    assert register(client, receiver.url, "order.updated") == [2]


@pytest.mark.parametrize(
    ("sent", "pings"),
    [
        ({"name": "x"}, 0),
        ({"secret": "other"}, 0),
        ({"topic": "order.created"}, 0),
        ({"status": "active"}, 0),
        ({"status": "paused"}, 0),
        ({"delivery_url": "{url}"}, 0),
        ({"delivery_url": "{url}/other"}, 1),
        ({"delivery_url": "{url}/other", "status": "disabled"}, 0),
    ],
)
def test_an_edit_pings_only_a_new_address(
    client: httpx.Client, receiver: Receiver, sent: dict[str, str], pings: int
) -> None:
    register(client, receiver.url, "order.updated")
    receiver.take()

    answer = client.put(f"{HOOKS}/1", json={name: value.format(url=receiver.url) for name, value in sent.items()})

    assert (answer.status_code, len(receiver.take())) == (200, pings)


def test_a_webhook_that_becomes_active_again_is_pinged(client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url, "order.updated")
    client.put(f"{HOOKS}/1", json={"status": "paused"})
    receiver.take()

    client.put(f"{HOOKS}/1", json={"status": "active"})

    assert [ping.body for ping in receiver.take()] == [b"webhook_id=1"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"topic": "order.sold"}, NO_TOPIC),
        ({"delivery_url": "x"}, NO_URL),
        ({"status": "asleep"}, "rest_invalid_param"),
    ],
)
def test_a_refused_edit_changes_nothing(
    client: httpx.Client, receiver: Receiver, sent: dict[str, str], code: str
) -> None:
    register(client, receiver.url, "order.updated")
    before = client.get(f"{HOOKS}/1").json()

    answer = client.put(f"{HOOKS}/1", json={"name": "new", **sent})

    assert (answer.status_code, answer.json()["code"], client.get(f"{HOOKS}/1").json()) == (400, code, before)


def test_without_a_secret_the_shop_makes_up_fifty_characters(
    client: httpx.Client, twin: Twin, receiver: Receiver, signed: Callable[[bytes, str], str]
) -> None:
    twin.switches.webhooks_live = False
    client.post(HOOKS, json={"topic": "order.updated", "delivery_url": receiver.url})
    twin.world.edit("orders", 519)

    twin.courier.flush()

    delivery = receiver.take()[-1]
    hook = twin.site.webhooks.find(1)
    assert hook is not None
    assert (len(hook.secret), hook.secret in repr(hook)) == (50, False)
    assert delivery.headers["X-WC-Webhook-Signature"] == signed(delivery.body, hook.secret)
