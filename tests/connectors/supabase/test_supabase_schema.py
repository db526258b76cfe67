"""The tables are made once, by whoever comes first, and what users add to them stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.supabase.connector import SupabaseConnector
from connectors.supabase.streams import ALL_TABLES
from domain.errors import Misconfigured
from domain.keys import Kind
from domain.writes import Action, Result
from tests.connectors.supabase.conftest import TABLES, Look, as_user, carry, open_warehouse, sentence
from tests.connectors.supabase.samples import MAKERS, line, order
from tests.connectors.writes_contract import plan_of, results

COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'commerce' ORDER BY 1, 2
"""
EXPECTED = sorted((table.name, column.name) for table in ALL_TABLES.values() for column in table.all_columns)


def test_nothing_is_held_before_the_tables_are_made(warehouse_url: str) -> None:
    with open_warehouse(warehouse_url) as connector:
        assert connector.held(Kind.ORDER, "shop", ["1"]) == {}


def test_every_table_has_its_columns_and_a_description(own: SupabaseConnector, admin: Look) -> None:
    assert admin.rows(COLUMNS) == EXPECTED
    described = "SELECT relname FROM pg_class WHERE relnamespace = 'commerce'::regnamespace AND relkind = 'r'"
    assert {name for (name,) in admin.rows(f"{described} AND obj_description(oid) <> ''")} == set(TABLES)
    assert admin.rows("SELECT col_description('commerce.orders'::regclass, attnum) <> '' FROM pg_attribute "
                      "WHERE attrelid = 'commerce.orders'::regclass AND attname = 'raw'") == [(True,)]  # fmt: skip


def test_the_payload_is_packed_with_lz4_where_the_server_offers_it(own: SupabaseConnector, admin: Look) -> None:
    ((offered,),) = admin.rows("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")

    stored = admin.rows(
        "SELECT attcompression::text, attstorage::text FROM pg_attribute "
        "WHERE attrelid = 'commerce.orders'::regclass AND attname = 'raw'"
    )
    assert stored == [("l", "x") if offered else ("", "e")]


def test_a_prepared_warehouse_is_only_looked_at(own: SupabaseConnector, admin: Look, warehouse_url: str) -> None:
    forbid_writes(admin)
    with open_warehouse(warehouse_url) as later:
        later.prepare()


def test_two_who_prepare_at_once_both_succeed(warehouse_url: str, admin: Look) -> None:
    together = threading.Barrier(2)

    def prepare(tenant: str) -> list[Result]:
        with open_warehouse(warehouse_url, tenant) as connector:
            together.wait(10)
            connector.prepare()
            return carry(connector, order(1))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(prepare, ["anna", "bert"])) == [[Result.CREATED]] * 2
    assert admin.rows(COLUMNS) == EXPECTED


def test_what_users_add_survives_a_new_layout_and_writes(own: SupabaseConnector, admin: Look) -> None:
    carry(own, order(1), order(2))
    admin.run(
        "ALTER TABLE commerce.orders ADD COLUMN margin numeric NOT NULL DEFAULT 7",
        "CREATE INDEX by_status ON commerce.orders (tenant, connection, status)",
        "CREATE VIEW commerce.turnover AS SELECT status, sum(total) AS total FROM commerce.orders GROUP BY status",
        "CREATE TABLE commerce.notes (order_id text, note text)",
        "CREATE FUNCTION commerce.note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO commerce.notes VALUES (NEW.source_id, TG_OP); RETURN NEW; END $$",
        "CREATE TRIGGER note AFTER INSERT OR UPDATE ON commerce.orders FOR EACH ROW EXECUTE FUNCTION commerce.note()",
        "GRANT USAGE ON SCHEMA commerce TO pg_monitor",
        "GRANT SELECT ON commerce.orders TO pg_monitor",
        "GRANT ALL ON commerce.notes TO unisync",
        "UPDATE commerce.orders SET margin = 9 WHERE source_id = '1'",
        "DELETE FROM commerce.notes",
        "COMMENT ON SCHEMA commerce IS 'an older layout'",
    )
    own.prepare()

    assert carry(own, order(1, "2"), order(2), order(3)) == [Result.UPDATED, Result.UNCHANGED, Result.CREATED]
    assert admin.rows("SELECT source_id, margin FROM commerce.orders ORDER BY 1") == [("1", 9), ("2", 7), ("3", 7)]
    assert admin.rows("SELECT * FROM commerce.notes ORDER BY 1") == [("1", "UPDATE"), ("3", "INSERT")]
    assert admin.rows("SELECT status FROM commerce.turnover") == [("processing",)]
    assert admin.rows("SELECT to_regclass('commerce.by_status') IS NOT NULL") == [(True,)]
    assert admin.rows("SELECT has_table_privilege('pg_monitor', 'commerce.orders', 'SELECT')") == [(True,)]


def test_a_column_and_a_table_of_a_later_version_are_added(own: SupabaseConnector, admin: Look) -> None:
    carry(own, order(1))
    admin.run("ALTER TABLE commerce.orders DROP COLUMN customer_note", "DROP TABLE commerce.refunds")

    own.prepare()

    assert admin.rows(COLUMNS) == EXPECTED
    assert carry(own, order(1, "2")) == [Result.UPDATED]
    assert admin.rows("SELECT customer_note FROM commerce.orders") == [("version 2",)]


