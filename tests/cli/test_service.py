"""unisync serve and openapi, as an operator meets them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import anyio
import httpx
import psycopg
import pytest
from anyio import to_thread

from cli.service import AT_ONCE
from config.settings import settings
from config.wiring import open_ledger
from db import session
from db.session import tenant_session
from db.vault import new_key
from domain.errors import Unavailable
from tests.cli.conftest import Unisync

SERVE = [sys.executable, "-c", "from cli.main import run; run()", "serve"]


class Served(NamedTuple):
    process: subprocess.Popen[str]
    url: str
    said: list[str]


@contextmanager
def serving(ledger_url: str, *words: str) -> Iterator[Served]:
    """Run the service in a process of its own until the block ends."""
    environment = os.environ | {"UNISYNC_DATABASE_URL": ledger_url, "UNISYNC_SECRET_KEY": new_key()}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [*SERVE, "--port", port, *words],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(5)]
        yield Served(process, f"http://127.0.0.1:{port}", said)


def test_it_says_where_it_listens_answers_and_ends_in_order(ledger_url: str) -> None:
    with serving(ledger_url) as served:
        assert served.said[0] == f"The service listens at {served.url} (Ctrl-C stops it)."
        assert httpx.get(f"{served.url}/healthz").json() == {"status": "ok"}
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=30)

    assert served.process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in log


def test_its_log_is_json_for_programs_and_never_holds_what_was_sent(ledger_url: str) -> None:
    with serving(ledger_url, "--json-logs") as served:
        httpx.get(f"{served.url}/api/users/canary?code=canary", headers={"Authorization": "Bearer canary"})
        served.process.send_signal(signal.SIGINT)
        _, log = served.process.communicate(timeout=30)

    lines = [json.loads(line) for line in log.splitlines()]
    [call] = [line["text"] for line in lines if " GET " in line["text"]]
    assert " GET /api/users/{user_id} 401 " in call
    assert {frozenset(line) for line in lines} == {frozenset({"at", "level", "text"})}
    assert "canary" not in log


def test_every_thread_of_the_service_finds_a_connection_of_its_own(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def threads() -> float:
        return to_thread.current_default_thread_limiter().total_tokens

    assert anyio.run(threads) < AT_ONCE
    monkeypatch.setenv("UNISYNC_DATABASE_URL", ledger_url)
    monkeypatch.setattr(session, "POOL_SECONDS", 0.05)
    settings.cache_clear()
    with open_ledger(AT_ONCE) as engine, ExitStack() as open_ones:
        for _ in range(AT_ONCE):
            open_ones.enter_context(tenant_session(engine, "default"))
        with pytest.raises(Unavailable, match=r"all connections to the database .* were in use for 0\.05 seconds"):
            open_ones.enter_context(tenant_session(engine, "default"))
    settings.cache_clear()


def test_a_port_that_is_taken_is_named(unisync: Unisync) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = unisync("serve", "--port", str(port))

    assert ended.code == 2
    assert f"127.0.0.1 port {port} cannot be used (Address already in use)" in ended.err


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"UNISYNC_SECRET_KEY": ""}, "UNISYNC_SECRET_KEY is not set"),
        ({"UNISYNC_PUBLIC_URL": "http://sync.example.org"}, "UNISYNC_PUBLIC_URL cannot be used"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_served(
    unisync: Unisync, environment: dict[str, str], why: str
) -> None:
    ended = unisync("serve", **environment)

    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


def test_a_ledger_that_is_not_up_to_date_is_not_served(unisync: Unisync, ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as connection:
        connection.execute("UPDATE unisync.alembic_version SET version_num = '0001'")

    ended = unisync("serve")

    assert (ended.code, ended.out) == (2, "")
    assert "run: unisync db upgrade" in ended.err


def test_the_description_is_printed_without_a_database_and_always_the_same(
    unisync: Unisync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")

    first, second = unisync("openapi"), unisync("openapi", UNISYNC_PUBLIC_URL="https://sync.example.org")

    assert json.loads(first.out)["openapi"].startswith("3.1")
    assert (first.code, first.err, first.out) == (0, "", second.out)
