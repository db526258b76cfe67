"""Of which connections something waits, and whose turn is first."""

from __future__ import annotations

from sqlalchemy import Engine

from db.ledger import create_tenant
from db.ledger.arrivals import NewArrival, ignore_waiting, save_arrival, waiting_senders
from db.ledger.webhooks import Sender, save_webhooks
from db.models.arrivals import WebhookState
from db.session import owner_session, tenant_session, watch_session


def tell(engine: Engine, sender: Sender, number: int) -> None:
    """Let a connection tell of an order."""
    new = NewArrival(
        connection=sender.connection, topic="order.updated", kind="order", record_id=str(number), body_hash=str(number)
    )
    with tenant_session(engine, sender.tenant) as session:
        save_arrival(session, new)


def test_of_those_that_wait_the_oldest_comes_first_whatever_came_since(ledger_engine: Engine) -> None:
    senders = [Sender(tenant, name) for tenant, name in (("b", "y"), ("a", "z"), ("b", "x"), ("a", "w"))]
    with owner_session(ledger_engine) as session:
        for tenant in ("a", "b"):
            create_tenant(session, tenant)
    # The webhooks themselves were there in another order.
    for sender in reversed(senders):
        with tenant_session(ledger_engine, sender.tenant) as session:
            save_webhooks(session, sender.connection, state=WebhookState.ACTIVE)
    for number, sender in enumerate([*senders, *reversed(senders)]):
        tell(ledger_engine, sender, number)
    with watch_session(ledger_engine) as session:
        assert waiting_senders(session) == senders

    with tenant_session(ledger_engine, "b") as session:
        ignore_waiting(session, "y", "not any more")
    with watch_session(ledger_engine) as session:
        assert waiting_senders(session) == senders[1:]
