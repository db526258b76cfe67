"""unisync webhooks: tables for people, JSON for programs, one sentence for what went wrong."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine

from config.settings import settings
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Unisync
from tests.operations.arriving import store_books, store_shop, tell


@pytest.fixture
def stored(unisync: Unisync, ledger_engine: Engine) -> Engine:
    """A shop that told of one order, and a set of books."""
    settings.cache_clear()
    tell(ledger_engine, store_shop(ledger_engine), "order.updated", {"id": 7})
    store_books(ledger_engine, "111")
    return ledger_engine


def test_how_webhooks_stand_is_shown_to_people_and_programs(unisync: Unisync, stored: Engine) -> None:
    shown = unisync("webhooks", "list")
    assert shown.code == 0
    assert [line.split()[:2] for line in shown.out.splitlines() if line.strip()][-2:] == [
        ["books", "active"],
        ["shop", "active"],
    ]

    told = json.loads(unisync("webhooks", "list", "--json").out)
    assert [(each["connection"], each["pending"]) for each in told] == [("books", 0), ("shop", 1)]


def test_what_arrived_and_how_much_is_shown(unisync: Unisync, stored: Engine) -> None:
    assert "order.updated" in unisync("webhooks", "arrivals", "shop").out
    (day,) = json.loads(unisync("webhooks", "statistics", "shop", "--json").out)["days"]
    assert (day["received"], day["missed"]) == (1, 0)


def test_webhooks_are_switched_off_and_on(unisync: Unisync, stored: Engine) -> None:
    assert unisync("webhooks", "off").out == "The webhooks of tenant default are off.\n"
    assert "are switched off" in unisync("webhooks", "list").out
    assert unisync("webhooks", "on").out == "The webhooks of tenant default are on.\n"


def test_a_verifier_token_comes_from_the_environment_and_is_never_shown(unisync: Unisync, stored: Engine) -> None:
    done = unisync("webhooks", "verifier", "books", UNISYNC_QUICKBOOKS_VERIFIER="canary-of-intuit")
    assert (done.code, "/api/webhooks/quickbooks" in done.out) == (0, True)
    assert "canary" not in done.out + done.err


def test_a_shop_is_registered_checked_rotated_and_left_alone_again(unisync: Unisync) -> None:
    with Twin.start(shop=recorded_shop()) as shop:
        unisync(
            "connect", "woocommerce", "shop", "--url", shop.url,
            UNISYNC_WOOCOMMERCE_KEY=shop.key, UNISYNC_WOOCOMMERCE_SECRET=shop.secret,
        )  # fmt: skip
        for command in ("register", "check", "rotate"):
            assert json.loads(unisync("webhooks", command, "shop", "--json").out)["state"] == "active", command
        assert unisync("webhooks", "remove", "shop").code == 0
        assert len(shop.site.webhooks._hooks) == 0


@pytest.mark.parametrize("words", [["register", "nothing"], ["arrivals", "nothing"], ["register", "books"]])
def test_what_cannot_be_done_is_said_in_one_sentence(unisync: Unisync, stored: Engine, words: list[str]) -> None:
    done = unisync("webhooks", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
