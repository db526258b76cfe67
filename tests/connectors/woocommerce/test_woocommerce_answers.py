"""Every answer that a shop was seen to give means one thing, and its error says what to do."""

from __future__ import annotations

import httpx
import pytest

from connectors.http import Call
from connectors.woocommerce.answers import read_listing, refusal
from domain.errors import (
    AccessDenied,
    ConnectorError,
    Misconfigured,
    Missing,
    RateLimited,
    Rejected,
    Unavailable,
)
from simulators.woocommerce.recorded import recording, recording_names

CALL = Call("berlin-shop", "listing orders, page 3")

STRANGER = (AccessDenied, "woocommerce_rest_cannot_view", "takes us for a stranger")
WRONG_KEY = (AccessDenied, "woocommerce_rest_authentication_error", "refuses the consumer key or secret")
NO_RIGHT = (AccessDenied, "woocommerce_rest_cannot_view", "shop manager or administrator")
NO_ROUTE = (Misconfigured, "rest_no_route", "plugin WooCommerce is active")
NO_ORDER = (Missing, "woocommerce_rest_shop_order_invalid_id", "does not have this")
BAD_DATE = (Misconfigured, "rest_invalid_param", "parameters (modified_after)")

REFUSALS: dict[str, tuple[type[ConnectorError], str | None, str]] = {
    "400-bad-date": BAD_DATE,
    "400-bad-json": (Rejected, "rest_invalid_json", "refuses this"),
    "400-bad-orderby": (Misconfigured, "rest_invalid_param", "parameters (orderby)"),
    "400-bad-status": (Misconfigured, "rest_invalid_param", "parameters (status)"),
    "400-date-only": BAD_DATE,
    "400-duplicate-email": (Rejected, "registration-error-email-exists", "refuses this"),
    "400-duplicate-sku": (Rejected, "product_invalid_sku", "refuses this"),
    "400-order-bad-coupon": (Rejected, "woocommerce_rest_invalid_coupon", "refuses this"),
    "400-page-0": (Misconfigured, "rest_invalid_param", "parameters (page)"),
    "400-per_page-101": (Misconfigured, "rest_invalid_param", "parameters (per_page)"),
    "400-unescaped-plus": BAD_DATE,
    "400-unix-date": BAD_DATE,
    "401-basic-over-plain-http": STRANGER,
    "401-key-in-query-plain-http": STRANGER,
    "401-no-auth": STRANGER,
    "401-oauth-nonce-reused": WRONG_KEY,
    "401-oauth-old-timestamp": WRONG_KEY,
    "401-oauth-unknown-key": WRONG_KEY,
    "401-oauth-wrong-secret": WRONG_KEY,
    "401-read-key-writes": (AccessDenied, "woocommerce_rest_authentication_error", "key may only read; give it"),
    "401-rest_route-query-form-basic-auth-ignored": STRANGER,
    "401-unknown-key": STRANGER,
    "401-write-key-reads": (AccessDenied, "woocommerce_rest_authentication_error", "key may only write; give it"),
    "401-wrong-secret": WRONG_KEY,
    "403-customer-role-list-orders": NO_RIGHT,
    "403-customer-role-one-order": NO_RIGHT,
    "403-customer-role-products": NO_RIGHT,
    "404-no-route": NO_ROUTE,
    "404-non-numeric-id": NO_ROUTE,
    "404-order-id-is-a-product": NO_ORDER,
    "404-order-id-is-a-refund": NO_ORDER,
    "404-unknown-customer": (Missing, "wc_user_invalid_id", "does not have this"),
    "404-unknown-namespace": NO_ROUTE,
    "404-unknown-order": NO_ORDER,
    "404-unknown-product": (Missing, "woocommerce_rest_product_invalid_id", "does not have this"),
    "500-refund-too-high": (Rejected, "woocommerce_rest_cannot_create_order_refund", "refuses this"),
    "store-database-down": (Unavailable, None, "status 500 (Database Error)"),
    "store-fatal-error": (Unavailable, None, "status 500 (WordPress › Error)"),
    "store-maintenance-mode": (Unavailable, None, "status 503 (Maintenance)"),
    "store-out-of-memory": (Unavailable, None, "status 500 (WordPress › Error)"),
    "store-php-fpm-down-502": (Unavailable, None, "status 502 (502 Bad Gateway)"),
    "store-security-plugin-403-html": (AccessDenied, None, "firewall in front of the shop blocks us"),
    "store-woocommerce-deactivated": NO_ROUTE,
}


