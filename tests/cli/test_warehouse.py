"""The SQL of the warehouse, and connecting a warehouse one way and the other."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from db import embedded
from simulators.postgrest.server import PostgrestTwin
from tests.cli.conftest import Unisync, stored_connections


@pytest.fixture
def project(warehouse_url: str) -> Iterator[PostgrestTwin]:
    """An empty Supabase project."""
    with PostgrestTwin.start(as_superuser(warehouse_url)) as twin:
        yield twin


def as_superuser(url: str) -> str:
    return url.replace(f"//{embedded.OWNER}@", "//postgres@")


def run_sql(url: str, text: str) -> None:
    with psycopg.connect(as_superuser(url), autocommit=True) as connection:
        connection.execute(text.encode())


def listed(unisync: Unisync) -> dict[str, dict[str, object]]:
    return {each["name"]: each["settings"] for each in json.loads(unisync("connections", "--json").out)}


def test_the_sql_prepares_a_project_that_is_then_connected_by_its_address(
    unisync: Unisync, project: PostgrestTwin, warehouse_url: str, ledger_url: str
) -> None:
    words = ("connect", "supabase", "project", "--project-url", project.url, "--schema", "sandbox", "--read-only")
    key = {"UNISYNC_SUPABASE_SERVICE_KEY": project.keys.secret}
    hidden = unisync(*words, **key)
    assert hidden.code == 2
    assert "does not expose the schema sandbox" in " ".join(hidden.err.split())

    project.switches.schemas = ("public", "sandbox")
    lacking = unisync(*words)
    assert lacking.code == 2
    assert "run the SQL that unisync warehouse sql --schema sandbox prints" in " ".join(lacking.err.split())
    assert stored_connections(ledger_url) == []

    printed = unisync("warehouse", "sql", "--schema", "sandbox")
    assert printed.code == 0
    assert printed.out.startswith("-- The tables of Universal Data Sync in the schema sandbox.")
    for _ in range(2):
        run_sql(warehouse_url, printed.out)

    ended = unisync(*words)
    assert (ended.code, ended.out) == (0, "project answers and is connected to tenant default.\n")
    assert listed(unisync)["project"] == {"project_url": project.url, "schema": "sandbox", "read_only": True}
    assert all(project.keys.secret not in row for row in stored_connections(ledger_url))


def test_a_key_that_may_not_write_is_refused_and_nothing_is_stored(
    unisync: Unisync, project: PostgrestTwin, ledger_url: str
) -> None:
    key = {"UNISYNC_SUPABASE_SERVICE_KEY": project.keys.publishable}
    ended = unisync("connect", "supabase", "project", "--project-url", project.url, **key)
    assert ended.code == 2
    assert "this is the publishable key, which may not write" in " ".join(ended.err.split())
    assert project.keys.publishable not in ended.out + ended.err
    assert stored_connections(ledger_url) == []


def test_a_postgres_url_may_be_connected_read_only_and_with_a_schema(unisync: Unisync, warehouse_url: str) -> None:
    words = ("connect", "supabase", "reports", "--schema", "reports", "--read-only")
    assert unisync(*words, UNISYNC_CONNECT_URL=warehouse_url).code == 0
    settings = listed(unisync)["reports"]
    assert (settings["schema"], settings["read_only"]) == ("reports", True)


def test_a_schema_and_a_database_that_cannot_be_used_are_refused(unisync: Unisync, warehouse_url: str) -> None:
    for words, sentence in (
        (("warehouse", "sql", "--schema", "Bad Name"), "the schema 'Bad Name' cannot be used: a schema is named with"),
        (("warehouse", "sql", "--schema", "pg_toast"), "this schema belongs to Postgres itself"),
        (("simulate", "postgrest", "--database-url", "postgresql://127.0.0.1:1/x"), "of which it is the superuser"),
    ):
        ended = unisync(*words)
        assert ended.code == 2
        assert sentence in " ".join(ended.err.split())
