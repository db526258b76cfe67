"""A set of books belongs to one connection only."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.ledger import create_tenant, list_connections, save_connection
from db.ledger.webhooks import senders_of
from db.session import door_session, owner_session, tenant_session
from domain.errors import Misconfigured
from domain.keys import System


def connect(engine: Engine, tenant: str, name: str, realm: str, **settings: object) -> None:
    with tenant_session(engine, tenant) as session:
        save_connection(session, name, System.QUICKBOOKS, {"realm_id": realm, **settings}, b"sealed", "key")


def test_neither_another_connection_nor_another_tenant_can_take_the_same_company(ledger_engine: Engine) -> None:
    with owner_session(ledger_engine) as session:
        create_tenant(session, "agency")
    connect(ledger_engine, "default", "books", "9341")

    for tenant, name in (("default", "other"), ("agency", "books")):
        with pytest.raises(Misconfigured, match="connected already"):
            connect(ledger_engine, tenant, name, "9341")

    connect(ledger_engine, "default", "books", "9341")
    connect(ledger_engine, "agency", "books", "9342")
    with tenant_session(ledger_engine, "agency") as session:
        assert [stored.settings["realm_id"] for stored in list_connections(session)] == ["9342"]


def test_a_twin_is_not_the_company_of_its_number_and_takes_nobodys_place(ledger_engine: Engine) -> None:
    with owner_session(ledger_engine) as session:
        create_tenant(session, "agency")
    connect(ledger_engine, "default", "books", "9341")
    connect(ledger_engine, "default", "twin", "9341", url="http://127.0.0.1:9000/")
    connect(ledger_engine, "agency", "twin", "9341", url="http://127.0.0.1:9001")

    with pytest.raises(Misconfigured, match="connected already"):
        connect(ledger_engine, "agency", "other", "9341", url="http://127.0.0.1:9000")
    with pytest.raises(Misconfigured, match="connected already"):
        connect(ledger_engine, "agency", "other", "9341", sandbox=True)
    with door_session(ledger_engine) as session:
        found = senders_of(session, ["9341", "9999"])
    assert sorted(found) == [
        ("9341", ("agency", "twin")),
        ("9341", ("default", "books")),
        ("9341", ("default", "twin")),
    ]
