"""The wall between tenants, checked for every table that the catalogue knows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db.session import door_session, owner_session, tenant_session, watch_session
from tests.db.conftest import NO_RIGHT, UNOWNED, Filled, insertion, outcome

CLOSED = {"sessions"}
"""Tables of tenants that only the door opens."""

DOOR_SEES = {
    "users": 1,
    "memberships": 2,
    "tokens": 2,
    "sessions": 2,
    "login_attempts": 1,
    "connections": 2,
    "oauth_states": 2,
}
"""How many rows the door sees in the tables that are open to it."""

WATCH_SEES = {"tenants": 4, "watched_minutes": 1} | dict.fromkeys(
    (
        *("runs", "webhooks", "arrivals", "sync_requests", "schedules"),
        *("events", "incidents", "notification_history"),
    ),
    2,
)
"""The same for the watch."""


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
            for table in filled.rows.keys() - CLOSED
        }
        closed = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in CLOSED}

    assert seen == {table: ["a"] for table in filled.rows.keys() - CLOSED}
    assert closed == dict.fromkeys(CLOSED, NO_RIGHT)


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
        seen = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in filled.rows}

    assert seen == dict.fromkeys(filled.rows, 0) | dict.fromkeys(CLOSED, NO_RIGHT)


def test_without_a_tenant_nothing_can_be_inserted_into_any_table(filled: Filled) -> None:
    rows = {table: row | {filled.owner(table): ""} for table, row in filled.rows.items()}
    with tenant_session(filled.engine, "") as session:
        outcomes = {table: outcome(session, insertion(table, row)) for table, row in rows.items()}

    assert outcomes == dict.fromkeys(filled.rows, NO_RIGHT)


def test_even_the_owner_sees_nothing_without_saying_whose(filled: Filled) -> None:
    tables = filled.rows.keys() | UNOWNED
    with owner_session(filled.engine) as session:
        seen = {table: session.scalar(text(f"SELECT count(*) FROM unisync.{table}")) for table in tables}

    assert seen == dict.fromkeys(tables, 0)


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


def test_the_watch_sees_tenants_and_runs_of_all_and_where_something_is_due_and_nothing_else(filled: Filled) -> None:
    tables = filled.rows.keys() | UNOWNED
    with watch_session(filled.engine) as session:
        seen = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in tables}
        runs = session.scalars(text("SELECT tenant FROM unisync.runs ORDER BY 1")).all()

    assert seen == dict.fromkeys(tables, NO_RIGHT) | WATCH_SEES
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


def test_the_door_sees_accounts_and_how_they_come_in_and_nothing_else(filled: Filled) -> None:
    tables = filled.rows.keys() | UNOWNED
    with door_session(filled.engine) as session:
        seen = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in tables}

    assert seen == dict.fromkeys(tables, NO_RIGHT) | DOOR_SEES
