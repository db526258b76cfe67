"""Trying a connection leaves the one in use alone until it has proved to work, and for good if it does not."""

from __future__ import annotations

from typing import Any

import pytest

from config.wiring import load_endpoint, open_vault
from db import ledger
from db.connection_memory import ConnectionMemory
from domain.errors import AccessDenied, ConnectorError
from domain.listing import PageRequest
from domain.refusals import Clash
from operations.caller import Caller
from operations.credentials import rotate
from operations.health import try_connection
from operations.integrations import change_policy, disable, list_connections, read_policy, show_connection
from operations.wishes import Credentials
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.auth import Keys
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop, link_something, row_of, secrets_of

WRONG = {"consumer_key": "ck_" + "0" * 40, "consumer_secret": "cs_" + "0" * 40}


def given(**secrets: str) -> Credentials:
    return Credentials.model_validate(secrets)


def usable(caller: Caller, name: str) -> dict[str, Any]:
    """What a run that begins now would work with."""
    opening = load_endpoint(caller.engine, caller.tenant, name).opening
    return {"settings": opening.settings, "secrets": opening.credentials}


def stamp_of(caller: Caller, name: str) -> Any:
    return show_connection(caller, name).updated_at


def test_runs_go_on_with_what_works_while_a_trial_is_made_and_refused(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    before, stamp, runs = row_of(boss, SHOP), stamp_of(boss, SHOP), usable(boss, SHOP)
    seen: list[Any] = []
    shop.faults.after(path="", count=0, perform=lambda: seen.append(usable(boss, SHOP)))

    with pytest.raises(AccessDenied):
        rotate(boss, SHOP, given(**WRONG))

    assert seen
    assert seen == [runs] * len(seen)
    assert (row_of(boss, SHOP), stamp_of(boss, SHOP)) == (before, stamp)


def test_a_trial_that_works_counts_only_once_it_is_over(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    runs, second = usable(boss, SHOP), ("ck_" + "e" * 40, "cs_" + "f" * 40)
    shop.site.keys = Keys(*second)
    seen: list[Any] = []
    shop.faults.after(path="", count=0, perform=lambda: seen.append(usable(boss, SHOP)))

    rotate(boss, SHOP, given(consumer_key=second[0], consumer_secret=second[1]))

    assert seen == [runs] * len(seen)
    assert secrets_of(boss, SHOP)["consumer_key"] == second[0]


def test_nothing_of_a_new_connection_is_kept_before_it_works(boss: Caller, shop: Twin, company: QuickBooksTwin) -> None:
    seen: list[Any] = []
    for twin in (shop, company):
        twin.faults.after(path="", count=0, perform=lambda: seen.append(list_connections(boss, PageRequest()).items))
    company.faults.add(path="/companyinfo", status=403)

    with pytest.raises(ConnectorError):
        connect_books(boss, company)
    connect_shop(boss, shop)

    assert set(seen) == {()}
    assert [each.name for each in list_connections(boss, PageRequest()).items] == [SHOP]


def test_books_keep_their_tokens_while_others_are_tried_in_vain(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    before, runs, seen = row_of(boss, BOOKS), usable(boss, BOOKS), list[Any]()
    company.faults.after(path="", count=0, perform=lambda: seen.append(usable(boss, BOOKS)))
    company.faults.add(path="/companyinfo", status=403)

    with pytest.raises(ConnectorError):
        rotate(boss, BOOKS, given(refresh_token=company.tokens()["refresh_token"]))

    assert seen == [runs, runs], "after the tokens were renewed, and after the company was asked"
    assert row_of(boss, BOOKS) == before


@pytest.fixture
def rotating(company: QuickBooksTwin) -> QuickBooksTwin:
    """A company whose refresh tokens end with the first use."""
    company.switches.rotation = "always"
    company.switches.refresh_grace_seconds = 0
    return company


def test_tokens_that_the_trial_of_a_client_secret_renews_are_those_of_the_books_too(
    boss: Caller, rotating: QuickBooksTwin
) -> None:
    connect_books(boss, rotating)
    before = secrets_of(boss, BOOKS)
    rotating.faults.add(path="/companyinfo", status=403)
    with pytest.raises(ConnectorError):
        rotate(boss, BOOKS, given(client_secret=rotating.client_secret))

    after = secrets_of(boss, BOOKS)
    assert after["refresh_token"] != before["refresh_token"]
    rotating.site.tokens.expire(rotating.realm)
    assert try_connection(boss, BOOKS).works


def test_what_a_run_renews_during_the_trial_of_a_client_secret_is_not_lost(
    boss: Caller, rotating: QuickBooksTwin
) -> None:
    connect_books(boss, rotating)
    rotating.site.tokens.secret = "rotated-at-intuit"

    def renew() -> None:
        with ConnectionMemory(boss.engine, boss.tenant, BOOKS, open_vault()).held_credentials() as held:
            held.replace({**held.secrets, "refresh_token": "RT1-newer"})

    rotating.faults.after(path="/companyinfo", perform=renew)
    rotate(boss, BOOKS, given(client_secret="rotated-at-intuit"))

    kept = secrets_of(boss, BOOKS)
    assert (kept["refresh_token"], kept["client_secret"]) == ("RT1-newer", "rotated-at-intuit")


def test_what_was_redirected_during_a_trial_is_not_overwritten(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)

    def redirect() -> None:
        with boss.ledger() as session:
            ledger.save_settings(session, SHOP, {"url": "https://elsewhere.example"})

    shop.faults.after(path="", perform=redirect)
    with pytest.raises(Clash, match="shop was changed while this was tried; look at it, then try again"):
        rotate(boss, SHOP, given(consumer_key=shop.key, consumer_secret=shop.secret))

    assert show_connection(boss, SHOP).address == "https://elsewhere.example"


def test_what_runs_linked_during_a_trial_keeps_another_shop_from_taking_the_name(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    before = row_of(boss, SHOP)
    with Twin.start(shop=recorded_shop()) as other:
        other.faults.after(path="", perform=lambda: link_something(boss))
        with pytest.raises(Clash, match="records are linked to it"):
            connect_shop(boss, other)

    assert row_of(boss, SHOP) == before


def test_what_is_switched_off_or_given_a_policy_during_a_trial_stays_so(
    boss: Caller, shop: Twin, company: QuickBooksTwin
) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    shop.faults.after(path="", perform=lambda: disable(boss, SHOP))
    company.faults.after(path="", perform=lambda: change_policy(boss, BOOKS, {"zone": "Europe/Berlin"}))

    assert not rotate(boss, SHOP, given(consumer_key=shop.key, consumer_secret=shop.secret)).enabled
    rotate(boss, BOOKS, given(refresh_token=company.tokens()["refresh_token"]))
    assert read_policy(boss, BOOKS).zone == "Europe/Berlin"
