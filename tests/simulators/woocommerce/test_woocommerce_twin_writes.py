"""POST, PUT and DELETE as a shop's REST API does them."""

import httpx
import pytest

from simulators.woocommerce.server import Twin

ROOT = "/wp-json/wc/v3"


def test_put_edits_and_moves_the_order(client: httpx.Client) -> None:
    response = client.put(f"{ROOT}/orders/519", json={"status": "processing", "total": "0.01", "id": 7})

    order = response.json()
    assert response.status_code == 200
    assert (order["id"], order["status"], order["total"]) == (519, "processing", "5.95")
    assert order["date_modified_gmt"] == "2026-12-01T12:00:00"


def test_set_paid_pays_once(twin: Twin, client: httpx.Client) -> None:
    twin.world.edit("orders", 519, {"status": "pending", "date_paid": None, "date_paid_gmt": None})
    first = client.put(f"{ROOT}/orders/519", json={"set_paid": True}).json()
    twin.clock.advance(hours=1)
    second = client.put(f"{ROOT}/orders/519", json={"set_paid": True}).json()

    assert (first["status"], first["date_paid_gmt"]) == ("processing", "2026-12-01T12:00:00")
    assert second["date_paid_gmt"] == "2026-12-01T12:00:00"


def test_meta_is_found_by_key_and_removed_by_null(client: httpx.Client) -> None:
    first = client.put(f"{ROOT}/orders/519", json={"meta_data": [{"key": "_qbo", "value": "17"}]}).json()
    second = client.put(f"{ROOT}/orders/519", json={"meta_data": [{"key": "_qbo", "value": "18"}]}).json()
    third = client.put(f"{ROOT}/orders/519", json={"meta_data": [{"key": "_qbo", "value": None}]}).json()

    assert [row["value"] for row in first["meta_data"] if row["key"] == "_qbo"] == ["17"]
    assert [row["value"] for row in second["meta_data"] if row["key"] == "_qbo"] == ["18"]
    assert [row for row in third["meta_data"] if row["key"] == "_qbo"] == []


def test_a_line_is_found_by_id_and_the_total_follows(client: httpx.Client) -> None:
    order = client.get(f"{ROOT}/orders/519").json()
    line = order["line_items"][0]

    changed = client.put(f"{ROOT}/orders/519", json={"line_items": [{"id": line["id"], "total": "6.00"}]}).json()
    removed = client.put(f"{ROOT}/orders/519", json={"line_items": [{"id": line["id"], "quantity": 0}]}).json()
    foreign = client.put(f"{ROOT}/orders/519", json={"line_items": [{"id": 1}]})

    assert (line["total"], changed["total"], removed["total"]) == ("5.00", "6.95", "0.00")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "woocommerce_rest_invalid_item_id")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("orders/99999999", "woocommerce_rest_shop_order_invalid_id"),
        ("products/99999999", "woocommerce_rest_product_invalid_id"),
        ("products/109/variations/99999999", "woocommerce_rest_product_variation_invalid_id"),
    ],
)
def test_a_missing_object_is_400_for_put_and_404_for_delete(client: httpx.Client, path: str, code: str) -> None:
    put, delete = client.put(f"{ROOT}/{path}", json={}), client.delete(f"{ROOT}/{path}")

    assert [(answer.status_code, answer.json()["code"]) for answer in (put, delete)] == [(400, code), (404, code)]


def test_delete_goes_to_the_trash_first_then_410_then_by_force(client: httpx.Client) -> None:
    first, again = client.delete(f"{ROOT}/orders/519"), client.delete(f"{ROOT}/orders/519")
    forced, gone = client.delete(f"{ROOT}/orders/519?force=true"), client.get(f"{ROOT}/orders/519")

    assert (first.status_code, first.json()["status"]) == (200, "trash")
    assert (again.status_code, again.json()["code"]) == (410, "woocommerce_rest_already_trashed")
    assert (forced.status_code, gone.status_code) == (200, 404)


@pytest.mark.parametrize("path", ["customers/3", "products/109/variations/113", "orders/444/refunds/512"])
def test_what_has_no_trash_needs_force(client: httpx.Client, path: str) -> None:
    refused = client.delete(f"{ROOT}/{path}")

    assert (refused.status_code, refused.json()["code"]) == (501, "woocommerce_rest_trash_not_supported")
    assert client.delete(f"{ROOT}/{path}", params={"force": "true"}).status_code == 200
    assert client.get(f"{ROOT}/{path}").status_code == 404


