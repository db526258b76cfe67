"""The wall between tenants, checked for every table that the catalogue knows."""

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
from db.session import owner_session, tenant_session, watch_session

NO_RIGHT = "42501"
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE (table_schema, table_name) = ('unisync', %s) AND is_nullable = 'NO' AND is_identity = 'NO'
  AND (column_default IS NULL OR column_name = 'tenant')
"""
CHECKS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
SAMPLES = {"text": "x", "uuid": "00000000-0000-0000-0000-000000000001", "json": "{}", "jsonb": "{}", "bytea": "\\x00"}


@dataclass(frozen=True)
class Filled:
    """A database in which the tenants ``a`` and ``b`` have one row in every table, ``c`` only its name."""

    engine: Engine
    admin: psycopg.Connection[tuple[object, ...]]
    rows: dict[str, dict[str, object]]

    def owner(self, table: str) -> str:
        return "name" if table == "tenants" else "tenant"

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        return {
            table: self.admin.execute(f"SELECT * FROM unisync.{table} ORDER BY 1").fetchall() for table in self.rows
        }


@pytest.fixture
def filled(postgres: embedded.Server, ledger_url: str, ledger_engine: Engine) -> Iterator[Filled]:
    with psycopg.connect(ledger_url.replace(f"{embedded.OWNER}@", "postgres@"), autocommit=True) as admin:
        found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'unisync' ORDER BY 1").fetchall()
        tables = [str(name) for (name,) in found if name != "alembic_version"]
        admin.execute("INSERT INTO unisync.tenants (name) VALUES ('a'), ('b'), ('c')")
        rows = {table: sample(admin, table) for table in tables}
        for table in tables:
            for tenant in ("a", "b"):
                if table != "tenants":
                    admin.execute(insertion(table, rows[table] | {"tenant": tenant}))
        yield Filled(ledger_engine, admin, rows)


def sample(admin: psycopg.Connection[tuple[object, ...]], table: str) -> dict[str, object]:
    """A row that the table takes; where only certain words are allowed, the first of them."""
    row = {str(name): SAMPLES.get(str(kind), "1") for name, kind in admin.execute(COLUMNS, [table])}
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
            return session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
    except ProgrammingError as error:
        return str(error.orig.sqlstate)  # type: ignore[union-attr]


def test_every_table_but_alembics_has_row_level_security_forced_even_on_its_owner(filled: Filled) -> None:
    open_tables = filled.admin.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'unisync'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    ).fetchall()

    assert open_tables == [("alembic_version",)]


def test_the_role_of_a_tenants_session_cannot_get_around_the_wall(filled: Filled) -> None:
    with tenant_session(filled.engine, "a") as session:
        rights = session.execute(
            text(
                "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles"
                " WHERE rolname IN (current_user, session_user)"
            )
        ).all()
        owned = session.scalar(text("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"))

    assert set(map(tuple, rights)) == {("unisync_app", False, False, False), ("unisync", False, False, True)}
    assert owned == 0


def test_a_tenant_sees_its_own_row_in_every_table_and_no_other(filled: Filled) -> None:
    with tenant_session(filled.engine, "a") as session:
        seen = {
            table: session.scalars(text(f"SELECT {filled.owner(table)} FROM unisync.{table}")).all()
            for table in filled.rows
        }

    assert seen == {table: ["a"] for table in filled.rows}


def test_a_tenant_cannot_insert_for_another_into_any_table(filled: Filled) -> None:
    before = filled.contents()
    with tenant_session(filled.engine, "a") as session:
        outcomes = {
            table: outcome(session, insertion(table, row | {filled.owner(table): "c"}))
            for table, row in filled.rows.items()
        }

    assert outcomes == dict.fromkeys(filled.rows, NO_RIGHT)
    assert filled.contents() == before


def test_a_tenant_cannot_give_its_rows_to_another_in_any_table(filled: Filled) -> None:
    before = filled.contents()
    with tenant_session(filled.engine, "a") as session:
        outcomes = {
            table: outcome(session, f"UPDATE unisync.{table} SET {filled.owner(table)} = 'c'") for table in filled.rows
        }

    assert outcomes == dict.fromkeys(filled.rows, NO_RIGHT)
    assert filled.contents() == before


def test_a_tenant_changes_and_deletes_nothing_of_another_in_any_table(filled: Filled) -> None:
    before = filled.contents()
    with tenant_session(filled.engine, "c") as session:
        for table in filled.rows:
            owner = filled.owner(table)
            assert outcome(session, f"UPDATE unisync.{table} SET {owner} = {owner} WHERE {owner} <> 'c'") in (
                0,
                NO_RIGHT,
            )
            assert outcome(session, f"DELETE FROM unisync.{table} WHERE {owner} <> 'c'") in (0, NO_RIGHT)

    assert filled.contents() == before


@pytest.mark.parametrize("tenant", ["", "nobody"])
def test_without_a_known_tenant_nothing_is_visible_in_any_table(filled: Filled, tenant: str) -> None:
    with tenant_session(filled.engine, tenant) as session:
        seen = {table: session.scalar(text(f"SELECT count(*) FROM unisync.{table}")) for table in filled.rows}

    assert seen == dict.fromkeys(filled.rows, 0)


def test_without_a_tenant_nothing_can_be_inserted_into_any_table(filled: Filled) -> None:
    rows = {table: row | {filled.owner(table): ""} for table, row in filled.rows.items()}
    with tenant_session(filled.engine, "") as session:
        outcomes = {table: outcome(session, insertion(table, row)) for table, row in rows.items()}

    assert outcomes == dict.fromkeys(filled.rows, NO_RIGHT)


def test_even_the_owner_sees_nothing_without_saying_whose(filled: Filled) -> None:
    with owner_session(filled.engine) as session:
        seen = {table: session.scalar(text(f"SELECT count(*) FROM unisync.{table}")) for table in filled.rows}

    assert seen == dict.fromkeys(filled.rows, 0)


def test_the_tenant_and_the_role_end_with_the_transaction(filled: Filled) -> None:
    with tenant_session(filled.engine, "a"):
        pass
    with owner_session(filled.engine) as session:
        left = session.execute(text("SELECT current_user, current_setting('unisync.tenant', true)")).one()

    assert tuple(left) == ("unisync", "")


def test_the_application_cannot_touch_the_structure(filled: Filled) -> None:
    with tenant_session(filled.engine, "a") as session:
        for statement in (
            "CREATE TABLE unisync.more (id int)",
            "DROP TABLE unisync.links",
            "TRUNCATE unisync.links",
            "ALTER TABLE unisync.links DISABLE ROW LEVEL SECURITY",
            "DROP POLICY own_tenant ON unisync.links",
            "DELETE FROM unisync.alembic_version",
        ):
            assert outcome(session, statement) == NO_RIGHT


def test_the_watch_sees_tenants_and_runs_of_all_and_nothing_else(filled: Filled) -> None:
    with watch_session(filled.engine) as session:
        seen = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in filled.rows}
        runs = session.scalars(text("SELECT tenant FROM unisync.runs ORDER BY 1")).all()

    assert seen == dict.fromkeys(filled.rows, NO_RIGHT) | {"tenants": 4, "runs": 2}
    assert runs == ["a", "b"]


def test_the_watch_may_close_runs_but_change_nothing_else(filled: Filled) -> None:
    with watch_session(filled.engine) as session:
        assert outcome(session, "UPDATE unisync.runs SET state = 'crashed', finished_at = now()") == 2
        for statement in (
            "UPDATE unisync.runs SET tenant = 'c'",
            "UPDATE unisync.runs SET request = '{}'",
            "DELETE FROM unisync.runs",
            insertion("runs", filled.rows["runs"] | {"tenant": "c"}),
            "UPDATE unisync.tenants SET name = name",
        ):
            assert outcome(session, statement) == NO_RIGHT
