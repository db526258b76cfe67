"""Sandbox mode: what may stand in for what, and who switches it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.sandbox import Pair, pair_in_use
from connectors.supabase.settings import settings_of
from db.ledger.audit import AuditFilter, list_audit
from domain.access import Role
from domain.errors import Misconfigured
from domain.keys import System
from domain.refusals import Forbidden, Unusable
from operations.caller import Caller
from operations.credentials import disconnect
from operations.integrations import make_connection
from operations.sandbox import SandboxWish, StandIn, show_sandbox, switch_sandbox
from operations.wishes import QuickBooksCompany
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.operations.places import connect_books, connect_shop, row_of
from tests.operations.steering import SHOP, WAREHOUSE, connect


@pytest.fixture
def caller(boss: Caller) -> Caller:
    connect(boss)
    connect(boss, "staging")
    connect(boss, "off", enabled=False)
    connect(boss, "twice", url="https://SHOP.example.:443//wp-json/wc/v3/")
    connect(boss, "books", System.QUICKBOOKS, realm_id="1", client_id="c")
    connect(boss, "live-books", System.QUICKBOOKS, realm_id="2", client_id="c")
    connect(boss, "test-books", System.QUICKBOOKS, realm_id="3", client_id="c", sandbox=True)
    return boss


POOLER = {"host": "aws-0-eu.pooler.supabase.com", "port": 6543, "database": "postgres"}


@pytest.fixture
def warehouses(caller: Caller, warehouse_url: str) -> Caller:
    own = settings_of(warehouse_url).model_dump()
    connect(caller, "own-tables", System.SUPABASE, **own)
    connect(caller, "lake", System.SUPABASE, project_url="https://abcd.supabase.co")
    connect(caller, "same-lake", System.SUPABASE, **POOLER, project="abcd")
    connect(caller, "test-lake", System.SUPABASE, **POOLER, project="abcd", schema="commerce_test")
    server = {"host": "db.example", "database": "shop"}
    connect(caller, "server", System.SUPABASE, **server)
    connect(caller, "its-pooler", System.SUPABASE, **server, port=6432)
    connect(caller, "socket", System.SUPABASE, host="/run/postgresql", database="shop")
    connect(caller, "its-port", System.SUPABASE, host="localhost", port=5433, database="shop")
    return caller


def test_what_stands_in_for_what_is_shown_and_noted(caller: Caller) -> None:
    replacements = {"shop": "staging", "books": "test-books"}
    shown = switch_sandbox(caller, SandboxWish(active=True, replacements=replacements))

    assert shown == show_sandbox(caller)
    assert shown.active
    standing = {each.connection: each.replacement for each in shown.connections}
    assert standing == {
        "shop": "staging", "books": "test-books", "warehouse": "warehouse-sandbox", "off": None, "twice": None,
        "live-books": None,
    }  # fmt: skip
    with caller.ledger() as session:
        (entry,) = list_audit(session, AuditFilter(action="sandbox.switch"), None, 9)
    assert (entry.subject, entry.details) == ("on", {"replacements": replacements})


def test_what_stands_in_is_remembered_when_the_sandbox_is_left(caller: Caller) -> None:
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging"}))
    left = switch_sandbox(caller, SandboxWish(active=False))
    assert not left.active
    assert StandIn(connection="shop", system=System.WOOCOMMERCE, replacement="staging") in left.connections


@pytest.mark.parametrize(
    ("live", "replacement", "sentence"),
    [
        ("nowhere", "staging", "there is no connection nowhere"),
        ("shop", "nowhere", "there is no connection nowhere"),
        ("shop", "off", "there is no connection off that is switched on"),
        ("shop", "books", "shop leads to woocommerce and books to quickbooks"),
        ("shop", "twice", "twice leads to the same place as shop"),
        ("shop", "shop", "shop cannot both stand in and be stood in for"),
        ("off", "twice", "twice leads to the same place as shop"),
        ("warehouse", "own-tables", "own-tables leads to the same place as warehouse"),
        ("lake", "own-tables", "own-tables leads to the same place as warehouse"),
        ("lake", "same-lake", "same-lake leads to the same place as lake"),
        ("server", "its-pooler", "its-pooler leads to the same place as server"),
        ("socket", "its-port", "its-port leads to the same place as socket"),
        ("books", "live-books", "live-books is no sandbox company"),
    ],
)
def test_what_cannot_stand_in_is_refused(warehouses: Caller, live: str, replacement: str, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        switch_sandbox(warehouses, SandboxWish(active=True, replacements={live: replacement}))
    assert not show_sandbox(warehouses).active


def test_another_schema_of_the_same_project_stands_in(warehouses: Caller) -> None:
    replacements = {"lake": "test-lake", "warehouse": "test-lake"}
    assert switch_sandbox(warehouses, SandboxWish(active=True, replacements=replacements)).active


@pytest.mark.parametrize("old", ["live-lake", "test-lake"])
def test_a_pooler_that_tells_no_project_is_no_way_past_the_sandbox(caller: Caller, old: str) -> None:
    connect(caller, "live-lake", System.SUPABASE, **POOLER, project="abcd")
    connect(caller, "test-lake", System.SUPABASE, project_url="https://efgh.supabase.co")
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging", "live-lake": "test-lake"}))
    assert pairs(caller, "live-lake").target == "test-lake"

    connect(caller, old, System.SUPABASE, **POOLER)

    with pytest.raises(Misconfigured, match=f"{old} does not tell its Supabase project: connect it anew"):
        pairs(caller, "live-lake")


def test_a_pooler_that_tells_no_project_hinders_no_sandbox_without_a_warehouse(caller: Caller) -> None:
    connect(caller, "live-lake", System.SUPABASE, **POOLER)
    assert switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging"})).active


def pairs(caller: Caller, target: str = WAREHOUSE) -> Pair:
    with caller.ledger() as session:
        return pair_in_use(session, SHOP, target)


def test_what_stands_in_is_not_connected_to_anything_live_while_the_sandbox_is_on(
    boss: Caller, shop: Twin, company: QuickBooksTwin
) -> None:
    connect(boss)
    connect_shop(boss, shop, name="staging")
    connect_books(boss, company, name="test-books")
    connect(boss, "books", System.QUICKBOOKS, realm_id="1", client_id="c")
    on = SandboxWish(active=True, replacements={"shop": "staging", "books": "test-books"})
    switch_sandbox(boss, on)
    shop.log.reset()
    company.log.reset()
    before = row_of(boss, "staging"), row_of(boss, "test-books")
    secrets = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    real = QuickBooksCompany.model_validate({"name": "test-books", "realm_id": "2", **secrets})

    with pytest.raises(Unusable, match="staging leads to the same place as shop, so it is no sandbox; leave sandbox"):
        connect_shop(boss, shop, name="staging", url="https://shop.example/wp-json/")
    with pytest.raises(Unusable, match="staging leads to the same place as shop"):
        connect_shop(boss, shop, name="shop")
    with pytest.raises(Unusable, match="test-books is no sandbox company"):
        make_connection(boss, real.candidate())

    assert (shop.log.lines(), [line.action for line in company.log.lines()]) == ([], [])
    assert (row_of(boss, "staging"), row_of(boss, "test-books")) == before
    assert connect_shop(boss, shop, name="staging").enabled
    switch_sandbox(boss, SandboxWish(active=False))
    assert connect_shop(boss, shop, name="shop").enabled
    with pytest.raises(Unusable, match="staging leads to the same place as shop"):
        switch_sandbox(boss, SandboxWish(active=True))


def test_no_run_goes_where_a_stand_in_leads_that_was_redirected_behind_our_back(caller: Caller) -> None:
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging"}))
    assert pairs(caller) == Pair("staging", "warehouse-sandbox", sandbox=True)

    connect(caller, "staging", url="https://shop.example")

    with pytest.raises(Misconfigured, match="sandbox mode is on, but staging leads to the same place as shop"):
        pairs(caller)


def test_a_live_connection_that_is_removed_stops_no_other_in_the_sandbox(caller: Caller) -> None:
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging", "books": "test-books"}))
    disconnect(caller, "books", revoke=False)

    assert pairs(caller) == Pair("staging", "warehouse-sandbox", sandbox=True)


def test_the_sandbox_can_be_left_whatever_became_of_what_stood_in(caller: Caller) -> None:
    switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging"}))
    disconnect(caller, "staging")

    assert not switch_sandbox(caller, SandboxWish(active=False)).active


def test_nothing_both_stands_in_and_is_stood_in_for(caller: Caller) -> None:
    connect(caller, "third")
    with pytest.raises(Unusable, match="staging cannot both stand in and be stood in for"):
        switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging", "staging": "third"}))


def test_only_who_manages_settings_switches_it(caller: Caller) -> None:
    with pytest.raises(Forbidden):
        switch_sandbox(replace(caller, role=Role.OPERATOR), SandboxWish(active=True))
