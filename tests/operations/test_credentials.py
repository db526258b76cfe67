"""Secrets of connections: rotated only when the new ones work, sealed with another key, told to nobody."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import settings
from config.wiring import load_endpoint, open_vault
from db.vault import new_key
from domain.access import Role
from domain.errors import AccessDenied, Misconfigured
from domain.listing import PageRequest
from domain.refusals import Forbidden, Unusable
from operations.caller import Caller
from operations.credentials import disconnect, reencrypt, rotate
from operations.health import health, try_connection
from operations.integrations import disable, list_connections, show_connection
from operations.wishes import Credentials
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.auth import Keys
from simulators.woocommerce.server import Twin
from tests.operations.people import admin, audited, make_tenants, tables_holding
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop, connect_warehouse, row_of, secrets_of


def given(**secrets: str) -> Credentials:
    return Credentials.model_validate(secrets)


def new_pair(twin: Twin) -> dict[str, str]:
    """A second key of the shop; from now on the first one counts no more."""
    pair = "ck_" + "e" * 40, "cs_" + "f" * 40
    twin.site.keys = Keys(*pair)
    return dict(zip(("consumer_key", "consumer_secret"), pair, strict=True))


def test_a_new_key_pair_takes_the_place_of_the_old_one(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    pair = new_pair(shop)
    assert not try_connection(boss, SHOP).works

    rotate(boss, SHOP, given(**pair))

    assert secrets_of(boss, SHOP) == pair
    assert try_connection(boss, SHOP).works
    assert audited(boss.engine)[-1] == (boss.actor, "connection.rotate", SHOP, "done")


def test_secrets_that_do_not_work_replace_nothing(boss: Caller, shop: Twin, company: QuickBooksTwin) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    before = row_of(boss, SHOP), row_of(boss, BOOKS)

    with pytest.raises(AccessDenied):
        rotate(boss, SHOP, given(consumer_key="ck_" + "0" * 40, consumer_secret="cs_" + "0" * 40))
    with pytest.raises(AccessDenied):
        rotate(boss, BOOKS, given(refresh_token="RT1-nobody-gave-this"))

    assert (row_of(boss, SHOP), row_of(boss, BOOKS)) == before


def test_a_client_secret_is_proved_at_intuit_though_the_access_token_would_still_do(
    boss: Caller, company: QuickBooksTwin
) -> None:
    connect_books(boss, company)
    company.site.tokens.secret = "rotated-at-intuit"

    with pytest.raises(Misconfigured, match="Intuit does not know client_id and client_secret"):
        rotate(boss, BOOKS, given(client_secret="never-made"))
    assert secrets_of(boss, BOOKS)["client_secret"] == company.client_secret

    rotate(boss, BOOKS, given(client_secret="rotated-at-intuit"))
    assert secrets_of(boss, BOOKS)["client_secret"] == "rotated-at-intuit"
    assert try_connection(boss, BOOKS).works


def test_what_is_switched_off_stays_so_with_new_secrets(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    disable(boss, SHOP)

    assert not rotate(boss, SHOP, given(**new_pair(shop))).enabled


def test_secrets_of_another_sort_are_refused(boss: Caller, shop: Twin, warehouse_url: str) -> None:
    connect_shop(boss, shop)
    connect_warehouse(boss, warehouse_url)
    wrong = {
        SHOP: [{}, {"refresh_token": "x"}, {"consumer_key": shop.key}, {"consumer_key": "x", "service_key": "y"}],
        "lake": [
            {"consumer_key": "x"},
            {"url": "postgresql://u:p@elsewhere.example/other"},
            {"url": f"{warehouse_url}&hostaddr=127.0.0.1"},
        ],
    }
    for name, attempts in wrong.items():
        before = row_of(boss, name)
        for secrets in attempts:
            with pytest.raises(Unusable, match=r"leads to (woocommerce|supabase): give|leads to another database"):
                rotate(boss, name, given(**secrets))
        assert row_of(boss, name) == before


@pytest.fixture
def two_tenants(boss: Caller, shop: Twin) -> list[Caller]:
    """The admins of two tenants with a shop each."""
    make_tenants(boss.engine, "other")
    admins = [boss, admin(boss.engine, "other")]
    for each in admins:
        connect_shop(each, shop)
    return admins


def use_key(monkeypatch: pytest.MonkeyPatch, key: str, former: str = "") -> None:
    monkeypatch.setenv("UNISYNC_SECRET_KEY", key)
    monkeypatch.setenv("UNISYNC_FORMER_SECRET_KEYS", former)
    settings.cache_clear()


def test_a_key_is_changed_while_everything_goes_on(two_tenants: list[Caller], monkeypatch: pytest.MonkeyPatch) -> None:
    boss, other = two_tenants
    first, second = settings().secret_key, new_key()
    assert first is not None
    use_key(monkeypatch, second, former=f"{new_key()}, {first.get_secret_value()}")

    assert try_connection(boss, SHOP).works
    assert health(boss, SHOP).warnings == (
        "its credentials are sealed with a former key; run: unisync connections reencrypt",
    )
    assert not show_connection(boss, SHOP).key_is_current

    done = reencrypt(boss)
    assert (done.resealed, done.unreadable, done.key_id) == (1, (), open_vault().key_id)
    assert show_connection(boss, SHOP).key_is_current
    assert not show_connection(other, SHOP).key_is_current, "another tenant's are not touched"
    assert reencrypt(boss).resealed == 0

    use_key(monkeypatch, second)
    assert try_connection(boss, SHOP).works
    assert not try_connection(other, SHOP).works


def test_credentials_that_no_key_opens_are_named_and_left_as_they_are(
    boss: Caller, shop: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_shop(boss, shop)
    before = row_of(boss, SHOP)
    use_key(monkeypatch, new_key())

    assert reencrypt(boss).unreadable == (SHOP,)
    assert row_of(boss, SHOP) == before
    with pytest.raises(Misconfigured, match="the credentials of default/shop do not open"):
        load_endpoint(boss.engine, "default", SHOP)
    connect_shop(boss, shop)
    assert try_connection(boss, SHOP).works


def test_books_whose_key_is_lost_can_still_be_disconnected(
    boss: Caller, company: QuickBooksTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_books(boss, company)
    use_key(monkeypatch, new_key())
    disconnect(boss, BOOKS)

    assert list_connections(boss, PageRequest()).items == ()


def test_no_secret_is_ever_told_logged_or_kept_in_clear(
    boss: Caller, shop: Twin, company: QuickBooksTwin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [connect_shop(boss, shop), connect_books(boss, company)]
    rotated = [rotate(boss, SHOP, given(**new_pair(shop)))]
    checked = [try_connection(boss, name) for name in (SHOP, BOOKS)]
    canaries = {*secrets_of(boss, SHOP).values(), shop.key, shop.secret, company.client_secret}
    canaries |= {value for name, value in secrets_of(boss, BOOKS).items() if name.endswith("token")}

    said = " ".join([*map(repr, (*told, *rotated, *checked)), caplog.text, repr(given(**new_pair(shop)))])
    said += repr(load_endpoint(boss.engine, "default", SHOP)) + repr(load_endpoint(boss.engine, "default", BOOKS))
    assert [canary for canary in canaries if canary in said] == []
    assert [canary for canary in canaries if tables_holding(boss.engine, canary)] == []


def test_only_an_admin_rotates_and_reencrypts(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    viewer = replace(boss, role=Role.VIEWER)
    with pytest.raises(Forbidden):
        rotate(viewer, SHOP, given(**new_pair(shop)))
    with pytest.raises(Forbidden):
        reencrypt(viewer)


def test_the_ends_of_tokens_are_counted_down_and_announced(boss: Caller, company: QuickBooksTwin) -> None:
    company.switches.refresh_seconds = 10 * 86_400
    connect_books(boss, company)

    found = health(boss, BOOKS)
    assert found.expiry is not None
    assert found.expiry.access_seconds_left is not None
    assert 3500 < found.expiry.access_seconds_left <= 3600
    assert found.expiry.refresh_expires_at is not None
    assert found.expiry.consent_expires_at is not None
    assert found.expiry.consent_expires_at - datetime.now(UTC) > timedelta(days=4 * 365)
    assert found.warnings == (f"access ends on {found.expiry.refresh_expires_at:%Y-%m-%d}; connect it anew before",)
