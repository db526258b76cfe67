"""The command line as a user meets it, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import psycopg
import pytest

from cli.main import run
from config.settings import settings
from db.vault import new_key


class Ended(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Unisync = Callable[..., Ended]


def stored_connections(ledger_url: str) -> list[str]:
    """Every connection of the tenant ``default``, whole rows as text, as they lie in the database."""
    with psycopg.connect(ledger_url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        return [row for (row,) in connection.execute("SELECT c::text FROM unisync.connections c")]


@pytest.fixture
def unisync(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ledger_url: str, warehouse_url: str
) -> Unisync:
    """Run ``unisync`` with these words in an installation with a fresh ledger and warehouse."""
    monkeypatch.setenv("UNISYNC_DATABASE_URL", ledger_url)
    monkeypatch.setenv("UNISYNC_WAREHOUSE_URL", warehouse_url)
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["unisync", *words])
        settings.cache_clear()
        code = 0
        try:
            run()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            settings.cache_clear()
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call
