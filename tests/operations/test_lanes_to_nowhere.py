"""What arrives of a connection that leads nowhere waits, and why is said as it is."""

from __future__ import annotations

from sqlalchemy import Engine

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from config.sandbox import OWN_SANDBOX
from db.ledger.sync_settings import save_sandbox
from domain.keys import Kind
from operations.caller import Caller
from operations.lanes import GONE, NOWHERE, ONLY_IN_SANDBOX, Lane, Lanes, lanes_of
from tests.operations.arriving import BOOKS, SHOP, cover, store_books, store_shop
from tests.operations.people import in_database


def lanes(boss: Caller, connection: str = SHOP) -> Lanes:
    with boss.ledger() as session:
        return lanes_of(session, connection)


def test_before_the_first_confirmed_run_everything_waits(boss: Caller, ledger_engine: Engine) -> None:
    store_shop(ledger_engine)
    assert lanes(boss) == Lanes((), (), NOWHERE)


def test_when_all_it_went_to_is_disconnected_everything_waits(boss: Caller, ledger_engine: Engine) -> None:
    store_books(ledger_engine, "111")
    store_shop(ledger_engine)
    cover(ledger_engine, Lane("default", SHOP, BOOKS, WOOCOMMERCE_TO_QUICKBOOKS, (Kind.ORDER,)))
    in_database(ledger_engine, f"DELETE FROM unisync.connections WHERE name = '{BOOKS}'")
    assert lanes(boss) == Lanes((), (), GONE)


def test_what_comes_from_a_staging_shop_waits_while_sandbox_mode_is_off(boss: Caller, ledger_engine: Engine) -> None:
    store_shop(ledger_engine)
    store_shop(ledger_engine, name="staging")
    lane = Lane("default", "staging", OWN_SANDBOX, WOOCOMMERCE_TO_SUPABASE, (Kind.ORDER,))
    cover(ledger_engine, lane)
    with boss.ledger() as session:
        save_sandbox(session, False, {SHOP: "staging"})
    assert lanes(boss, "staging") == Lanes((), (), ONLY_IN_SANDBOX)

    with boss.ledger() as session:
        save_sandbox(session, True, {SHOP: "staging"})
    assert lanes(boss, "staging").every == (lane,)
