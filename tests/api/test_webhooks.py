"""Webhooks over HTTP: who signs comes in, everybody else stays out, and the answer comes at once."""

from __future__ import annotations

from time import perf_counter
from urllib.parse import urlsplit

import httpx
import pytest

from config.settings import settings
from connectors.signature import sign
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.api.conftest import Service
from tests.operations.arriving import TOKEN, cloud_events, inbox, legacy, store_books, store_shop
from tests.operations.places import connect_shop
from tests.recorded_webhooks import Recorded, recorded_webhook, recorded_webhooks

PATH = "/api/webhooks/woocommerce"


def deliver(service: Service, address: object, recorded: Recorded) -> httpx.Response:
    """Send a recorded request once more, byte for byte."""
    kept = {name: value for name, value in recorded.headers.items() if name.lower() not in ("host", "connection")}
    return service.nobody.post(f"{PATH}/{address}", content=recorded.body, headers=kept)


def test_every_recorded_request_is_answered_with_200_within_a_second(service: Service) -> None:
    address = store_shop(service.engine)
    slowest = 0.0
    for recorded in recorded_webhooks():
        began = perf_counter()
        assert deliver(service, address, recorded).status_code == 200
        slowest = max(slowest, perf_counter() - began)

    told = [recorded for recorded in recorded_webhooks() if recorded.topic != "ping"]
    assert len(inbox(service.engine)) == len(told)
    assert slowest < 1


def test_what_is_forged_is_answered_with_a_problem_that_repeats_nothing(service: Service) -> None:
    address = store_shop(service.engine)
    forged = service.nobody.post(f"{PATH}/{address}", content=b'{"id": 5, "email": "ann@example.org"}')

    assert (forged.status_code, forged.headers["content-type"]) == (401, "application/problem+json")
    assert "ann@example.org" not in forged.text
    assert str(address) not in forged.json()["detail"]


@pytest.mark.parametrize("address", ["0b8f6c1e-3f0e-4f57-9f0a-0c5d8b1c2d3e", "shop", "1", "%00"])
def test_an_address_that_is_nobodys_is_not_found(service: Service, address: str) -> None:
    assert deliver(service, address, recorded_webhook(11)).status_code == 404


def test_a_body_of_more_than_a_million_bytes_is_not_read(service: Service) -> None:
    address = store_shop(service.engine)
    assert service.nobody.post(f"{PATH}/{address}", content=b"x" * 1_000_001).status_code == 413


@pytest.mark.parametrize("body", [legacy, cloud_events])
def test_both_formats_of_quickbooks_come_in_at_one_address(service: Service, body: object) -> None:
    store_books(service.engine, "111")
    sent = body(("111", "Invoice", "1", "Update"))  # type: ignore[operator]
    answers = [
        service.nobody.post("/api/webhooks/quickbooks", content=sent, headers={"intuit-signature": signature})
        for signature in (sign(sent, TOKEN), sign(sent, "another"))
    ]

    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[0].json() == {"stored": 1, "repeated": 0, "ignored": 0}


def test_webhooks_are_set_up_looked_after_and_taken_away_over_http(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", service.url)
    settings.cache_clear()
    with Twin.start(shop=recorded_shop()) as shop:
        shop.switches.webhooks_live = False
        connect_shop(service.caller(), shop)
        registered = service.admin.post("/api/webhooks/shop/register").json()
        assert (registered["state"], urlsplit(registered["address"]).path.rpartition("/")[0]) == ("active", PATH)
        # The shop tried the address while it made the webhooks.
        assert service.viewer.get("/api/webhooks/shop").json()["greeted_at"] is not None

        shop.world.edit("orders", 433, {"status": "completed"})
        assert {delivery.status for delivery in shop.courier.flush()} == {200}
        (arrival,) = service.viewer.get("/api/webhooks/shop/arrivals").json()["items"]
        assert (arrival["topic"], arrival["record_id"], arrival["state"]) == ("order.updated", "433", "pending")

        assert service.admin.post("/api/webhooks/shop/rotate").json()["former_secret_until"] is not None
        assert service.operator.post("/api/webhooks/shop/check").json()["repairs"] == 0
        assert service.admin.put("/api/webhooks", json={"is_on": False}).json() == {"is_on": False}
        statistics = service.viewer.get("/api/webhooks/shop/statistics", params={"days": 7}).json()
        assert [day["received"] for day in statistics["days"]] == [1]
        assert service.admin.delete("/api/webhooks/shop").status_code == 204
        (state,) = service.viewer.get("/api/webhooks").json()["items"]
        assert (state["state"], state["is_on"]) == ("missing", False)


def test_no_secret_of_a_webhook_is_ever_given_out(service: Service) -> None:
    store_shop(service.engine, secret="canary-of-the-shop")
    store_books(service.engine, "111", token="canary-of-the-books")
    answers = [
        service.admin.put("/api/webhooks/books/verifier", json={"token": "canary-of-another"}),
        service.admin.get("/api/webhooks"),
        service.admin.get("/api/webhooks/shop"),
        service.admin.get("/api/audit"),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert not [answer for answer in answers if "canary" in answer.text]


def test_registering_is_for_those_who_may_change_settings(service: Service) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        service.operator.post("/api/webhooks/shop/register").raise_for_status()
