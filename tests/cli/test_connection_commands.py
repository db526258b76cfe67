"""Connections from the terminal: how they are, switched off and on, new secrets and keys, consent in a browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from config.settings import CHECKOUT
from db.vault import new_key
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.auth import Keys
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.cli.conftest import Ended, Unisync
from tests.operations.browser import consent

NEW_PAIR = ("ck_" + "e" * 40, "cs_" + "f" * 40)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an installation is at first: who sits at the machine needs no leave to reach what it reaches."""
    monkeypatch.delenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES")


@pytest.fixture
def shop() -> Iterator[Twin]:
    """A shop."""
    with Twin.start(shop=recorded_shop()) as twin:
        yield twin


@pytest.fixture
def company() -> Iterator[QuickBooksTwin]:
    """A QuickBooks company."""
    with QuickBooksTwin.start("eu") as twin:
        yield twin


def connect_shop(unisync: Unisync, twin: Twin) -> Ended:
    keys = {"UNISYNC_WOOCOMMERCE_KEY": twin.key, "UNISYNC_WOOCOMMERCE_SECRET": twin.secret}
    return unisync("connect", "woocommerce", "shop", "--url", twin.url, **keys)


def test_a_connection_is_tested_and_says_what_is_wrong_with_exit_code_1(unisync: Unisync, shop: Twin) -> None:
    connect_shop(unisync, shop)
    well = unisync("connections", "test", "shop")
    shop.site.keys.revoke(shop.key)
    ailing = unisync("connections", "test", "shop", "--json")

    assert (well.code, "well" in well.out, "WooCommerce" in well.out) == (0, True, True)
    (found,) = json.loads(ailing.out)
    assert (ailing.code, found["works"], found["authentication"]) == (1, False, "refused")
    assert found["sentence"] in " ".join(unisync("connections", "health", "--json").out.split())
    assert unisync("connections", "health").code == 0


def test_a_connection_is_switched_off_and_on(unisync: Unisync, shop: Twin) -> None:
    connect_shop(unisync, shop)
    assert unisync("connections", "disable", "shop").out == "shop of tenant default is switched off.\n"
    assert "switched off" in unisync("connections").out
    refused = unisync("posting", "--zone", "UTC")
    assert refused.code == 2
    assert unisync("connections", "enable", "shop").out == "shop of tenant default answers and is switched on.\n"
    assert json.loads(unisync("connections", "--json").out)[0]["state"] == "ready"


def test_new_secrets_come_from_where_the_old_ones_came_from(unisync: Unisync, shop: Twin) -> None:
    connect_shop(unisync, shop)
    shop.site.keys = Keys(*NEW_PAIR)
    wrong = unisync("connections", "rotate", "shop")
    key, secret = NEW_PAIR
    right = unisync("connections", "rotate", "shop", UNISYNC_WOOCOMMERCE_KEY=key, UNISYNC_WOOCOMMERCE_SECRET=secret)

    assert wrong.code == 2
    assert right.out == "shop of tenant default works with its new secrets; the former ones can go.\n"
    assert unisync("connections", "test", "shop").code == 0


def test_the_key_of_all_tenants_is_changed_with_one_command(unisync: Unisync, shop: Twin) -> None:
    unisync("tenant", "add", "other")
    connect_shop(unisync, shop)
    keys = {"UNISYNC_SECRET_KEY": new_key(), "UNISYNC_FORMER_SECRET_KEYS": os.environ["UNISYNC_SECRET_KEY"]}
    done = unisync("connections", "reencrypt", **keys)

    assert done.code == 0
    assert [line.partition(" sealed")[0] for line in done.out.splitlines()] == ["default: 1", "other: 0"]
    assert unisync("connections", "test", "shop", UNISYNC_FORMER_SECRET_KEYS="").code == 0
    lost = unisync("connections", "reencrypt", UNISYNC_SECRET_KEY=new_key())
    assert (lost.code, lost.out.splitlines()[-1]) == (
        1,
        "No key opens shop of tenant default; connect, register or enter it anew.",
    )


def test_whose_connections_must_be_said_where_it_counts(unisync: Unisync) -> None:
    ended = unisync("connections", "--tenant", "default", "test", "shop")
    assert (ended.code, "write --tenant after test" in ended.err) == (2, True)


@pytest.fixture
def started(unisync: Unisync, company: QuickBooksTwin) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begin to connect ``books`` by consent in a process of its own, in the installation of ``unisync``."""
    begun: list[subprocess.Popen[str]] = []
    code = "from cli.main import run; run()"
    words = ["connect", "quickbooks-oauth", "books", "--twin", company.url, "--client-id", company.client_id]
    environment = {**os.environ, "UNISYNC_QUICKBOOKS_CLIENT_SECRET": company.client_secret}

    def start(*more: str) -> subprocess.Popen[str]:
        command, pipe = [sys.executable, "-c", code, *words, *more], subprocess.PIPE
        begun.append(
            subprocess.Popen(command, cwd=CHECKOUT, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
        )
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_a_company_is_connected_by_a_browser_that_comes_back_to_this_machine(
    unisync: Unisync, started: Callable[..., subprocess.Popen[str]], company: QuickBooksTwin
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = started("--redirect", f"http://localhost:{port}/callback")
    assert process.stdout is not None
    location = consent(process.stdout.readline().strip())
    assert httpx.get(f"http://127.0.0.1:{port}/favicon.ico", trust_env=False).status_code == 404
    page = httpx.get(location.replace("localhost", "127.0.0.1"), trust_env=False)
    out, err = process.communicate(timeout=60)

    assert (page.status_code, "close this window" in page.text) == (200, True)
    assert (process.returncode, out) == (
        0,
        f"books answers and is connected to tenant default: company {company.realm}.\n",
    ), err
    assert "code" not in err
    assert unisync("connections", "test", "books").code == 0


def test_a_company_is_connected_by_the_address_that_the_browser_ends_up_at(
    started: Callable[..., subprocess.Popen[str]], company: QuickBooksTwin
) -> None:
    process = started("--redirect", "https://elsewhere.example/landing")
    assert process.stdout is not None
    location = consent(process.stdout.readline().strip())
    out, err = process.communicate(f"{location}\n", timeout=60)

    assert location.startswith("https://elsewhere.example/landing?code=")
    assert (process.returncode, f"company {company.realm}" in out) == (0, True), err


def test_an_address_that_brings_nothing_back_is_told_as_such(started: Callable[..., subprocess.Popen[str]]) -> None:
    _, err = started("--paste").communicate("https://elsewhere.example/landing\n", timeout=60)

    assert "that address brings nothing back; copy all of it" in " ".join(err.split())
