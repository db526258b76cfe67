"""Refusals and sick shops: every recorded answer that the twin claims to give."""

import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from simulators.woocommerce import auth
from simulators.woocommerce.recorded import recorded_shop, recording, recording_names
from simulators.woocommerce.server import Twin

CREDENTIALS = {
    "read_write": (auth.KEY, auth.SECRET),
    "read": (auth.READ_KEY, auth.READ_SECRET),
    "write": (auth.WRITE_KEY, auth.WRITE_SECRET),
    "customer": (auth.CUSTOMER_KEY, auth.CUSTOMER_SECRET),
    "unknown": ("ck_" + "00" * 20, "cs_" + "00" * 20),
    "wrong_secret": (auth.KEY, "cs_" + "99" * 20),
    "none": None,
}
SICK = [name for name in recording_names() if name.startswith("store-")]
# Its body names the id of a new order, which depends on what happened before: looked at below.
STATEFUL = {"400-order-bad-coupon", "201-order-with-unknown-product-ACCEPTED"}
SIGNED = [name for name in recording_names() if "-oauth-" in name]
ANSWERED = [name for name in recording_names() if name not in {*STATEFUL, *SICK, *SIGNED}]
# Loading certificates takes longer than a test, and plain http never looks at them.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OURS = {"server", "date", "content-length", "connection"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Twin]:
    with Twin.start(shop=recorded_shop()) as running:
        yield running


def replay(twin: Twin, name: str) -> httpx.Response:
    """Send the recorded request again."""
    request = recording(name).head.request
    content, headers = request.get("body"), {"Content-Type": "application/json"} if "body" in request else {}
    if "host" in request:
        headers["Host"] = request["host"]
    # httpx would quote the unescaped plus of one recorded query; the raw target keeps it.
    url = httpx.URL(twin.url).copy_with(raw_path=request["target"].encode())
    with httpx.Client(auth=CREDENTIALS[request["credentials"]], verify=NO_CERTIFICATES) as client:
        return client.request(request["method"], url, content=content, headers=headers)


def recorded_headers(twin: Twin, name: str) -> set[tuple[str, str]]:
    return {(header.lower(), value.replace("{base}", twin.url)) for header, value in recording(name).head.headers}


def sent_headers(response: httpx.Response) -> set[tuple[str, str]]:
    return {(header, value) for header, value in response.headers.items() if header not in OURS}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_answer_is_the_recorded_one(shop: Twin, name: str) -> None:
    shop.switches.tls_terminated = "plain-http" not in name
    response = replay(shop, name)

    assert (response.status_code, response.content) == (recording(name).head.status, recording(name).body)
    assert sent_headers(response) == recorded_headers(shop, name)


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_request_over_plain_http_is_answered_as_recorded(twin: Twin, name: str) -> None:
    twin.switches.tls_terminated = False
    twin.clock.set(parsedate_to_datetime(recording(name).head.request["date"]))
    if "nonce-reused" in name:
        assert replay(twin, name).status_code == 200
    response = replay(twin, name)

    assert response.status_code == recording(name).head.status
    if response.status_code == 401:
        assert response.content == recording(name).body


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "oauth_consumer_key=ck_x&oauth_nonce=1",
            "missing_parameter",
            "Missing OAuth parameters oauth_timestamp, oauth_signature, oauth_signature_method",
        ),
        (
            f"oauth_consumer_key={auth.KEY}&oauth_nonce=1&oauth_timestamp=1&oauth_signature=x&oauth_signature_method=MD5",
            "error",
            "Invalid signature - signature method is invalid.",
        ),
    ],
)
def test_a_badly_signed_request_is_told_why(shared: Twin, query: str, code: str, message: str) -> None:
    body = httpx.get(f"{shared.url}/wp-json/wc/v3/orders?{query}").json()

    assert (body["code"], body["message"]) == (f"woocommerce_rest_authentication_{code}", message)


@pytest.mark.parametrize("name", SICK)
def test_a_sick_shop_answers_as_recorded(twin: Twin, name: str) -> None:
    twin.faults.add(recording=name)
    response = replay(twin, name)

    assert (response.status_code, response.content) == (recording(name).head.status, recording(name).body)
    assert sent_headers(response) == recorded_headers(twin, name)
    assert httpx.get(f"{twin.url}/wp-json/").status_code == 200


