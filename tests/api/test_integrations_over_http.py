"""Connections steered over HTTP alone: secrets go in and never come out; a company is let in by its owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.app import description
from config.settings import settings
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.api.conftest import Service
from tests.operations.browser import consent

PATH = "/api/integrations"
SECRETS = {"consumer_key", "consumer_secret", "client_secret", "refresh_token", "url", "service_key"}


@pytest.fixture
def shop() -> Iterator[Twin]:
    """A shop."""
    with Twin.start(shop=recorded_shop()) as twin:
        yield twin


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    """A QuickBooks company."""
    with QuickBooksTwin.start("eu") as twin:
        yield twin


@pytest.fixture
def public(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service as browsers reach it."""
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", service.url)
    settings.cache_clear()
    return service


def connect_shop(service: Service, shop: Twin, **changes: str) -> httpx.Response:
    wish = {"name": "shop", "url": shop.url, "consumer_key": shop.key, "consumer_secret": shop.secret, **changes}
    return service.admin.post(f"{PATH}/woocommerce", json=wish)


def authorize(service: Service, company: QuickBooksTwin) -> dict[str, Any]:
    wish = {
        "name": "books",
        "client_id": company.client_id,
        "client_secret": company.client_secret,
        "twin": company.url,
    }
    answer = service.admin.post(f"{PATH}/quickbooks/authorize", json=wish)
    assert answer.status_code == 200, answer.text
    link: dict[str, Any] = answer.json()
    return link


def test_a_shop_is_connected_shown_tested_switched_off_and_on_and_disconnected(service: Service, shop: Twin) -> None:
    made = connect_shop(service, shop)
    assert (made.status_code, made.json()["state"], made.json()["address"]) == (201, "ready", shop.url)
    assert service.viewer.get(f"{PATH}/shop").json() == made.json()
    for path in (PATH, f"{PATH}/connections"):
        assert service.viewer.get(path).json() == {"items": [made.json()], "next_cursor": None}

    tested = service.operator.post(f"{PATH}/shop/test").json()
    assert (tested["works"], tested["condition"], tested["sentence"]) == (True, "well", "")
    assert service.admin.post(f"{PATH}/shop/disable").json()["enabled"] is False
    assert service.viewer.get(f"{PATH}/shop/status").json()["condition"] == "off"
    assert service.admin.post(f"{PATH}/shop/enable").json()["enabled"] is True
    assert service.viewer.get(f"{PATH}/status").json()["items"] == [service.viewer.get(f"{PATH}/shop/status").json()]

    assert service.admin.delete(f"{PATH}/shop").status_code == 204
    assert service.viewer.get(f"{PATH}/shop").status_code == 404


def test_what_does_not_work_is_refused_in_one_sentence_and_not_connected(service: Service, shop: Twin) -> None:
    refused = connect_shop(service, shop, consumer_secret="cs_" + "0" * 40)
    assert (refused.status_code, refused.json()["code"]) == (422, "access_denied")
    assert "the shop refuses the consumer key or secret" in refused.json()["detail"]
    away = connect_shop(service, shop, url="http://127.0.0.1:9")
    assert (away.status_code, away.json()["code"], "retry-after" in away.headers) == (503, "unavailable", True)

    assert service.viewer.get(PATH).json()["items"] == []


def test_new_credentials_are_taken_only_when_they_work(service: Service, shop: Twin) -> None:
    connect_shop(service, shop)
    same = {"consumer_key": shop.key, "consumer_secret": shop.secret}

    assert service.admin.put(f"{PATH}/shop/credentials", json=same).status_code == 200
    wrong = service.admin.put(f"{PATH}/shop/credentials", json={**same, "consumer_key": "ck_" + "0" * 40})
    assert wrong.status_code == 422
    assert service.operator.post(f"{PATH}/shop/test").json()["works"]


