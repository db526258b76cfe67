"""The few places of a listener: taken while there is something to do, and by all lanes in turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from db.ledger.arrivals import NewArrival, save_arrival
from db.ledger.webhooks import save_webhooks
from db.models.arrivals import WebhookState
from db.session import tenant_session
from domain.keys import Kind
from flows import arrivals
from operations import lanes
from operations.lanes import Lane, find_work, finish
from simulators.woocommerce.server import Twin
from tests.flows.arriving import listening, run
from tests.flows.conftest import SHOP, TENANT, Warehouse, wait_until
from tests.operations.arriving import cover, store_books, store_shop
from tests.operations.people import in_database

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(120)]


def tell(engine: Engine, connection: str, kind: str, number: int) -> None:
    """Let a connection that has webhooks tell that a record changed."""
    new = NewArrival(connection=connection, topic="", kind=kind, record_id=str(number), body_hash=str(number))
    with tenant_session(engine, TENANT) as session:
        save_webhooks(session, connection, state=WebhookState.ACTIVE)
        save_arrival(session, new)


def make_idle(engine: Engine) -> None:
    """A shop whose order the warehouse has, and books that are switched off lack."""
    store_shop(engine, name="idle")
    store_books(engine, "222", name="closed")
    in_database(engine, "UPDATE unisync.connections SET enabled = false WHERE name = 'closed'")
    cover(engine, Lane(TENANT, "idle", "closed", WOOCOMMERCE_TO_QUICKBOOKS, (Kind.ORDER,)))
    to_warehouse = Lane(TENANT, "idle", "warehouse", WOOCOMMERCE_TO_SUPABASE, (Kind.ORDER,))
    cover(engine, to_warehouse)
    tell(engine, "idle", "order", 1)
    work = find_work(engine, to_warehouse)
    assert work is not None
    finish(engine, to_warehouse, work, None)


def test_neither_a_lane_that_waits_for_more_nor_an_idle_one_keeps_another_from_the_only_place(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "LANES_AT_ONCE", 1)
    monkeypatch.setitem(lanes.PAUSES, None, (timedelta(seconds=40), timedelta(seconds=40)))
    run(mode="full")
    make_idle(ledger_engine)
    store_books(ledger_engine, "111")
    tell(ledger_engine, "books", "invoice", 2)
    order = min(shop.shop.kinds["orders"])
    shop.world.edit("orders", order, {"customer_note": "please ring twice"})
    tell(ledger_engine, SHOP, "order", order)

    noted = "SELECT 1 FROM commerce.orders WHERE customer_note = 'please ring twice'"
    with listening(ledger_engine):
        wait_until(lambda: bool(warehouse.rows(noted)), seconds=15)
