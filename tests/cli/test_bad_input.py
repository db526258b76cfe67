"""Whatever a user gets wrong ends with one sentence, exit code 2 and nothing written."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from cli.prefect_server import prefect_home
from config.settings import settings
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Ended, Unisync, stored_connections

ROUTE = "woocommerce-to-supabase"
KEYS = {"UNISYNC_WOOCOMMERCE_KEY": "ck_" + "a" * 40, "UNISYNC_WOOCOMMERCE_SECRET": "cs_" + "b" * 40}


def is_one_sentence(ended: Ended) -> bool:
    """Whether the command refused in one line, with no traceback and no secret."""
    whole = ended.err.strip()
    return ended.code == 2 and whole.startswith("unisync: ") and "Traceback" not in whole and "b" * 40 not in whole


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sync", "shopify-to-sage"], "there is no route shopify-to-sage; there is: woocommerce-to-supabase"),
        (["sync", ROUTE, "--kind", "orders"], "'orders' is no kind; choose one of: tax_rate, product"),
        (["sync", ROUTE, "--mode", "some"], "'some' is no mode; choose one of: full, incremental"),
        (["sync", ROUTE, "--since", "yesterday"], "'yesterday' is no time with a zone; write it like 2026-01-31T08"),
        (["sync", ROUTE, "--since", "2026-01-31T08:00:00"], "is no time with a zone"),
        (["connect", "woocommerce", "My Shop", "--url", "https://shop.example"], "cannot be the name of a connection"),
        (["connect", "woocommerce", "shop", "--url", "http://shop.example"], "plain http to shop.example would show"),
        (["connect", "woocommerce", "shop", "--url", "shop.example"], "must begin with https://"),
        (["connect", "woocommerce", "shop", "--url", "https://x:y@shop.example"], "must hold neither user name"),
        (["connect", "woocommerce", "shop", "--url", "https://s.example", "--tenant", "x"], "there is no tenant x"),
        (["simulate", "quickbooks", "--currency", "euros"], "knows no currency 'euros'; choose one of: USD, CAD"),
        (["simulate", "quickbooks", "--closed-until", "nonsense"], "'nonsense' is no day; write it like 2026-06-30"),
        (["simulate", "quickbooks", "--webhooks-to", "localhost/hook"], "'localhost/hook' is no address for webhooks"),
        (["simulate", "quickbooks", "--webhooks-to", "https://x.test"], "webhooks are signed: they need a verifier"),
        (["posting", "--zone", "Berlin"], "'Berlin' is no time zone; use an IANA name such as Europe/Berlin"),
        (["disconnect", "shop", "--yes"], "tenant default has no such connection"),
        (["connect", "posting", "books", "--file", "/nowhere.yaml"], "/nowhere.yaml cannot be read"),
        (["tenant", "add", "Berlin Agency"], "cannot be the name of a tenant"),
        (["runs", "--tenant", "nobody"], "there is no tenant nobody; create it with: unisync tenant add nobody"),
    ],
)
def test_a_wrong_word_is_named_with_what_to_do(unisync: Unisync, words: list[str], sentence: str) -> None:
    ended = unisync(*words, **KEYS)
    assert is_one_sentence(ended)
    assert sentence in ended.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("UNISYNC_SECRET_KEY", "short", "UNISYNC_SECRET_KEY is no key"),
        ("UNISYNC_DATABASE_URL", "mysql://somewhere/ledger", "must begin with postgresql://"),
        ("UNISYNC_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/ledger", "127.0.0.1"),
        ("UNISYNC_PREFECT_PORT", "many", "the environment variable UNISYNC_PREFECT_PORT cannot be used"),
        ("UNISYNC_WOOCOMMERCE_KEY", "no-key", "consumer_key of the shop must begin with ck_"),
    ],
)
def test_a_wrong_setting_is_named_and_never_repeated(
    unisync: Unisync, variable: str, value: str, sentence: str
) -> None:
    ended = unisync("connect", "woocommerce", "shop", "--url", "https://127.0.0.1", **{**KEYS, variable: value})
    assert is_one_sentence(ended)
    assert sentence in ended.err.replace("\n", " ")
    assert "hunter2" not in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "--limit", "-1"],
        ["problems", "--limit", "-1"],
        ["simulate", "woocommerce", "--port", "70000"],
        ["simulate", "quickbooks", "--port", "70000"],
        ["simulate", "woocommerce", "--orders", "0"],
        ["prefect", "server", "--port", "70000"],
    ],
)
def test_a_number_out_of_range_is_refused(unisync: Unisync, words: list[str]) -> None:
    ended = unisync(*words)
    assert ended.code == 2
    assert f"Invalid value for '{words[-2]}'" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_home_that_is_a_file_is_named(unisync: Unisync, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    ended = unisync("db", "status", UNISYNC_HOME=f"{tmp_path}/file{below}")
    assert is_one_sentence(ended)
    assert "UNISYNC_HOME cannot be used" in ended.err
    assert "is a file; name a folder" in " ".join(ended.err.split())


def test_a_ledger_that_was_never_prepared_is_told_how_to_prepare_it(unisync: Unisync, database: str) -> None:
    ended = unisync("runs", UNISYNC_DATABASE_URL=database)
    assert is_one_sentence(ended)
    assert "unisync db upgrade" in ended.err


def test_refused_keys_are_not_stored(unisync: Unisync, ledger_url: str) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        ended = unisync("connect", "woocommerce", "shop", "--url", twin.url, **KEYS)
    assert is_one_sentence(ended)
    assert stored_connections(ledger_url) == []


def test_a_taken_port_is_named(unisync: Unisync) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = unisync("simulate", "woocommerce", "--port", str(taken.getsockname()[1]))
    assert is_one_sentence(ended)
    assert "choose another with --port" in ended.err


def test_a_prefect_server_that_does_not_answer_is_named(unisync: Unisync) -> None:
    for words in (["sync", ROUTE], ["prefect", "up"], ["prefect", "worker"]):
        ended = unisync(*words, PREFECT_API_URL="http://127.0.0.1:1/api")
        assert is_one_sentence(ended)
        assert "no Prefect server answers at http://127.0.0.1:1/api" in ended.err


def test_a_home_below_a_file_is_refused(unisync: Unisync, server_home: Path) -> None:
    (server_home / "file").write_text("in the way")
    ended = unisync("prefect", "server", UNISYNC_HOME=str(server_home / "file" / "home"))
    assert is_one_sentence(ended)
    assert "UNISYNC_HOME cannot be used" in ended.err


def test_the_folder_of_prefect_is_made_for_whoever_runs_it(monkeypatch: pytest.MonkeyPatch, server_home: Path) -> None:
    monkeypatch.setenv("UNISYNC_HOME", str(server_home / "a" / "home"))
    settings.cache_clear()
    assert prefect_home().is_dir()
    assert (server_home / "a" / "home").stat().st_mode & 0o066 == 0
    settings.cache_clear()
