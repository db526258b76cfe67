"""A database with two tenants in every table, to try the wall between them on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from db import embedded

NO_RIGHT = "42501"
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE (table_schema, table_name) = ('unisync', %s) AND is_nullable = 'NO' AND is_identity = 'NO'
  AND (column_default IS NULL OR column_name = 'tenant')
"""
CHECKS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
SAMPLES = {
    "text": "x",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "json": "{}",
    "jsonb": "{}",
    "bytea": "\\x00",
    "date": "2026-01-01",
    "timestamp with time zone": "2026-01-01",
}

UNOWNED = {"users", "login_attempts", "watched_minutes"}
"""Tables of no tenant: a person may be in several, nobody knows yet who logs in, and one watch is kept over all."""


@dataclass(frozen=True)
class Filled:
    """A database in which the tenants ``a`` and ``b`` have one row in every table, ``c`` only its name.

    ``rows`` holds the tables of tenants; those of no tenant have one row each and one person is in both tenants.
    """

    engine: Engine
    admin: psycopg.Connection[tuple[object, ...]]
    rows: dict[str, dict[str, object]]

    def owner(self, table: str) -> str:
        return "name" if table == "tenants" else "tenant"

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        return {
            table: self.admin.execute(f"SELECT * FROM unisync.{table} ORDER BY 1").fetchall()
            for table in self.rows.keys() | UNOWNED
        }


@pytest.fixture
def filled(postgres: embedded.Server, ledger_url: str, ledger_engine: Engine) -> Iterator[Filled]:
    with psycopg.connect(ledger_url.replace(f"{embedded.OWNER}@", "postgres@"), autocommit=True) as admin:
        found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'unisync' ORDER BY 1").fetchall()
        tables = [str(name) for (name,) in found if name != "alembic_version"]
        admin.execute("INSERT INTO unisync.tenants (name) VALUES ('a'), ('b'), ('c')")
        # Tables come in the order of the alphabet, not of their references.
        admin.execute("SET session_replication_role = replica")
        rows = {table: sample(admin, table) for table in tables}
        for table, row in rows.items():
            if table in UNOWNED:
                admin.execute(insertion(table, row))
            elif table != "tenants":
                admin.execute(insertion(table, row | {"tenant": "a"}))
                admin.execute(insertion(table, row | {"tenant": "b"} | another(row)))
        yield Filled(ledger_engine, admin, {table: row for table, row in rows.items() if table not in UNOWNED})


def another(row: dict[str, object]) -> dict[str, object]:
    """Other hashes than those of the row: no two tenants have the same."""
    return {name: "\\x01" for name, value in row.items() if value == SAMPLES["bytea"]}


def sample(admin: psycopg.Connection[tuple[object, ...]], table: str) -> dict[str, object]:
    """A row that the table takes; where only certain words are allowed, the first of them."""
    row: dict[str, object] = {str(name): SAMPLES.get(str(kind), "1") for name, kind in admin.execute(COLUMNS, [table])}
    for (check,) in admin.execute(CHECKS, [f"unisync.{table}"]):
        if words := re.match(r"CHECK \(\((\w+) = ANY \(ARRAY\['(\w+)'", str(check)):
            row |= {words[1]: words[2]} if words[1] in row else {}
    return row


def insertion(table: str, row: dict[str, object]) -> str:
    values = ", ".join(f"'{value}'" for value in row.values())
    return f"INSERT INTO unisync.{table} ({', '.join(row)}) VALUES ({values})"


def outcome(session: Session, statement: str) -> int | str:
    """How many rows the statement touched, or the error code with which it was refused."""
    try:
        with session.begin_nested():
            return int(session.execute(text(statement)).rowcount)  # type: ignore[attr-defined]
    except ProgrammingError as error:
        return str(error.orig.sqlstate)  # type: ignore[union-attr]
