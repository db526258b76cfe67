"""What the commands do when everything is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Unisync, stored_connections


def test_a_shop_is_connected_and_its_secret_is_sealed_and_never_shown(unisync: Unisync, ledger_url: str) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
        ended = unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)
        assert (ended.code, ended.out) == (0, "shop answers and is connected to tenant default.\n")

    listed = unisync("connections", "--json")
    connected = {"name": "shop", "system": "woocommerce", "state": "ready", "settings": {"url": twin.url}}
    (shown,) = json.loads(listed.out)
    assert {name: shown[name] for name in connected} == connected
    (row,) = stored_connections(ledger_url)
    assert twin.secret not in row + listed.out + unisync("connections").out


def test_a_warehouse_is_connected(unisync: Unisync, warehouse_url: str) -> None:
    ended = unisync("connect", "supabase", "warehouse", UNISYNC_CONNECT_URL=warehouse_url)
    assert (ended.code, ended.out) == (0, "warehouse answers and is connected to tenant default.\n")
    (stored,) = json.loads(unisync("connections", "--json").out)
    assert (stored["name"], stored["system"]) == ("warehouse", "supabase")


def test_a_tenant_sees_its_own_connections_only(unisync: Unisync, warehouse_url: str) -> None:
    assert unisync("tenant", "add", "agency").code == 0
    unisync("connect", "supabase", "books", "--tenant", "agency", UNISYNC_CONNECT_URL=warehouse_url)
    assert json.loads(unisync("connections", "--json").out) == []
    assert [each["name"] for each in json.loads(unisync("connections", "--tenant", "agency", "--json").out)] == [
        "books"
    ]


def test_a_new_installation_has_no_runs_and_no_problems(unisync: Unisync) -> None:
    assert json.loads(unisync("runs", "--json").out) == []
    assert json.loads(unisync("problems", "--json").out) == []
    assert unisync("runs").out == "Nothing has run yet.\n"
    assert json.loads(unisync("problems", "--skipped", "--json").out) == []
    assert unisync("problems").out == "Nothing is queued.\n"
    assert unisync("problems", "--skipped").out == "Nothing is skipped.\n"


def test_upgrading_twice_is_as_good_as_once(unisync: Unisync, database: str) -> None:
    assert json.loads(unisync("db", "status", "--json", UNISYNC_DATABASE_URL=database).out)["up_to_date"] is False
    for _ in range(2):
        assert unisync("db", "upgrade").code == 0
    assert json.loads(unisync("db", "status", "--json").out)["up_to_date"] is True


def test_each_printed_key_is_new_and_opens_a_vault(unisync: Unisync) -> None:
    one, other = unisync("key").out.strip(), unisync("key").out.strip()
    assert one != other
    assert unisync("connections", UNISYNC_SECRET_KEY=one).code == 0


def test_the_state_of_a_stopped_ledger_is_said_to_be_unknown(
    unisync: Unisync, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("UNISYNC_DATABASE_URL")
    ended = unisync("db", "status", "--json", UNISYNC_HOME=str(tmp_path))
    assert json.loads(ended.out) == {"server": "embedded", "running": False, "up_to_date": None}
    assert "unknown while Postgres is stopped" in unisync("db", "status").out
