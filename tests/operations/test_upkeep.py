"""Looking after every tenant's webhooks: one that is away keeps nobody from the others."""

from __future__ import annotations

from sqlalchemy import Engine

from db.ledger import demand_reconnect
from operations.caller import Caller
from operations.registration import register
from operations.upkeep import Upkept, catch_up_with_books, check_webhooks
from operations.webhooks import show_webhooks
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.operations.people import admin, make_tenants
from tests.operations.places import BOOKS, SHOP, connect_books, connect_shop


def test_every_shop_of_every_tenant_is_looked_after(boss: Caller, shop: Twin, ledger_engine: Engine) -> None:
    make_tenants(ledger_engine, "other")
    neighbour = admin(ledger_engine, "other")
    with Twin.start(shop=recorded_shop()) as theirs:
        connect_shop(boss, shop)
        connect_shop(boss, shop, name="never-registered")
        connect_shop(neighbour, theirs)
        for caller in (boss, neighbour):
            register(caller, SHOP)
        shop.faults.add(path="webhooks", count=9, status=404, body="<title>gone</title>")
        hook = next(iter(theirs.site.webhooks._hooks.values()))
        theirs.site.webhooks.remove(hook)

        found = check_webhooks(ledger_engine)

    assert [(each.tenant, each.connection, each.found, bool(each.amiss)) for each in found] == [
        ("default", SHOP, "", True),
        ("other", SHOP, "mended", False),
    ]
    assert show_webhooks(boss, SHOP).state == "ill"
    assert show_webhooks(neighbour, SHOP).repairs == 1


def test_books_are_asked_for_one_tenant_or_for_all(
    boss: Caller, company: QuickBooksTwin, ledger_engine: Engine
) -> None:
    make_tenants(ledger_engine, "other")
    connect_books(boss, company)

    assert catch_up_with_books(ledger_engine, "other") == []
    (found,) = catch_up_with_books(ledger_engine)
    assert isinstance(found, Upkept)
    assert (found.connection, found.amiss) == (BOOKS, "")
    assert "0 documents changed by others" in found.found


def test_books_that_must_be_connected_anew_are_left_alone(
    boss: Caller, company: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(boss, company)
    with boss.ledger() as session:
        demand_reconnect(session, BOOKS)
    assert catch_up_with_books(ledger_engine) == []