def test_a_bad_coupon_refuses_the_order_and_leaves_a_draft(twin: Twin, client: httpx.Client) -> None:
    response = replay(twin, "400-order-bad-coupon")

    assert response.status_code == 400
    assert response.content == recording("400-order-bad-coupon").body.replace(b"527", b"520")
    assert client.get("/wp-json/wc/v3/orders/520").json()["status"] == "checkout-draft"


def test_an_unknown_product_makes_an_empty_line(twin: Twin) -> None:
    response = replay(twin, "201-order-with-unknown-product-ACCEPTED")

    assert response.status_code == 201
    assert response.headers["Location"] == f"{twin.url}/wp-json/wc/v3/orders/520"
    line = response.json()["line_items"][0]
    assert (line["product_id"], line["sku"], line["name"], line["total"]) == (0, None, "", "0.00")


@pytest.mark.parametrize(
    ("query", "name", "message", "code"),
    [
        ("per_page=0", "per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)", "rest_out_of_bounds"),
        ("per_page=ten", "per_page", "per_page is not of type integer.", "rest_invalid_type"),
        ("page=-1", "page", "page must be greater than or equal to 1", "rest_out_of_bounds"),
        ("order=up", "order", "order is not one of asc and desc.", "rest_not_in_enum"),
        ("dates_are_gmt=maybe", "dates_are_gmt", "dates_are_gmt is not of type boolean.", "rest_invalid_type"),
        ("order[]=asc", "order", "order is not of type string.", "rest_invalid_type"),
    ],
)
def test_a_bad_parameter_is_named(reader: httpx.Client, query: str, name: str, message: str, code: str) -> None:
    body = reader.get(f"/orders?{query}").json()

    assert (body["code"], body["data"]["params"]) == ("rest_invalid_param", {name: message})
    assert body["data"]["details"][name]["code"] == code


def test_all_bad_parameters_are_named_together(reader: httpx.Client) -> None:
    body = reader.get("/orders?status=bogus&page=0&per_page=500").json()

    assert body["message"] == "Invalid parameter(s): page, per_page, status"


def test_parameters_are_checked_before_the_right(shared: Twin) -> None:
    orders = f"{shared.url}/wp-json/wc/v3/orders"

    assert httpx.get(f"{orders}?page=0").status_code == 400
    assert httpx.get(orders).status_code == 401


def test_the_route_is_checked_before_the_parameters_and_the_secret_before_both(shared: Twin) -> None:
    nowhere = f"{shared.url}/wp-json/wc/v3/nonsense?page=0"

    assert httpx.get(nowhere).status_code == 404
    assert httpx.get(nowhere, auth=CREDENTIALS["wrong_secret"]).status_code == 401


def test_without_a_right_only_existing_orders_are_refused(shared: Twin) -> None:
    orders = f"{shared.url}/wp-json/wc/v3/orders"

    assert httpx.get(f"{orders}/519").json()["code"] == "woocommerce_rest_cannot_view"
    assert httpx.get(f"{orders}/99999999").json()["code"] == "woocommerce_rest_shop_order_invalid_id"


def test_the_query_is_looked_at_before_the_header(shared: Twin) -> None:
    wrong = f"consumer_key={shared.key}&consumer_secret=cs_wrong"
    response = httpx.get(f"{shared.url}/wp-json/wc/v3/orders?{wrong}", auth=(shared.key, shared.secret))

    assert (response.status_code, response.json()["message"]) == (401, "Consumer secret is invalid.")


def test_a_server_that_strips_the_header_makes_everyone_anonymous_but_for_the_query(
    twin: Twin, client: httpx.Client
) -> None:
    twin.switches.strips_authorization = True
    orders = "/wp-json/wc/v3/orders"

    assert client.get(orders).json()["code"] == "woocommerce_rest_cannot_view"
    assert client.get(f"{orders}?consumer_key={twin.key}&consumer_secret={twin.secret}").status_code == 200


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer abc"])
def test_a_broken_header_is_no_header(shared: Twin, header: str) -> None:
    response = httpx.get(f"{shared.url}/wp-json/wc/v3/orders", headers={"Authorization": header})

    assert response.json()["code"] == "woocommerce_rest_cannot_view"


def test_a_revoked_key_is_unknown(twin: Twin, client: httpx.Client) -> None:
    twin.site.keys.revoke(twin.key)

    assert client.get("/wp-json/wc/v3/orders").json()["code"] == "woocommerce_rest_cannot_view"


def test_no_repr_shows_a_secret(shared: Twin) -> None:
    shown = repr(shared) + repr(auth.Key(shared.secret))

    assert shared.secret not in shown
