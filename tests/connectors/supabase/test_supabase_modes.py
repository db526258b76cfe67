"""Read-only connections write nothing, a schema of another name is a warehouse of its own, and check tells the way."""

from __future__ import annotations

import pytest

from connectors.supabase.connector import SupabaseConnector, open_supabase
from connectors.supabase.schema import statements
from domain.errors import Misconfigured, Unavailable
from domain.keys import Kind
from domain.writes import Plan, Result
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import (
    TABLES,
    Look,
    carry,
    look_into,
    open_project,
    open_warehouse,
    run_sql,
    sentence,
)
from tests.connectors.supabase.samples import line, order
from tests.connectors.writes_contract import plan_of


@pytest.mark.parametrize("way", ["postgres", "rest"])
def test_a_read_only_connection_is_looked_at_and_never_written(
    own: SupabaseConnector, project: PostgrestTwin, warehouse_url: str, way: str
) -> None:
    carry(own, order(1))
    by_rest = way == "rest"
    reader = open_project(project, read_only=True) if by_rest else open_warehouse(warehouse_url, read_only=True)
    with reader, look_into(warehouse_url, tenant="anna") as look:
        before = look.versions()
        reader.check()
        reader.prepare()
        assert reader.held(Kind.ORDER, "shop", ["1", "2"]) == {"1": "order 1"}
        assert reader.write(Plan(target="warehouse")) == ()
        project.log.reset()
        with pytest.raises(Misconfigured) as caught:
            reader.write(plan_of("warehouse", [order(1, "2")]))

        assert "the connection is read-only, so nothing was written" in sentence(caught.value)
        assert project.log.lines() == []
        assert look.versions() == before


def test_a_read_only_connection_makes_no_tables(warehouse_url: str, admin: Look) -> None:
    with open_warehouse(warehouse_url, read_only=True) as reader:
        reader.prepare()
        assert reader.held(Kind.ORDER, "shop", ["1"]) == {}
    assert admin.rows("SELECT to_regnamespace('commerce') IS NULL") == [(True,)]


def test_the_session_of_a_read_only_connection_cannot_write_either(own: SupabaseConnector, warehouse_url: str) -> None:
    with open_warehouse(warehouse_url, read_only=True) as reader:
        reader._read_only = False
        with pytest.raises(Misconfigured, match="is read-only"):
            carry(reader, order(1))


@pytest.mark.parametrize("way", ["postgres", "rest"])
def test_two_schemas_of_one_database_are_two_warehouses(
    own: SupabaseConnector, project: PostgrestTwin, warehouse_url: str, admin: Look, way: str
) -> None:
    carry(own, order(1))
    if way == "rest":
        project.switches.schemas = ("public", "commerce_sandbox", "commerce")
        run_sql(warehouse_url, "commerce_sandbox")
        other = open_project(project, schema="commerce_sandbox")
    else:
        other = open_warehouse(warehouse_url, schema="commerce_sandbox")
    with other:
        other.prepare()
        assert other.held(Kind.ORDER, "shop", ["1"]) == {}
        assert carry(other, order(1, "2", lines=(line(7),))) == [Result.CREATED]
        assert other.held(Kind.ORDER, "shop", ["1"]) == {"1": "order 2"}
    assert own.held(Kind.ORDER, "shop", ["1"]) == {"1": "order 1"}
    assert admin.rows("SELECT source_id FROM commerce_sandbox.order_lines") == [("7",)]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("Commerce", "lower case letters, digits and underscores"),
        ('x"; DROP', "lower case letters, digits and underscores"),
        ("", "lower case letters, digits and underscores"),
        ("a" * 64, "lower case letters, digits and underscores"),
        ("commerce\n", "lower case letters, digits and underscores"),
        ("pg_catalog", "belongs to Postgres itself"),
        ("information_schema", "belongs to Postgres itself"),
    ],
)
def test_a_schema_that_cannot_be_ours_is_refused(schema: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=f"schema of the warehouse cannot be used: .*{words}"):
        open_warehouse("postgresql:///shop", schema=schema)


def test_a_schema_may_be_a_word_of_sql(warehouse_url: str) -> None:
    with open_warehouse(warehouse_url, schema="order") as target:
        target.prepare()
        assert carry(target, order(1)) == [Result.CREATED]


def test_the_printed_sql_is_what_prepare_runs(own: SupabaseConnector, warehouse_url: str, admin: Look) -> None:
    made = described(admin)
    admin.run("DROP SCHEMA commerce CASCADE", f"SET ROLE unisync; {statements('commerce')}; RESET ROLE")
    assert described(admin) == made

    run_sql(warehouse_url)
    assert described(admin) == made


DESCRIBED = (
    "SELECT obj_description('commerce'::regnamespace), nspacl FROM pg_namespace WHERE nspname = 'commerce'",
    """SELECT relname, relacl, relrowsecurity, relforcerowsecurity, obj_description(oid) FROM pg_class
       WHERE relnamespace = 'commerce'::regnamespace ORDER BY relname""",
    """SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attcompression,
              attstorage, col_description(attrelid, attnum) FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
       WHERE relnamespace = 'commerce'::regnamespace AND relkind = 'r' AND attnum > 0 ORDER BY 1, attnum""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'commerce' ORDER BY 1",
    "SELECT tablename, policyname, roles, qual FROM pg_policies WHERE schemaname = 'commerce' ORDER BY 1",
)


def described(admin: Look) -> list[object]:
    """Tell what the tables are like: columns, rights, keys, indexes, policies, remarks."""
    return [admin.rows(query) for query in DESCRIBED]


def test_check_tells_which_way_leads_to_the_database(own: SupabaseConnector) -> None:
    vitals = own.check()

    assert vitals.place.endswith(" at this machine (Postgres server)")
    assert vitals.version.startswith("Postgres 1")


def test_a_direct_connection_that_finds_no_way_hints_at_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a name server without such addresses leads to.
    monkeypatch.setattr("connectors.network.public_addresses", raise_no_address)
    url = "postgresql://postgres:s3cret@db.abcdefgh.supabase.co:5432/postgres"
    with (
        open_supabase("anna", "warehouse", {}, {"url": url}, public_only=True) as target,
        pytest.raises((Misconfigured, Unavailable)) as caught,
    ):
        target.check()
    assert "a direct connection to Supabase needs IPv6, the session pooler does not" in sentence(caught.value)


def raise_no_address(host: str, port: int) -> list[str]:
    raise OSError(f"{host}:{port}")


def test_every_table_is_known_by_name(admin: Look, own: SupabaseConnector) -> None:
    found = admin.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'commerce' ORDER BY 1")
    assert [name for (name,) in found] == sorted(TABLES)
