"""A shop that is busy, slow or cut off is asked again with patience, and no secret ever shows."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest
import stamina.instrumentation

from connectors import http
from connectors.http import Patience
from connectors.woocommerce.bound import START
from connectors.woocommerce.connector import WooCommerceConnector
from connectors.woocommerce.settings import WooCommerceCredentials
from connectors.woocommerce.walk import PAGES_AT_ONCE
from domain.errors import AccessDenied, ConnectorError, RateLimited, Unavailable
from domain.keys import Kind
from simulators.faults import Cut
from simulators.woocommerce.server import Twin
from tests.connectors.contract import ids, walk
from tests.connectors.woocommerce.conftest import connect_to


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """The seconds that were waited before each further attempt."""
    seen: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: seen.append(details.wait_for)])
    yield seen
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.mark.parametrize("cut", ["before", "half", "after"])
def test_a_cut_connection_is_tried_again(twin: Twin, shop: WooCommerceConnector, cut: Cut) -> None:
    twin.faults.add(path="/orders", cut=cut)

    assert len(ids(walk(shop, Kind.ORDER))) == 321
    assert twin.faults.pending() == 0


@pytest.mark.parametrize(
    "recording",
    [
        "store-maintenance-mode",
        "store-database-down",
        "store-fatal-error",
        "store-out-of-memory",
        "store-php-fpm-down-502",
        "store-php-warning-before-json",
    ],
)
def test_a_shop_that_was_ill_for_a_moment_is_read_whole(twin: Twin, shop: WooCommerceConnector, recording: str) -> None:
    twin.faults.add(path=r"/orders\?.*page=2", count=2, recording=recording)

    assert len(ids(walk(shop, Kind.ORDER))) == 321
    assert twin.faults.pending() == 0


def test_a_byte_order_mark_before_every_answer_is_no_hindrance(twin: Twin, shop: WooCommerceConnector) -> None:
    (rates,) = walk(shop, Kind.TAX_RATE)
    body = b"\xef\xbb\xbf[" + ",".join(record.raw for record in rates.records).encode() + b"]"
    twin.faults.add(path="/taxes", status=200, headers={"X-WP-Total": "17"}, body=body)

    assert walk(shop, Kind.TAX_RATE) == [rates]


def test_a_shop_that_stays_ill_is_named_with_the_page(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path=r"/orders\?.*page=3", count=0, recording="store-fatal-error")

    with pytest.raises(Unavailable, match="berlin-shop listing orders, status any, page 3: the shop is out of order"):
        walk(shop, Kind.ORDER)

    assert len([line for line in twin.log.lines() if "page=3" in line.query]) == 3


def test_a_connection_that_is_always_cut_is_named_with_the_page(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path=r"/orders\?.*page=3", count=0, cut="half")

    with pytest.raises(
        Unavailable, match=r"page 3: the connection to 127\.0\.0\.1 broke before the answer was whole"
    ) as caught:
        walk(shop, Kind.ORDER)
    # The error behind it holds the request, and the request the credentials.
    assert "httpx.RemoteProtocolError" not in "".join(traceback.format_exception(caught.value))


def test_the_shop_says_how_long_to_wait(twin: Twin, shop: WooCommerceConnector, waits: list[float]) -> None:
    patience = Patience(attempts=3, first_wait=0, longest_wait=0, jitter=0, longest_asked=0.05)
    twin.faults.add(path="/taxes", status=429, headers={"Retry-After": "0"}, body="busy")
    twin.faults.add(path="/taxes", status=503, headers={"Retry-After": "600"}, body="closed")

    with connect_to(twin, patience) as patient:
        assert len(ids(walk(patient, Kind.TAX_RATE))) == 17

    assert waits == [0.0, 0.05]


def test_without_a_word_from_the_shop_the_waits_grow(twin: Twin, waits: list[float]) -> None:
    twin.faults.add(path="/taxes", count=4, status=502)

    with connect_to(twin, Patience(attempts=5, first_wait=0.01, longest_wait=0.04, jitter=0)) as patient:
        walk(patient, Kind.TAX_RATE)

    assert waits == pytest.approx([0.01, 0.02, 0.04, 0.04])


def test_a_shop_that_wants_fewer_calls_for_good_says_so(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path="/taxes", count=0, status=429, headers={"Retry-After": "30"}, body="busy")

    with pytest.raises(RateLimited) as caught:
        walk(shop, Kind.TAX_RATE)

    assert caught.value.retry_after == 30


def test_refused_credentials_are_not_tried_again(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.site.keys.revoke(twin.key)

    with pytest.raises(AccessDenied, match="takes us for a stranger"):
        walk(shop, Kind.TAX_RATE)
    with pytest.raises(AccessDenied):
        shop.clock()

    assert len(twin.log.lines()) == 2


def test_a_shop_that_takes_too_long_is_unavailable(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.05))
    twin.faults.add(path="/taxes", count=0, delay=0.5)

    with connect_to(twin, Patience(attempts=1)) as hasty, pytest.raises(Unavailable, match="took longer than"):
        walk(hasty, Kind.TAX_RATE)


def test_a_shop_that_is_away_is_unavailable(twin: Twin) -> None:
    with connect_to(twin, Patience(attempts=1), url="http://127.0.0.1:9") as shop:
        with pytest.raises(Unavailable, match=r"cannot reach 127\.0\.0\.1"):
            walk(shop, Kind.ORDER)
        with pytest.raises(Unavailable, match="asking for the time: cannot reach"):
            shop.clock()


def test_a_shop_whose_server_tells_no_time_is_unavailable(twin: Twin, shop: WooCommerceConnector) -> None:
    twin.faults.add(path="/orders", count=0, status=200, headers={"Date": "soon", "X-WP-Total": "0"}, body="[]")

    with pytest.raises(Unavailable, match="Date header"):
        shop.clock()


def test_pages_are_fetched_side_by_side(twin: Twin) -> None:
    together = Barrier(START, timeout=10)

    class Crowd(BaseHTTPRequestHandler):
        """Answers no page but the first before as many are asked for as may be under way at the start."""

        def do_GET(self) -> None:
            if "page=1" not in self.path.split("&"):
                together.wait()
            self.send_response(200)
            self.send_header("X-WP-Total", "50")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *args: object) -> None:
            """Keep still."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Crowd) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        with connect_to(twin, Patience(attempts=1), url=f"http://127.0.0.1:{server.server_port}", page_size=10) as shop:
            page = shop.read(Kind.TAX_RATE, since=None, at=None)
        server.shutdown()

    assert page.expected == 50
    assert not together.broken