def test_a_variation_is_not_edited_as_a_product(client: httpx.Client) -> None:
    refused = client.put(f"{ROOT}/products/113", json={})

    assert (refused.status_code, refused.json()["code"]) == (404, "woocommerce_rest_invalid_product_id")


def test_post_makes_an_order_and_again_another_one(twin: Twin, client: httpx.Client) -> None:
    sent = {
        "currency": "USD",
        "set_paid": True,
        "billing": {"email": "a@example.test"},
        "line_items": [{"product_id": 45, "quantity": 2}, {"variation_id": 113}],
        "meta_data": [{"key": "k", "value": "v"}],
    }
    first, second = client.post(f"{ROOT}/orders", json=sent), client.post(f"{ROOT}/orders", json=sent)

    order = first.json()
    assert (first.status_code, first.headers["Location"]) == (201, f"{twin.url}{ROOT}/orders/520")
    assert (order["id"], second.json()["id"]) == (520, 521)
    assert (order["status"], order["currency"], order["created_via"]) == ("processing", "USD", "rest-api")
    assert [(line["product_id"], line["total"]) for line in order["line_items"]] == [(45, "39.80"), (109, "22.50")]
    assert (order["total"], order["date_paid_gmt"]) == ("62.30", "2026-12-01T12:00:00")


def test_post_refuses_an_id_and_a_line_without_product(client: httpx.Client) -> None:
    with_id = client.post(f"{ROOT}/orders", json={"id": 5})
    without_product = client.post(f"{ROOT}/orders", json={"line_items": [{"quantity": 1}]})

    assert (with_id.status_code, with_id.json()["code"]) == (400, "woocommerce_rest_shop_order_exists")
    assert without_product.json()["code"] == "woocommerce_rest_required_product_reference"


def test_post_makes_products_and_customers(client: httpx.Client) -> None:
    product = client.post(f"{ROOT}/products", json={"name": "Neu", "sku": "NEU-1", "regular_price": "3.50"})
    customer = client.post(f"{ROOT}/customers", json={"email": "neu@example.test"})

    assert (product.status_code, product.json()["price"], product.json()["sku"]) == (201, "3.50", "NEU-1")
    assert (customer.status_code, customer.json()["email"]) == (201, "neu@example.test")
    assert client.post(f"{ROOT}/customers", json={"email": "NEU@example.test"}).status_code == 400


def test_a_refund_by_rest_takes_its_amount_from_the_lines(twin: Twin, client: httpx.Client) -> None:
    line = client.get(f"{ROOT}/orders/519").json()["line_items"][0]
    tax = [{"id": line["taxes"][0]["id"], "refund_total": 0.19}]
    sent = {
        "line_items": [{"id": line["id"], "quantity": 1, "refund_total": 1, "refund_tax": tax}],
        "api_refund": False,
    }

    response = client.post(f"{ROOT}/orders/519/refunds", json=sent)

    assert (response.status_code, response.json()["amount"]) == (201, "1.19")
    assert "parent_id" not in response.json()
    assert response.headers["Location"] == f"{twin.url}{ROOT}/orders/519/refunds/520"
    assert client.get(f"{ROOT}/orders/519/refunds").json() == [response.json()]


@pytest.mark.parametrize(
    ("path", "sent", "code", "data"),
    [
        ("orders/99999999/refunds", {"amount": "1"}, "woocommerce_rest_invalid_order_id", 404),
        ("orders/519/refunds", {"amount": "-1"}, "woocommerce_rest_invalid_order_refund", 400),
        ("orders/519/refunds", {"amount": "6.00"}, "woocommerce_rest_cannot_create_order_refund", 500),
    ],
)
def test_refund_mistakes_are_500_with_a_bare_number(
    client: httpx.Client, path: str, sent: dict[str, str], code: str, data: int
) -> None:
    response = client.post(f"{ROOT}/{path}", json=sent)

    assert (response.status_code, response.json()["code"], response.json()["data"]) == (500, code, data)


def test_methods_can_be_overridden_where_hosts_block_them(client: httpx.Client) -> None:
    by_query = client.post(f"{ROOT}/orders/519?_method=DELETE")
    by_header = client.post(f"{ROOT}/orders/518", headers={"X-HTTP-Method-Override": "delete"})

    assert [answer.json()["status"] for answer in (by_query, by_header)] == ["trash", "trash"]


def test_a_method_that_a_route_does_not_know_is_no_route(client: httpx.Client) -> None:
    assert client.post(f"{ROOT}/refunds", json={}).json()["code"] == "rest_no_route"
    assert client.delete(f"{ROOT}/orders").status_code == 404
