"""What stands in the deliveries to webhooks, and what a sale does to the stock."""

import json
from collections.abc import Callable

import httpx
import pytest

from simulators.woocommerce import deliveries
from simulators.woocommerce.server import Twin
from tests.recorded_webhooks import SECRET, Recorded, recorded_webhook, recorded_webhooks
from tests.simulators.receiver import Receiver
from tests.simulators.woocommerce.hooks import API

# Of the recorded shop: a product that manages its stock and one that does not, a variation, an order at the checkout.
STOCKED, UNSTOCKED, VARIATION, CHECKOUT = 56, 31, 110, 513
# What a real shop makes up anew, or what cannot be the same because the shop was another one by then.
UNSTEADY = {"date_modified", "date_modified_gmt", "related_ids", "price_html"}
SIGNED = [webhook for webhook in recorded_webhooks() if webhook.topic != "ping"]


def told(twin: Twin, receiver: Receiver) -> list[str]:
    """The topics of a flush, in order of arrival."""
    twin.courier.flush()
    return [request.headers["X-WC-Webhook-Topic"] for request in receiver.take()]


def test_a_sale_takes_the_goods_from_the_stock_as_recorded(twin: Twin, client: httpx.Client, hooked: Receiver) -> None:
    sent = {"set_paid": True, "line_items": [{"product_id": STOCKED, "quantity": 1}]}
    client.post(f"{API}/orders", json=sent)
    twin.courier.flush()

    here, there = json.loads(hooked.take()[2].body), json.loads(recorded_webhook(13).body)
    assert (here["stock_quantity"], here["total_sales"]) == (141, 103)
    assert {name for name in there if here[name] != there[name]} <= UNSTEADY
    assert here["date_modified"] == "2026-12-01T13:00:00"


@pytest.mark.parametrize(("variation", "moved"), [(110, 109), (112, 112)])
def test_a_variation_sells_its_own_stock_or_its_parents(
    twin: Twin, hooked: Receiver, variation: int, moved: int
) -> None:
    lines = [{"product_id": 109, "variation_id": variation, "quantity": 2}] * 2

    twin.world.insert("orders", {"status": "on-hold", "line_items": lines}, like=CHECKOUT)

    twin.courier.flush()
    product = json.loads(hooked.take()[-1].body)
    assert (product["id"], product["stock_quantity"]) == (moved, {109: 23, 112: 2}[moved])


def test_only_a_sale_moves_stock_and_only_once(twin: Twin, hooked: Receiver) -> None:
    order = twin.world.insert("orders", {"status": "pending"}, like=CHECKOUT)["id"]
    assert "product.updated" not in told(twin, hooked)

    twin.world.edit("orders", order, {"status": "processing"})
    assert told(twin, hooked) == ["order.updated", "product.updated"]
    twin.world.edit("orders", order, {"status": "completed"})
    assert told(twin, hooked) == ["order.updated"]


def test_a_variation_is_told_as_a_product_and_read_as_one(twin: Twin, client: httpx.Client, hooked: Receiver) -> None:
    price = {"regular_price": "33.33", "price": "33.33"}

    twin.world.edit("variations", VARIATION, price)
    twin.courier.flush()

    here, there = hooked.take()[0].body, json.loads(recorded_webhook(26).body)
    assert client.get(f"{API}/products/{VARIATION}").content == here
    assert {name for name in there if json.loads(here)[name] != there[name]} <= UNSTEADY
    assert client.get(f"{API}/products/{VARIATION}?_fields=id,type").json() == {"id": VARIATION, "type": "variation"}


def test_what_is_told_is_what_the_api_shows_at_that_moment(twin: Twin, client: httpx.Client, hooked: Receiver) -> None:
    twin.world.edit("orders", 519, {"customer_note": "früh"})
    twin.world.refund(519, "1.00")
    twin.switches.embeds_refunds = False
    shown = client.get(f"{API}/orders/519").content

    twin.courier.flush()

    assert [request.body for request in hooked.take()] == [shown]
    assert b'"refunds":[]' in shown


def test_an_order_that_is_gone_by_then_is_told_as_a_signed_refusal(
    twin: Twin, hooked: Receiver, signed: Callable[[bytes, str], str]
) -> None:
    twin.world.edit("orders", 519)
    twin.world.delete("orders", 519)

    twin.courier.flush()

    (request,) = hooked.take()
    code = "woocommerce_rest_shop_order_invalid_id"
    assert json.loads(request.body) == {"code": code, "message": "Invalid ID.", "data": {"status": 404}}
    assert request.headers["X-WC-Webhook-Signature"] == signed(request.body, SECRET)


def test_a_delivery_carries_the_recorded_headers(
    twin: Twin, hooked: Receiver, signed: Callable[[bytes, str], str]
) -> None:
    twin.world.trash("orders", 519)
    twin.courier.flush()

    (here,), there = hooked.take(), recorded_webhook(21)
    unlike = {"Host", "X-WC-Webhook-Source", "X-WC-Webhook-Signature", "X-WC-Webhook-ID", "X-WC-Webhook-Delivery-ID"}
    assert {name for name, value in here.headers.items() if value != there.headers[name]} <= unlike
    assert [name for name, _ in here.pairs] == list(there.headers)
    assert (here.body, here.headers["X-WC-Webhook-Source"]) == (b'{"id":519}', f"{twin.url}/")
    assert here.headers["X-WC-Webhook-Signature"] == signed(here.body, SECRET)


@pytest.mark.parametrize("webhook", SIGNED, ids=lambda webhook: webhook.number)
def test_the_twin_signs_as_the_real_shop_did(webhook: Recorded) -> None:
    assert deliveries.signature(webhook.body, SECRET) == webhook.headers["X-WC-Webhook-Signature"]


def test_a_secret_is_decoded_like_html_before_it_signs(signed: Callable[[bytes, str], str]) -> None:
    assert deliveries.signature(b"{}", "a&amp;b&lt;c&#039;d") == signed(b"{}", "a&b<c'd")


def test_deliveries_of_one_second_share_their_id_as_recorded(twin: Twin, hooked: Receiver) -> None:
    for number in (435, 434, 433):
        twin.world.edit("orders", number)
    twin.courier.flush()
    twin.clock.advance(seconds=1)
    twin.world.edit("orders", 435)
    twin.courier.flush()

    ids = [request.headers["X-WC-Webhook-Delivery-ID"] for request in hooked.take()]
    recorded = [recorded_webhook(number).headers["X-WC-Webhook-Delivery-ID"] for number in (29, 30, 31)]
    assert (len(set(ids[:3])), len(set(recorded))) == (1, 1)
    assert ids[3] not in ids[:3]
    assert len(ids[3]) == len(recorded[0])
