"""Where tenants' connections may lead: outside only, unless the operator of the machine made them or allows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from config.settings import settings
from config.wiring import load_endpoint, try_endpoint
from domain.errors import Misconfigured
from domain.listing import PageRequest
from domain.refusals import Unusable
from operations.caller import Caller
from operations.credentials import disconnect, rotate
from operations.health import try_connection
from operations.integrations import list_connections, make_connection
from operations.oauth import ConsentAnswer, ConsentWish, authorize, complete
from operations.wishes import Credentials, QuickBooksCompany, WooCommerceShop
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.operations.browser import brought, consent
from tests.operations.people import in_database
from tests.operations.places import BOOKS, SHOP, connect_books, connect_project, connect_shop, connect_warehouse

REFUSED = "is no public address; connect a public one, or let the operator of this installation allow others"


@pytest.fixture
def confined(boss: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The admin of a tenant in an installation that allows tenants no private addresses, as all do at first."""
    monkeypatch.delenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES")
    settings.cache_clear()
    return boss


@pytest.fixture
def attempts(shop: Twin, company: QuickBooksTwin, warehouse_url: str) -> list[Callable[[Caller], object]]:
    """Connecting each of the three systems on this machine."""
    local = "postgresql://u:p@127.0.0.1:5432/ledger"
    return [
        lambda caller: connect_shop(caller, shop),
        lambda caller: connect_books(caller, company),
        lambda caller: connect_warehouse(caller, local),
        lambda caller: connect_project(caller, "https://localhost:5432"),
        lambda caller: connect_warehouse(caller, warehouse_url.replace("@/", ":p@/")),
    ]


def test_a_tenant_connects_nothing_inside(
    confined: Caller, attempts: list[Callable[[Caller], object]], shop: Twin, company: QuickBooksTwin
) -> None:
    for attempt in attempts:
        with pytest.raises((Misconfigured, Unusable), match=f"{REFUSED}|only the installation's operator"):
            attempt(confined)

    assert (shop.log.lines(), company.log.lines()) == ([], [])
    assert list_connections(confined, PageRequest()).items == ()


def test_a_tenant_connects_companies_at_intuit_alone_be_the_twin_ever_so_public(confined: Caller) -> None:
    app = {"name": BOOKS, "client_id": "c", "client_secret": "s", "twin": "https://twin.example"}
    company = QuickBooksCompany.model_validate({**app, "realm_id": "1", "refresh_token": "r"})
    sentence = "only the installation's operator can connect a twin of QuickBooks"
    with pytest.raises(Unusable, match=sentence) as refused:
        make_connection(confined, company.candidate())
    assert refused.value.field == "twin"
    link = ConsentWish.model_validate(app)
    with pytest.raises(Unusable, match=sentence):
        authorize(confined, link)

    assert list_connections(confined, PageRequest()).items == ()
    assert in_database(confined.engine, "SELECT 1 FROM unisync.oauth_states") == []
    assert authorize(confined, link, public_only=False).url.startswith("https://twin.example/")


def test_what_the_operator_connected_works_and_stays_so_with_new_secrets(confined: Caller, shop: Twin) -> None:
    wish = WooCommerceShop.model_validate(
        {"name": SHOP, "url": shop.url, "consumer_key": shop.key, "consumer_secret": shop.secret}
    )
    made = make_connection(confined, replace(wish.candidate(), public_only=False))

    assert not made.public_only
    assert try_connection(confined, SHOP).works
    assert try_endpoint(load_endpoint(confined.engine, confined.tenant, SHOP)).vitals.place == shop.url
    same = Credentials.model_validate({"consumer_key": shop.key, "consumer_secret": shop.secret})
    assert not rotate(confined, SHOP, same).public_only


def test_what_was_connected_while_it_was_allowed_is_held_to_the_rule_afterwards(
    boss: Caller, shop: Twin, company: QuickBooksTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    monkeypatch.setenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES", "false")
    settings.cache_clear()
    shop.log.reset()
    company.log.reset()

    for name in (SHOP, BOOKS):
        assert REFUSED in try_connection(boss, name).sentence
        disconnect(boss, name)

    assert (shop.log.lines(), company.log.lines()) == ([], [])


def test_no_code_is_taken_inside(boss: Caller, company: QuickBooksTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = {"name": BOOKS, "client_id": company.client_id, "client_secret": company.client_secret, "twin": company.url}
    link = authorize(boss, ConsentWish.model_validate(wish))
    answer = ConsentAnswer.model_validate(brought(consent(link.url)))
    monkeypatch.delenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES")
    settings.cache_clear()

    with pytest.raises(Misconfigured, match=REFUSED):
        complete(boss.engine, answer, arrived_at=link.redirect_uri)
    assert company.log.lines(action="authorization_code") == []
