"""Carrying what arrived: a run that ends differently than hoped concerns its own target and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from db.ledger.arrivals import NewArrival, save_arrival
from db.ledger.sync_settings import save_sandbox
from db.ledger.webhooks import save_webhooks
from db.models.arrivals import WebhookState
from domain.errors import Unavailable
from domain.keys import Kind
from flows.carrying import carry
from operations import runs
from operations.lanes import Lane, find_work, finish
from operations.runs import RunFilter
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.flows.arriving import boss, listening, states, wait_until_carried
from tests.flows.conftest import SHOP, TENANT, connect
from tests.operations.arriving import cover, store_books
from tests.operations.people import in_database

pytestmark = pytest.mark.prefect

ORDER = "528"
TO_WAREHOUSE = Lane(TENANT, SHOP, "warehouse", WOOCOMMERCE_TO_SUPABASE, (Kind.ORDER,))
TO_BOOKS = Lane(TENANT, SHOP, "books", WOOCOMMERCE_TO_QUICKBOOKS, (Kind.ORDER,))


@pytest.fixture
def told(shop: Twin, ledger_engine: Engine) -> Twin:
    """A shop that told of an order, which warehouse and books still lack."""
    store_books(ledger_engine, "111")
    for lane in (TO_WAREHOUSE, TO_BOOKS):
        cover(ledger_engine, lane)
    with boss(ledger_engine).ledger() as session:
        save_webhooks(session, SHOP, state=WebhookState.ACTIVE)
        save_arrival(
            session,
            NewArrival(connection=SHOP, topic="order.updated", kind="order", record_id=ORDER, body_hash="of its body"),
        )
    return shop


def carry_to_warehouse(engine: Engine) -> None:
    work = find_work(engine, TO_WAREHOUSE)
    assert work is not None
    carry(engine, TO_WAREHOUSE, work)


def test_a_run_that_somebody_cancels_is_not_begun_anew_and_other_targets_still_wait(
    told: Twin, ledger_engine: Engine
) -> None:
    caller = boss(ledger_engine)

    def cancel() -> None:
        (one,) = runs.list_runs(caller, RunFilter()).items
        runs.cancel(caller, one.id)

    told.faults.after(path="orders", perform=cancel)
    carry_to_warehouse(ledger_engine)

    assert [each.state for each in runs.list_runs(caller, RunFilter()).items] == ["cancelled"]
    assert find_work(ledger_engine, TO_WAREHOUSE) is None
    assert states(ledger_engine) == {"pending": 1}
    waiting = find_work(ledger_engine, TO_BOOKS)
    assert waiting is not None
    finish(ledger_engine, TO_BOOKS, waiting, None)
    assert states(ledger_engine) == {"failed": 1}


def test_when_another_shop_takes_its_place_meanwhile_nothing_is_read_from_there_and_it_waits(
    told: Twin, ledger_engine: Engine
) -> None:
    with Twin.start(shop=recorded_shop()) as staging:
        connect(ledger_engine, staging, name="staging")
        with boss(ledger_engine).ledger() as session:
            save_sandbox(session, True, {SHOP: "staging"})
        with pytest.raises(Unavailable, match="sandbox mode was switched just now"):
            carry_to_warehouse(ledger_engine)

        assert told.log.lines() == staging.log.lines() == []
    assert find_work(ledger_engine, TO_WAREHOUSE) is not None


def test_what_only_waited_for_a_target_that_was_disconnected_is_over(told: Twin, ledger_engine: Engine) -> None:
    carry_to_warehouse(ledger_engine)
    in_database(ledger_engine, "DELETE FROM unisync.connections WHERE name = 'books'")

    with listening(ledger_engine):
        wait_until_carried(ledger_engine)
    assert states(ledger_engine) == {"done": 1}