def test_a_company_is_connected_by_its_owners_consent_over_http_alone(public: Service, company: QuickBooksTwin) -> None:
    link = authorize(public, company)
    assert link["redirect_uri"] == f"{public.url}{PATH}/quickbooks/callback"

    arrived = public.nobody.get(consent(link["url"]), headers={"Accept": "text/html"})

    assert (arrived.status_code, arrived.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"books is connected to the company {company.realm}." in arrived.text
    assert arrived.headers["referrer-policy"] == "no-referrer"
    assert arrived.headers["content-security-policy"].startswith("default-src 'none'")
    health = public.viewer.get(f"{PATH}/books/health").json()
    assert (health["works"], health["place"], health["authentication"]) == (True, "Twin eu", "accepted")
    assert 0 < health["expiry"]["access_seconds_left"] <= 3600
    policy = {"zone": "Europe/Berlin", "tolerance": "0.02"}
    assert public.admin.put(f"{PATH}/books/posting", json=policy).json()["zone"] == "Europe/Berlin"
    assert public.viewer.get(f"{PATH}/books/posting").json()["tolerance"] == "0.02"
    assert public.admin.delete(f"{PATH}/books").status_code == 204
    assert company.log.lines()[-1].action == "revoke"


def test_a_consent_that_does_not_count_is_told_to_people_and_programs_and_repeats_nothing(
    public: Service, company: QuickBooksTwin
) -> None:
    hostile = {"state": "<script>1</script>", "code": "<b>", "realmId": "<i>", "error": "<u>"}
    page = public.nobody.get(f"{PATH}/quickbooks/callback", params=hostile, headers={"Accept": "text/html,*/*"})
    problem = public.nobody.get(f"{PATH}/quickbooks/callback", params=hostile)

    assert (page.status_code, problem.status_code, problem.json()["field"]) == (422, 422, "state")
    assert "used already, or nobody here asked for it; begin again" in page.text
    assert not any(sent in page.text + problem.text for sent in hostile.values())

    said_no = public.nobody.get(consent(authorize(public, company)["url"], approve=False))
    assert said_no.status_code == 409
    assert "no access was given, so nothing was connected or changed" in said_no.json()["detail"]


def test_an_address_inside_is_refused_unless_the_operator_allows_it(
    service: Service, shop: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES", "false")
    settings.cache_clear()
    refused = connect_shop(service, shop)

    assert (refused.status_code, refused.json()["code"]) == (422, "misconfigured")
    assert "is no public address" in refused.json()["detail"]
    assert shop.log.lines() == []


def test_credentials_are_sealed_anew_on_demand(service: Service, shop: Twin) -> None:
    key = connect_shop(service, shop).json()["key_id"]

    assert service.admin.post(f"{PATH}/reencrypt").json() == {
        "key_id": key,
        "resealed": 0,
        "unreadable": [],
        "webhooks_lost": False,
        "channels_lost": False,
    }


def test_secrets_are_described_as_write_only_and_stand_in_no_answer() -> None:
    schemas = description()["components"]["schemas"]

    def is_secret(schema: dict[str, Any]) -> bool:
        return any(one.get("writeOnly") for one in (schema, *schema.get("anyOf", ())))

    for name in ("WooCommerceShop", "QuickBooksCompany", "SupabaseDatabase", "ConsentWish", "Credentials"):
        properties = schemas[name]["properties"]
        asked = {field for field in SECRETS & properties.keys() if not (name == "WooCommerceShop" and field == "url")}
        assert {field for field in properties if is_secret(properties[field])} == asked
    for name in ("Connection", "ConnectionHealth", "ConnectionStatus", "ConsentLink", "Reencrypted"):
        assert not (SECRETS - {"url"}) & schemas[name]["properties"].keys()


def test_a_twin_is_connected_over_http_only_where_private_addresses_are_allowed(
    service: Service, company: QuickBooksTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = {"name": "books", "client_id": company.client_id, "client_secret": company.client_secret, "twin": company.url}
    by_tokens = {**app, "realm_id": company.realm, "refresh_token": company.tokens()["refresh_token"]}
    monkeypatch.delenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES")
    settings.cache_clear()
    for path, body in (("quickbooks", by_tokens), ("quickbooks/authorize", app)):
        refused = service.admin.post(f"{PATH}/{path}", json=body)
        assert (refused.status_code, refused.json()["field"]) == (422, "twin")

    monkeypatch.setenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES", "true")
    settings.cache_clear()
    assert service.admin.post(f"{PATH}/quickbooks", json=by_tokens).status_code == 201
