"""Tenants share a warehouse and never see each other."""

from __future__ import annotations

import psycopg
import pytest

from connectors.supabase.connector import SupabaseConnector
from domain.keys import Kind
from domain.writes import Action, Result
from tests.connectors.supabase.conftest import TABLES, Look, as_user, carry, look_into, open_warehouse
from tests.connectors.supabase.samples import MAKERS, line, order


@pytest.mark.parametrize("user", ["unisync", "postgres"], ids=["bound by row-level security", "not bound by it"])
def test_two_tenants_write_the_same_ids_and_keep_their_own(
    own: SupabaseConnector, warehouse_url: str, user: str
) -> None:
    url = as_user(warehouse_url, user)
    with open_warehouse(url, "anna") as anna, open_warehouse(url, "bert") as bert:
        assert carry(anna, order(1), order(2)) == [Result.CREATED] * 2
        assert bert.held(Kind.ORDER, "shop", ["1", "2"]) == {}
        assert carry(bert, order(1, "2", lines=(line(11, name="Berts"),))) == [Result.CREATED]

        assert carry(anna, order(1), action=Action.REMOVE) == [Result.REMOVED]
        assert carry(bert, order(2), action=Action.REMOVE) == [Result.UNCHANGED]
        assert carry(anna, order(2, "3", lines=())) == [Result.UPDATED]

        assert anna.held(Kind.ORDER, "shop", ["1", "2"]) == {"2": "order 3"}
        assert bert.held(Kind.ORDER, "shop", ["1", "2"]) == {"1": "order 2"}
    with look_into(warehouse_url, tenant="bert") as bert_sees:
        assert bert_sees.rows("SELECT order_id, name, deleted_at FROM commerce.order_lines") == [("1", "Berts", None)]


def test_nobody_sees_or_changes_rows_of_another_tenant(own: SupabaseConnector, warehouse_url: str, admin: Look) -> None:
    for tenant in ("anna", "bert"):
        with open_warehouse(warehouse_url, tenant) as connector:
            for make in MAKERS.values():
                carry(connector, make(1))
    admin.run(
        "CREATE ROLE reader LOGIN",
        "GRANT USAGE ON SCHEMA commerce TO reader",
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA commerce TO reader",
    )
    try:
        for user in ("reader", "unisync"):
            for tenant, seen in (("anna", [("anna",)]), ("bert", [("bert",)]), ("carl", []), ("", [])):
                with look_into(warehouse_url, user, tenant) as look:
                    for table in TABLES:
                        assert look.rows(f"SELECT DISTINCT tenant FROM commerce.{table}") == seen
            with look_into(warehouse_url, user, "anna") as look:
                for table in TABLES:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        look.run(f"INSERT INTO commerce.{table} (tenant) VALUES ('bert')")
                    look.run(f"UPDATE commerce.{table} SET deleted_at = now()")
                    untouched = f"SELECT DISTINCT tenant FROM commerce.{table} WHERE deleted_at IS NULL"
                    assert admin.rows(untouched) == [("bert",)]
    finally:
        admin.run("DROP OWNED BY reader", "DROP ROLE reader")


def test_the_wall_stands_on_every_table(own: SupabaseConnector, admin: Look) -> None:
    open_tables = """
        SELECT relname FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
        WHERE relnamespace = 'commerce'::regnamespace AND relkind = 'r'
          AND NOT (relrowsecurity AND relforcerowsecurity AND polname IS NOT NULL)
    """
    assert admin.rows(open_tables) == []
    assert admin.rows("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'unisync'") == [(False,)]
