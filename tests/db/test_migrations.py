"""Bringing a database to the tables that this version needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from db import embedded, migrations
from db.models import metadata
from db.models.schema import SCHEMA
from db.session import open_engine, tenant_session
from domain.errors import Misconfigured

# Everything that makes up our tables, in the server's own words.
DESCRIPTION = """
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, a.attidentity::text,
       pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
WHERE c.relnamespace = 'unisync'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relname <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL
FROM pg_constraint WHERE connamespace = 'unisync'::regnamespace AND conrelid::regclass::text !~ 'alembic_version'
UNION ALL
SELECT 'index', tablename, indexname, indexdef, NULL, NULL, NULL
FROM pg_indexes WHERE schemaname = 'unisync' AND tablename <> 'alembic_version'
"""


def describe(connection: Connection) -> set[tuple[object, ...]]:
    return {tuple(row) for row in connection.execute(text(DESCRIPTION))}


def current_user(url: str) -> object:
    engine = open_engine(url)
    try:
        with tenant_session(engine, "default") as session:
            return session.scalar(text("SELECT current_user"))
    finally:
        engine.dispose()


def test_an_empty_database_is_migrated_once_and_a_second_time_changes_nothing(database: str) -> None:
    assert not migrations.is_current(database)

    migrations.upgrade(database)
    assert migrations.is_current(database)
    engine = open_engine(database)
    with engine.connect() as connection:
        before = describe(connection)
    migrations.upgrade(database)
    with engine.connect() as connection:
        assert describe(connection) == before
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: str, ledger_url: str) -> None:
    known, made = open_engine(database), open_engine(ledger_url)
    with known.begin() as connection:
        connection.execute(CreateSchema(SCHEMA))
        metadata.create_all(connection)
        expected = describe(connection)
    with made.connect() as connection:
        assert describe(connection) == expected
    known.dispose()
    made.dispose()


def test_a_database_migrated_by_two_at_once_is_migrated_once(database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrations.upgrade, [database] * 2))

    assert migrations.is_current(database)


def test_two_databases_of_a_new_server_can_be_migrated_at_once(server_home: Path) -> None:
    server = embedded.start(server_home, durable=False)
    urls = [embedded.ensure_database(server, name) for name in ("one", "two")]
    with pytest.raises(Misconfigured, match="run: unisync db upgrade"):
        current_user(urls[0])
    migrate = "import sys; from db.migrations import upgrade; upgrade(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-c", migrate, url]) for url in urls]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]

    assert [current_user(url) for url in urls] == ["unisync_app", "unisync_app"]


def test_a_superuser_may_migrate_too_and_is_none_in_a_tenants_session(database: str) -> None:
    url = database.replace(f"{embedded.OWNER}@", "postgres@")
    migrations.upgrade(url)

    engine = open_engine(url)
    with tenant_session(engine, "default") as session:
        rights = session.execute(text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")).one()
    engine.dispose()

    assert tuple(rights) == (False, False)


# What an installation may hold before notices were known.
HELD = """
INSERT INTO unisync.tenants (name) VALUES ('acme');
INSERT INTO unisync.connections (tenant, name, system, settings, sealed, key_id)
VALUES ('acme', 'books', 'quickbooks', '{"realm_id": "9341"}', '\\x01', 'k1'),
       ('acme', 'shop', 'woocommerce', '{"url": "https://shop.example"}', '\\x02', 'k1');
INSERT INTO unisync.runs (tenant, id, request, state, tallies, finished_at)
VALUES ('acme', '00000000-0000-0000-0000-000000000001',
        '{"route": "woocommerce-to-quickbooks", "source": "shop", "target": "books", "dry_run": true}',
        'completed', '{"order": {"written": 3}}', now());
INSERT INTO unisync.arrivals (tenant, connection, topic, kind, record_id, body_hash, attempts, done_targets)
VALUES ('acme', 'shop', 'order.updated', 'order', '794', 'abc', 4, '{warehouse}');
INSERT INTO unisync.confirmed_pairs (tenant, route, source_connection, target_connection, kind, run_id)
VALUES ('acme', 'woocommerce-to-quickbooks', 'shop', 'books', 'order', '00000000-0000-0000-0000-000000000001');
INSERT INTO unisync.login_attempts (account, address, succeeded) VALUES ('\\x03', '203.0.113.7', true);
"""
HOLDING = ("tenants", "connections", "runs", "arrivals", "confirmed_pairs", "login_attempts")


def held(database: psycopg.Connection[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    return {table: database.execute(f"SELECT * FROM unisync.{table} ORDER BY 1, 2").fetchall() for table in HOLDING}


def test_what_a_ledger_holds_is_kept_when_it_is_migrated(database: str) -> None:
    migrations.upgrade(database, "0010")
    with psycopg.connect(
        database.replace(f"{embedded.OWNER}@", "postgres@"), autocommit=True, row_factory=dict_row
    ) as admin:
        admin.execute(HELD)
        before = held(admin)
        migrations.upgrade(database)
        after = held(admin)

    assert migrations.is_current(database)
    # Attempts are counted for each target from then on: what waits is tried as if it were new.
    assert before["arrivals"][0].pop("attempts") == 4
    added = [
        {name: value for name, value in now.items() if name not in was}
        for table in HOLDING
        for was, now in zip(before[table], after[table], strict=True)
    ]
    assert before == {
        table: [{name: now[name] for name in was} for was, now in zip(before[table], after[table], strict=True)]
        for table in HOLDING
    }
    assert [each for each in added if each] == [
        {
            "route": "woocommerce-to-quickbooks",
            "source_connection": "shop",
            "target_connection": "books",
            "dry_run": True,
        },
        {"failed_targets": [], "failed_attempts": []},
        {"throttled": False},
    ]


@pytest.fixture
def powerless_url(postgres: embedded.Server, database: str) -> Iterator[str]:
    with psycopg.connect(postgres.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE powerless LOGIN")
        yield database.replace(f"{embedded.OWNER}@", "powerless@")
        admin.execute("DROP ROLE powerless")


def test_a_user_without_the_rights_to_migrate_is_told_so(powerless_url: str) -> None:
    with pytest.raises(Misconfigured, match=r"user 'powerless' lacks a right .* permission denied"):
        migrations.upgrade(powerless_url)
