"""Connecting, connecting anew and disconnecting: what works is never lost on the way."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from pydantic import SecretStr

from db.vault import Vault, bound_to
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Ended, Unisync, stored_connections

FIRST_LINK = """
INSERT INTO unisync.links (source_connection, target_connection, kind, source_id, role, target_kind, target_id,
    fingerprint, state)
VALUES ('shop', 'books', 'order', '1', 'document', 'order', '1', 'f', 'live')
"""


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    """A QuickBooks company."""
    with QuickBooksTwin.start("eu") as twin:
        yield twin


def connect_books(unisync: Unisync, twin: QuickBooksTwin, *, token: str = "") -> Ended:
    """Connect a company with a fresh refresh token, or with this one."""
    words = ("--realm", twin.realm, "--client-id", twin.client_id, "--twin", twin.url)
    secrets = {
        "UNISYNC_QUICKBOOKS_CLIENT_SECRET": twin.client_secret,
        "UNISYNC_QUICKBOOKS_REFRESH_TOKEN": token or twin.tokens()["refresh_token"],
    }
    return unisync("connect", "quickbooks", "books", *words, **secrets)


def connect_shop(unisync: Unisync, twin: Twin) -> Ended:
    keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
    return unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)


def listed(unisync: Unisync) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads(unisync("connections", "--json").out)}


def in_ledger(ledger_url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


ROW = "SELECT name, system, settings, sealed, key_id, enabled, state, created_at FROM unisync.connections"


def test_books_are_connected_given_a_policy_and_connected_anew_with_it(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str, tmp_path: Path
) -> None:
    assert connect_books(unisync, company).code == 0
    before = in_ledger(ledger_url, "SELECT sealed FROM unisync.connections")
    (tmp_path / "posting.yaml").write_text("zone: Europe/Berlin\n")
    ended = unisync("connect", "posting", "books", "--file", str(tmp_path / "posting.yaml"))

    assert (ended.code, ended.out) == (0, "books of tenant default has a new posting policy.\n")
    assert in_ledger(ledger_url, "SELECT sealed FROM unisync.connections") == before
    assert connect_books(unisync, company).code == 0
    books = listed(unisync)["books"]
    assert books["state"] == "ready"
    assert isinstance(books["settings"], dict)
    assert books["settings"]["posting"] == {"zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("zone: Berlin", "zone of the posting policy cannot be used: 'Berlin' is no time zone"),
        ("- a", "the posting policy cannot be used: Input should be"),
        ("zone: [", "cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_used_changes_nothing(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str, tmp_path: Path, written: str, sentence: str
) -> None:
    connect_books(unisync, company)
    before = stored_connections(ledger_url)
    (tmp_path / "posting.yaml").write_text(written)
    ended = unisync("connect", "posting", "books", "--file", str(tmp_path / "posting.yaml"))
    assert ended.code == 2
    assert sentence in " ".join(ended.err.split())
    assert stored_connections(ledger_url) == before


def test_a_first_connection_that_is_refused_leaves_nothing(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str
) -> None:
    ended = connect_books(unisync, company, token="RT1-nobody-gave-this")
    assert ended.code == 2
    assert stored_connections(ledger_url) == []


def test_a_refused_reconnection_leaves_the_working_connection_as_it_was(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str
) -> None:
    connect_books(unisync, company)
    before = in_ledger(ledger_url, ROW)
    assert connect_books(unisync, company, token="RT1-nobody-gave-this").code == 2
    assert in_ledger(ledger_url, ROW) == before


def test_tokens_that_a_failed_reconnection_renewed_are_kept(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str
) -> None:
    connect_books(unisync, company)
    ((sealed,),) = in_ledger(ledger_url, "SELECT sealed FROM unisync.connections")
    vault = Vault(SecretStr(os.environ["UNISYNC_SECRET_KEY"]))
    in_use = vault.open(cast(bytes, sealed), bound_to=bound_to("default", "books"))["refresh_token"]
    company.faults.add(path="/companyinfo", status=403, body="{}", count=0)
    assert connect_books(unisync, company, token=in_use).code == 2
    company.faults.clear()

    company.world.expire_access()
    assert listed(unisync)["books"]["state"] == "ready"
    with Twin.start(shop=recorded_shop()) as shop:
        connect_shop(unisync, shop)
        assert unisync("posting", "--zone", "Europe/Berlin").code == 0


def test_a_withdrawn_connection_is_listed_to_be_connected_anew(unisync: Unisync, company: QuickBooksTwin) -> None:
    connect_books(unisync, company)
    company.world.disconnect()
    with Twin.start(shop=recorded_shop()) as shop:
        connect_shop(unisync, shop)
        assert unisync("posting").code == 2
    assert listed(unisync)["books"]["state"] == "reconnect"
    assert connect_books(unisync, company).code == 0
    assert listed(unisync)["books"]["state"] == "ready"


def test_another_shop_under_a_name_with_linked_records_is_refused_even_after_disconnecting(
    unisync: Unisync, ledger_url: str
) -> None:
    with Twin.start(shop=recorded_shop()) as first, Twin.start(shop=recorded_shop()) as other:
        connect_shop(unisync, first)
        assert connect_shop(unisync, other).code == 0, "nothing is linked yet"
        in_ledger(ledger_url, FIRST_LINK)
        refused = [connect_shop(unisync, first)]
        assert unisync("disconnect", "shop", "--yes").code == 0
        assert stored_connections(ledger_url) == []
        refused.append(connect_shop(unisync, first))
        assert connect_shop(unisync, other).code == 0
    for ended in refused:
        assert ended.code == 2
        assert "under a new name" in " ".join(ended.err.split())


def test_another_company_under_a_name_with_linked_records_is_refused(
    unisync: Unisync, company: QuickBooksTwin, ledger_url: str
) -> None:
    connect_books(unisync, company)
    in_ledger(ledger_url, FIRST_LINK)
    before = in_ledger(ledger_url, ROW)
    with QuickBooksTwin.start("us") as other:
        ended = unisync("connect", "quickbooks", "books", "--realm", "1", "--client-id", "a", "--twin", other.url)
    assert ended.code == 2
    assert "under a new name" in " ".join(ended.err.split())
    assert in_ledger(ledger_url, ROW) == before


def test_disconnecting_asks_first_and_names_what_is_not_there(
    unisync: Unisync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with Twin.start(shop=recorded_shop()) as twin:
        connect_shop(unisync, twin)
    assert unisync("disconnect", "shop").code == 1
    assert list(listed(unisync)) == ["shop"]
    ended = unisync("disconnect", "nothing", "--yes")
    assert ended.code == 2
    assert "tenant default has no such connection" in ended.err


def test_who_disconnects_can_read_beforehand_what_is_forgotten(unisync: Unisync) -> None:
    said = " ".join(unisync("disconnect", "--help").out.split())
    assert "What was confirmed for it is forgotten" in said
    assert "schedules and webhooks wait for a complete run" in said
