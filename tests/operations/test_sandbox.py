"""Sandbox mode: what may stand in for what, and who switches it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.ledger.audit import AuditFilter, list_audit
from domain.access import Role
from domain.keys import System
from domain.refusals import Forbidden, Unusable
from operations.caller import Caller
from operations.sandbox import SandboxWish, StandIn, show_sandbox, switch_sandbox
from tests.operations.steering import connect


@pytest.fixture
def caller(boss: Caller) -> Caller:
    connect(boss)
    connect(boss, "staging")
    connect(boss, "off", enabled=False)
    connect(boss, "twice", url="https://shop.example")
    connect(boss, "books", System.QUICKBOOKS, realm_id="1", client_id="c")
    connect(boss, "live-books", System.QUICKBOOKS, realm_id="2", client_id="c")
    connect(boss, "test-books", System.QUICKBOOKS, realm_id="3", client_id="c", sandbox=True)
    return boss


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
        ("shop", "shop", "leads to the same place"),
        ("books", "live-books", "live-books is no sandbox company"),
    ],
)
def test_what_cannot_stand_in_is_refused(caller: Caller, live: str, replacement: str, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        switch_sandbox(caller, SandboxWish(active=True, replacements={live: replacement}))
    assert not show_sandbox(caller).active


def test_nothing_both_stands_in_and_is_stood_in_for(caller: Caller) -> None:
    connect(caller, "third")
    with pytest.raises(Unusable, match="staging cannot both stand in and be stood in for"):
        switch_sandbox(caller, SandboxWish(active=True, replacements={"shop": "staging", "staging": "third"}))


def test_only_who_manages_settings_switches_it(caller: Caller) -> None:
    with pytest.raises(Forbidden):
        switch_sandbox(replace(caller, role=Role.OPERATOR), SandboxWish(active=True))