def test_a_shop_that_pushes_back_gets_fewer_calls_at_once(twin: Twin) -> None:
    limits: list[int] = []
    twin.faults.add(path=r"/orders\?.*page=[2-9]", count=20, status=503)

    with connect_to(twin, Patience(attempts=30, first_wait=0, longest_wait=0, jitter=0), page_size=10) as shop:
        stamina.instrumentation.set_on_retry_hooks([lambda _: limits.append(shop._client.bound.limit)])
        page = shop.read(Kind.ORDER, since=None, at=None)
        stamina.instrumentation.set_on_retry_hooks(None)

    assert min(limits) == 1
    assert len(page.records) == (PAGES_AT_ONCE - 2) * 10 + 9 + 4


FAULTS: list[dict[str, Any]] = [
    {"status": 401, "body": '{"code":"woocommerce_rest_authentication_error"}'},
    {"status": 403, "body": "<title>blocked</title>"},
    {"status": 301, "headers": {"Location": "https://elsewhere.example/?consumer_secret=hidden"}},
    {"status": 500, "body": "oops"},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 200, "body": "no json"},
    {"status": 200, "body": "[{}]", "headers": {"X-WP-Total": "1"}},
    {"cut": "before"},
    {"cut": "half"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_no_secret_shows_in_log_error_or_repr(
    twin: Twin, shop: WooCommerceConnector, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    twin.faults.add(path="/taxes", count=0, **fault)

    try:
        shown.append(repr(shop.read(Kind.TAX_RATE, since=None, at=None)))
    except ConnectorError as error:
        shown += [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    shown += [repr(shop), repr(vars(shop)), repr(vars(shop._client)), repr(shop._client._http.auth)]

    text = "\n".join([*shown, caplog.text, *(str(vars(record)) for record in caplog.records)])
    secrets = [twin.key, twin.secret, base64.b64encode(f"{twin.key}:{twin.secret}".encode()).decode(), "hidden"]
    assert caplog.records
    assert [secret for secret in secrets if secret in text] == []


def test_credentials_hide_themselves(twin: Twin) -> None:
    credentials = WooCommerceCredentials(consumer_key=twin.key, consumer_secret=twin.secret)

    shown = f"{credentials!r} {credentials} {credentials.model_dump()} {credentials.model_dump_json()}"
    assert twin.key not in shown
    assert twin.secret not in shown


def test_every_call_is_logged_without_its_query(
    twin: Twin, shop: WooCommerceConnector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    walk(shop, Kind.TAX_RATE)

    (line,) = [record.getMessage() for record in caplog.records if "listing taxes" in record.getMessage()]
    assert line.startswith("berlin-shop: listing taxes, page 1: GET 127.0.0.1/taxes answered 200 with ")