def replay(name: str) -> httpx.Response:
    taken = recording(name)
    return httpx.Response(taken.head.status, headers=taken.head.headers, content=taken.body)


def test_every_recorded_refusal_has_its_meaning_here() -> None:
    assert {name for name in recording_names() if recording(name).head.status >= 300} == set(REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_recorded_refusal_becomes_its_typed_error(name: str) -> None:
    kind, code, advice = REFUSALS[name]

    error = refusal(replay(name), CALL)

    assert (type(error), error.code, error.status) == (kind, code, recording(name).head.status)
    assert advice in str(error)
    assert str(error).startswith("berlin-shop listing orders, page 3: ")
    assert "\n" not in str(error)
    assert "@" not in str(error)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_list_never_raises_the_error_of_a_record(name: str) -> None:
    kind = REFUSALS[name][0]

    with pytest.raises(Unavailable if issubclass(kind, Missing | Rejected) else kind):
        read_listing(replay(name), CALL)


def test_maintenance_says_when_to_come_back() -> None:
    assert refusal(replay("store-maintenance-mode"), CALL).retry_after == 600


def test_an_empty_list_is_no_error() -> None:
    assert read_listing(replay("200-refunds-of-unknown-order-EMPTY-LIST"), CALL).rows == []


def test_a_byte_order_mark_before_the_list_is_passed_over() -> None:
    listing = read_listing(replay("store-bom-before-json"), CALL)

    assert (len(listing.rows), listing.total) == (1, 311)
    assert bytes(listing.rows[0]).startswith(b'{"id":532,')


def test_a_message_of_php_before_the_list_is_refused_and_named() -> None:
    with pytest.raises(Unavailable, match="message of PHP stands before the answer; switch off WP_DEBUG_DISPLAY"):
        read_listing(replay("store-php-warning-before-json"), CALL)


LIST = {"X-WP-Total": "1", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "advice"),
    [
        (200, LIST, '{"code":"rest_something","message":"x"}', Unavailable, r"one object \(rest_something\)"),
        (200, LIST, '{"id":7}', Unavailable, "one object"),
        (200, LIST, "<html><title>Log in</title></html>", Unavailable, r"web page \(Log in\)"),
        (200, LIST, "", Unavailable, "not whole JSON"),
        (200, LIST, '[{"id":1},{"id"', Unavailable, "not whole JSON"),
        (200, LIST, '[{"id":1}] and more', Unavailable, "not whole JSON"),
        (200, LIST, "[" * 100_000, Unavailable, "not whole JSON"),
        (200, {}, "[]", Unavailable, "X-WP-Total"),
        (200, {"X-WP-Total": "many"}, "[]", Unavailable, "X-WP-Total"),
        (200, {"X-WP-Total": ""}, "[]", Unavailable, "X-WP-Total"),
        (204, {}, "", Unavailable, "status 204"),
        (301, {"Location": "https://www.shop.example/wp-json/wc/v3/orders?x=1"}, "", Misconfigured, "www.shop.example"),
        (302, {}, "", Unavailable, "status 302"),
        (302, {"Location": "/wp-login.php?redirect_to=x"}, "", Misconfigured, "sends us on to /wp-login.php;"),
        (302, {"Location": "https://shop.example/" + "a" * 70_000}, "", Misconfigured, "an address that is none"),
        (401, {}, "<title>Staging</title>", AccessDenied, "Staging"),
        (404, {}, "<title>Not found</title>", Misconfigured, "Permalinks"),
        (406, {}, "Not acceptable", AccessDenied, "firewall"),
        (408, {}, "", Unavailable, "too long"),
        (418, {}, '{"code":"teapot"}', Unavailable, "teapot"),
        (400, {}, '{"code":"rest_invalid_param","data":7}', Misconfigured, r"parameters \(unnamed\)"),
        (429, {}, "busy", RateLimited, "fewer calls"),
        (500, {}, '{"code":"internal_server_error","data":{"status":500}}', Unavailable, "internal_server_error"),
        (501, {}, '{"code":"woocommerce_rest_trash_not_supported"}', Unavailable, "cannot do this"),
        (504, {}, b"\xff\xfe", Unavailable, "status 504"),
    ],
)
def test_a_sick_answer_is_named(
    status: int, headers: dict[str, str], body: str | bytes, kind: type[ConnectorError], advice: str
) -> None:
    response = httpx.Response(status, headers=headers, content=body)

    with pytest.raises(kind, match=advice) as caught:
        read_listing(response, CALL)

    assert type(caught.value) is kind
    assert "listing orders, page 3" in str(caught.value)
