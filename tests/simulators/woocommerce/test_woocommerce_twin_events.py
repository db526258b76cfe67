"""What the shop tells its webhooks: which event brings which delivery."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulators.woocommerce.server import Twin
from tests.recorded_webhooks import recorded_webhook, recorded_webhooks
from tests.simulators.receiver import Receiver
from tests.simulators.woocommerce.hooks import API

# Of the recorded shop: a product that manages its stock and one that does not, a variation, an order at the checkout.
STOCKED, UNSTOCKED, VARIATION, CHECKOUT = 56, 31, 110, 513
# What a real shop makes up anew, or what cannot be the same because the shop was another one by then.
UNSTEADY = {"date_modified", "date_modified_gmt", "related_ids", "price_html"}
SIGNED = [webhook for webhook in recorded_webhooks() if webhook.topic != "ping"]
Act = Callable[[Twin, httpx.Client], Any]


def told(twin: Twin, receiver: Receiver) -> list[str]:
    """The topics of a flush, in order of arrival."""
    twin.courier.flush()
    return [request.headers["X-WC-Webhook-Topic"] for request in receiver.take()]


def sold(product: int) -> Act:
    sent = {"set_paid": True, "line_items": [{"product_id": product, "quantity": 1}]}
    return lambda _, client: client.post(f"{API}/orders", json=sent)


def put(path: str, **sent: Any) -> Act:
    return lambda _, client: client.put(f"{API}/{path}", json=sent)


def changes(action: str, *args: Any, **kwargs: Any) -> Act:
    return lambda twin, _: getattr(twin.world, action)(*args, **kwargs)


@pytest.mark.parametrize(
    ("recorded", "act"),
    [
        ((11, 12, 13), sold(STOCKED)),
        ((14, 15), sold(UNSTOCKED)),
        ((16,), put("orders/518", status="completed")),
        ((18,), put("orders/519")),
        ((19,), lambda _, client: client.post(f"{API}/orders/519/refunds", json={"amount": "1.00"})),
        ((20,), changes("refund", 519)),
        ((21,), lambda _, client: client.delete(f"{API}/orders/519")),
        ((22, 23, 24), changes("insert", "orders", like=CHECKOUT)),
        ((25,), put(f"products/{STOCKED}", regular_price="5.00")),
        ((26,), put(f"products/109/variations/{VARIATION}", regular_price="33.33")),
        ((27, 28), lambda _, client: client.post(f"{API}/customers", json={"email": "hook@e.test"})),
    ],
)
def test_what_was_recorded_is_told_in_its_order_and_shape(
    twin: Twin, client: httpx.Client, hooked: Receiver, recorded: tuple[int, ...], act: Act
) -> None:
    there = [recorded_webhook(number) for number in recorded]

    act(twin, client)
    twin.courier.flush()

    here = hooked.take()
    assert [request.headers["X-WC-Webhook-Topic"] for request in here] == [webhook.topic for webhook in there]
    assert [list(json.loads(request.body)) for request in here] == [list(json.loads(w.body)) for w in there]
    assert [list(request.headers) for request in here] == [list(webhook.headers) for webhook in there]


@pytest.mark.parametrize(
    ("act", "topics"),
    [
        (changes("insert", "orders", {"status": "checkout-draft"}, like=519), ["order.updated"]),
        (changes("insert", "orders", {"status": "auto-draft"}, like=519), []),
        (changes("insert", "orders", {"created_via": "admin"}, like=519), ["order.created", "order.updated"]),
        (changes("insert", "products", like=UNSTOCKED), ["product.created", "product.published"]),
        (changes("insert", "variations", like=VARIATION), ["product.created"]),
        (changes("insert", "customers", like=3), ["customer.created", "customer.updated"]),
        (changes("edit", "customers", 3, {"first_name": "x"}), ["customer.updated"]),
        (changes("edit", "orders", 519, {"total": "1.00"}, touch=False), ["order.updated"]),
        (changes("trash", "products", UNSTOCKED), ["product.deleted"]),
        (changes("restore", "orders", 446), ["order.restored"]),
        (changes("delete", "orders", 519), []),
        (changes("delete", "products", 109), []),
        (changes("delete", "customers", 3), ["customer.deleted"]),
        (put("orders/446", status="completed"), []),
        (put("orders/519", status="processing"), ["order.updated"]),
        (lambda _, client: client.delete(f"{API}/orders/519?force=true"), []),
        (lambda _, client: client.delete(f"{API}/orders/444/refunds/512?force=true"), []),
    ],
)
def test_every_other_act_tells_what_the_sources_say(
    twin: Twin, client: httpx.Client, hooked: Receiver, act: Act, topics: list[str]
) -> None:
    act(twin, client)

    assert told(twin, hooked) == topics


def test_an_order_that_leaves_the_checkout_is_created_then(twin: Twin, hooked: Receiver) -> None:
    draft = next(iter(entry for entry in twin.shop.kinds["orders"].values() if entry.facts.status == "checkout-draft"))

    twin.world.edit("orders", draft.facts.id, {"status": "on-hold"})

    assert told(twin, hooked)[:1] == ["order.created"]


def test_legacy_storage_tells_of_an_order_that_left_the_trash_by_rest(
    twin: Twin, client: httpx.Client, hooked: Receiver
) -> None:
    twin.switches.storage = "legacy"

    client.put(f"{API}/orders/446", json={"status": "completed"})

    assert told(twin, hooked) == ["order.updated"]


def test_newer_shops_tell_of_a_deleted_refund(twin: Twin, hooked: Receiver) -> None:
    twin.switches.version = "11.2.0"

    twin.world.delete_refund(512)

    assert told(twin, hooked) == ["order.updated"]


@pytest.mark.parametrize(
    ("status", "topics"),
    [("draft", ["product.updated"]), ("publish", ["product.updated", "product.published"])],
)
def test_a_product_is_published_when_it_becomes_public(
    twin: Twin, hooked: Receiver, status: str, topics: list[str]
) -> None:
    twin.world.edit("products", UNSTOCKED, {"status": "private"})
    twin.courier.flush()
    hooked.take()

    twin.world.edit("products", UNSTOCKED, {"status": status})

    assert told(twin, hooked) == topics
