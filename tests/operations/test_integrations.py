"""Connections as an admin steers them: made, shown, switched off and on, removed; every change is noted."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from db.ledger.confirmations import cover_pair
from db.models.steering import confirmed_pairs
from domain.access import Role
from domain.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Unknown, Unusable
from domain.sync import SyncRequest
from operations.caller import Caller
from operations.credentials import disconnect
from operations.integrations import (
    change_policy,
    disable,
    enable,
    list_connections,
    make_connection,
    read_policy,
    show_connection,
)
from operations.wishes import SupabaseDatabase
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.operations.people import audited, make_tenants
from tests.operations.places import (
    BOOKS,
    SHOP,
    WAREHOUSE,
    connect_books,
    connect_shop,
    connect_warehouse,
    link_something,
    row_of,
)

BOSS = "user:boss@example.org"
NOWHERE = "http://127.0.0.1:9"


def test_all_three_systems_are_connected_listed_in_pages_and_noted(
    boss: Caller, shop: Twin, company: QuickBooksTwin, warehouse_url: str
) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    connect_warehouse(boss, warehouse_url)

    first = list_connections(boss, PageRequest(limit=2))
    second = list_connections(boss, PageRequest(limit=2, cursor=first.next_cursor))

    assert [(each.name, each.enabled, each.state) for each in (*first.items, *second.items)] == [
        (BOOKS, True, "ready"),
        (WAREHOUSE, True, "ready"),
        (SHOP, True, "ready"),
    ]
    assert second.next_cursor is None
    assert [(each.address, each.public_only, each.key_is_current) for each in first.items] == [
        (company.realm, True, True),
        (show_connection(boss, WAREHOUSE).settings["host"], True, True),
    ]
    assert audited(boss.engine) == [
        (BOSS, "connection.connect", SHOP, "done"),
        (BOSS, "connection.connect", BOOKS, "done"),
        (BOSS, "connection.connect", WAREHOUSE, "done"),
    ]


def test_a_tenant_has_several_shops_and_sees_no_other_tenants(boss: Caller, shop: Twin) -> None:
    make_tenants(boss.engine, "other")
    stranger = replace(boss, tenant="other")
    connect_shop(boss, shop)
    connect_shop(boss, shop, name="second-shop")

    assert [each.name for each in list_connections(boss, PageRequest()).items] == ["second-shop", SHOP]
    assert list_connections(stranger, PageRequest()).items == ()
    for attempt in (show_connection, disable, enable, disconnect):
        with pytest.raises(Unknown, match="tenant other has no such connection"):
            attempt(stranger, SHOP)


def test_what_does_not_work_is_not_connected_and_nothing_is_left_of_it(boss: Caller, shop: Twin) -> None:
    with pytest.raises(AccessDenied, match="refuses the consumer key or secret"):
        connect_shop(boss, shop, consumer_secret="cs_" + "0" * 40)
    with pytest.raises(Unavailable, match=r"cannot reach 127\.0\.0\.1"):
        connect_shop(boss, shop, url=NOWHERE)

    assert list_connections(boss, PageRequest()).items == ()
    assert audited(boss.engine) == []


def test_a_connection_that_no_longer_works_stays_as_it_was_when_it_is_connected_anew_in_vain(
    boss: Caller, shop: Twin
) -> None:
    connect_shop(boss, shop)
    before = row_of(boss, SHOP)

    with pytest.raises(ConnectorError):
        connect_shop(boss, shop, consumer_key="ck_" + "0" * 40)

    assert row_of(boss, SHOP) == before


def test_another_shop_takes_the_name_only_while_nothing_is_linked(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    with Twin.start(shop=recorded_shop()) as other:
        assert connect_shop(boss, other).address == other.url
        link_something(boss)
        with pytest.raises(Clash, match=r"records are linked to it; connect .* under a new name"):
            connect_shop(boss, shop)


def cover(caller: Caller) -> None:
    """Let a confirmed run have gone from the shop to the books and to the warehouse, and from another shop."""
    for route, source, target in (("a", SHOP, BOOKS), ("b", SHOP, "warehouse"), ("c", "second", "warehouse")):
        given = {"tenant": caller.tenant, "route": route, "source": source, "target": target, "mode": "full"}
        request = SyncRequest.model_validate({**given, "kinds": ["order"]})
        with caller.ledger() as session:
            cover_pair(session, request, UUID(int=1))


def covered(caller: Caller) -> list[str]:
    with caller.ledger() as session:
        return list(session.scalars(select(confirmed_pairs.c.route).order_by(confirmed_pairs.c.route)))


def test_what_was_confirmed_for_one_shop_counts_for_no_other(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    cover(boss)
    connect_shop(boss, shop)
    assert covered(boss) == ["a", "b", "c"], "the same shop"
    with Twin.start(shop=recorded_shop()) as other:
        connect_shop(boss, other)
    assert covered(boss) == ["c"]


def test_what_was_confirmed_ends_with_the_connection_on_either_side(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    cover(boss)
    disconnect(boss, BOOKS)
    assert covered(boss) == ["b", "c"]


def test_a_connection_is_switched_off_and_on_again_once_it_answers(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    assert not disable(boss, SHOP).enabled
    shop.faults.add(path="/orders", status=401, body='{"code":"woocommerce_rest_authentication_error"}', count=1)
    with pytest.raises(AccessDenied):
        enable(boss, SHOP)
    assert not show_connection(boss, SHOP).enabled

    assert enable(boss, SHOP).enabled
    assert [action for _, action, *_ in audited(boss.engine)] == [
        "connection.connect",
        "connection.disable",
        "connection.enable",
    ]


def test_only_who_may_manage_settings_changes_anything(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    operator = replace(boss, role=Role.OPERATOR, actor="user:op@example.org")
    for attempt in (disable, enable, disconnect):
        with pytest.raises(Forbidden, match="needs the permission manage_settings"):
            attempt(operator, SHOP)
    with pytest.raises(Forbidden):
        connect_shop(operator, shop)
    with pytest.raises(Forbidden):
        change_policy(operator, SHOP, {})

    assert show_connection(operator, SHOP).enabled
    assert audited(boss.engine)[1:] == [("user:op@example.org", "refused", "manage_settings", "refused")] * 5


def test_books_are_given_a_policy_that_stays_when_they_are_connected_anew(
    boss: Caller, company: QuickBooksTwin
) -> None:
    connect_books(boss, company)
    change_policy(boss, BOOKS, {"zone": "Europe/Berlin"})
    connect_books(boss, company)

    assert read_policy(boss, BOOKS).zone == "Europe/Berlin"
    assert read_policy(boss, BOOKS).number_prefix == "WC-"
    with pytest.raises(Misconfigured, match="guest_name of the posting policy cannot be used"):
        change_policy(boss, BOOKS, {"guest_name": ""})
    with pytest.raises(Unusable, match="holds a NUL character"):
        change_policy(boss, BOOKS, {"income_account": "Sales\0"})
    assert read_policy(boss, BOOKS).zone == "Europe/Berlin"


def test_a_shop_has_no_posting_policy(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    sentence = "leads to woocommerce, which takes no posting policy"
    with pytest.raises(Misconfigured, match=sentence):
        read_policy(boss, SHOP)
    with pytest.raises(Misconfigured, match=sentence):
        change_policy(boss, SHOP, {})


def test_disconnecting_gives_access_back_at_intuit(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    disconnect(boss, BOOKS)

    assert [line.action for line in company.log.lines()][-1] == "revoke"
    with pytest.raises(Unknown):
        show_connection(boss, BOOKS)
    assert audited(boss.engine)[-1] == (BOSS, "connection.disconnect", BOOKS, "done")


def test_access_that_is_gone_already_hinders_no_disconnecting(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    company.world.disconnect()
    disconnect(boss, BOOKS)

    assert list_connections(boss, PageRequest()).items == ()


def test_books_whose_intuit_is_away_stay_connected_unless_it_need_not_be_told(boss: Caller) -> None:
    with QuickBooksTwin.start("eu") as twin:
        connect_books(boss, twin)
    with pytest.raises(Unavailable, match="giving access back: cannot reach"):
        disconnect(boss, BOOKS)
    assert show_connection(boss, BOOKS).enabled

    disconnect(boss, BOOKS, revoke=False)
    assert list_connections(boss, PageRequest()).items == ()


def test_a_shop_that_is_away_can_be_disconnected(boss: Caller) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        connect_shop(boss, twin)
    disconnect(boss, SHOP)

    assert list_connections(boss, PageRequest()).items == ()


@pytest.mark.parametrize(
    "given", [{}, {"url": "postgresql://u:p@h/d", "service_key": "k"}, {"project_url": "https://x"}]
)
def test_a_warehouse_is_reached_by_one_way_or_the_other(boss: Caller, given: dict[str, str]) -> None:
    with pytest.raises(Unusable, match="give either url, the Postgres URL, or project_url and service_key"):
        make_connection(boss, SupabaseDatabase.model_validate({"name": WAREHOUSE, **given}).candidate())


@pytest.mark.parametrize("name", ["connections", "health", "status", "warehouse-sandbox"])
def test_no_connection_takes_the_name_of_a_page_of_the_service(boss: Caller, shop: Twin, name: str) -> None:
    with pytest.raises(Unusable, match=f"no connection can be called {name}"):
        connect_shop(boss, shop, name=name)