def test_a_rule_of_the_user_fails_only_the_records_that_break_it(own: SupabaseConnector, admin: Look) -> None:
    admin.run("ALTER TABLE commerce.orders ADD CONSTRAINT even_ids CHECK (source_id::int % 2 = 0)")

    outcomes = own.write(plan_of("warehouse", [order(number) for number in range(4)]))

    assert results(outcomes) == [Result.CREATED, Result.FAILED] * 2
    assert outcomes[1].problem is not None
    assert outcomes[1].problem.message == (
        "the warehouse refuses the record: it breaks a rule that was added to the table (even_ids, SQLSTATE 23514)"
    )


def test_an_order_that_a_trigger_of_the_user_holds_back_keeps_its_lines(own: SupabaseConnector, admin: Look) -> None:
    carry(own, order(1))
    admin.run(
        "CREATE FUNCTION commerce.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER keep BEFORE UPDATE ON commerce.orders FOR EACH ROW EXECUTE FUNCTION commerce.keep()",
    )

    assert carry(own, order(1, "2", lines=(line(13),))) == [Result.UNCHANGED]
    assert admin.rows("SELECT source_id FROM commerce.order_lines ORDER BY 1") == [("11",), ("12",)]


def test_a_missing_right_is_named(warehouse_url: str, admin: Look, guest: str) -> None:
    ((database,),) = admin.rows("SELECT current_database()")
    with open_warehouse(as_user(warehouse_url, guest)) as connector:
        with pytest.raises(Misconfigured, match="guest lacks the right CREATE on the database") as caught:
            connector.prepare()
        assert f'GRANT CREATE ON DATABASE "{database}" TO "guest"' in sentence(caught.value)

        admin.run("CREATE SCHEMA commerce", f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        with pytest.raises(Misconfigured, match="guest lacks the right TEMPORARY on the database"):
            connector.prepare()

        admin.run(f"GRANT TEMPORARY ON DATABASE {database} TO guest")
        with pytest.raises(Misconfigured, match=r"guest lacks a right in .*permission denied for schema commerce"):
            connector.prepare()

        admin.run("ALTER SCHEMA commerce OWNER TO guest")
        connector.prepare()
        assert carry(connector, order(1)) == [Result.CREATED]


def test_a_user_with_no_more_rights_than_needed_can_write(
    own: SupabaseConnector, warehouse_url: str, admin: Look, guest: str
) -> None:
    admin.run(
        "GRANT USAGE ON SCHEMA commerce TO guest",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA commerce TO guest",
    )
    with open_warehouse(as_user(warehouse_url, guest)) as connector:
        connector.prepare()
        for make in MAKERS.values():
            assert carry(connector, make(1)) == [Result.CREATED]
        assert carry(connector, order(1, "2", lines=())) == [Result.UPDATED]
        assert carry(connector, order(1), action=Action.REMOVE) == [Result.REMOVED]


def test_a_table_of_somebody_else_is_left_alone(warehouse_url: str, admin: Look) -> None:
    admin.run("CREATE SCHEMA commerce AUTHORIZATION unisync", "CREATE TABLE commerce.orders (id int)")

    with (
        open_warehouse(warehouse_url) as connector,
        pytest.raises(Misconfigured, match="table orders that is not ours"),
    ):
        connector.prepare()

    assert admin.rows(COLUMNS) == [("orders", "id")]


def test_the_public_roles_of_supabase_get_no_right(warehouse_url: str, admin: Look) -> None:
    admin.run(
        # Another test of this server may need it too.
        "DO $$ BEGIN CREATE ROLE anon; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "ALTER DEFAULT PRIVILEGES FOR ROLE unisync GRANT ALL ON TABLES TO anon, PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE unisync GRANT ALL ON SCHEMAS TO anon, PUBLIC",
    )
    try:
        with open_warehouse(warehouse_url) as connector:
            connector.prepare()

        assert admin.rows("SELECT has_schema_privilege('anon', 'commerce', 'USAGE')") == [(False,)]
        for table in TABLES:
            assert admin.rows(f"SELECT has_table_privilege('anon', 'commerce.{table}', 'SELECT')") == [(False,)]
    finally:
        admin.run("DROP OWNED BY anon")


def test_a_read_only_database_says_so(own: SupabaseConnector, warehouse_url: str, admin: Look) -> None:
    carry(own, order(1))
    forbid_writes(admin)

    with open_warehouse(warehouse_url) as connector:
        assert connector.held(Kind.ORDER, "shop", ["1"]) == {"1": "order 1"}
        assert carry(connector, order(1)) == [Result.UNCHANGED]
        with pytest.raises(Misconfigured, match="is read-only: it is a replica, or") as caught:
            carry(connector, order(1, "2"))
        sentence(caught.value)


def test_tables_that_were_spoilt_after_they_were_made_are_named(own: SupabaseConnector, admin: Look) -> None:
    admin.run("ALTER TABLE commerce.orders DROP COLUMN status")

    with pytest.raises(Misconfigured, match=r'not as they were made .column "status"') as caught:
        carry(own, order(1))
    sentence(caught.value)


def forbid_writes(admin: Look) -> None:
    """From now on new connections to the database may only read."""
    ((database,),) = admin.rows("SELECT current_database()")
    admin.run(f"ALTER DATABASE {database} SET default_transaction_read_only = on")


@pytest.fixture
def guest(admin: Look) -> Iterator[str]:
    """A user without any right of its own."""
    admin.run("CREATE ROLE guest LOGIN")
    yield "guest"
    admin.run("DROP OWNED BY guest CASCADE", "DROP ROLE guest")
