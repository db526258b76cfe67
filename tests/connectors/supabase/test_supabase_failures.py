"""When the database is away, busy or refuses us, the error says what to do next, and the next write works."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from pydantic import SecretStr

from connectors.supabase.client import Client
from connectors.supabase.connector import SupabaseConnector
from connectors.supabase.failures import explain
from connectors.supabase.places import place_of, read_url
from connectors.supabase.postgres import PostgresTables
from connectors.supabase.settings import SCHEMA, PostgresCredentials, PostgresSettings
from domain.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from domain.keys import Kind
from domain.writes import Action, Result
from tests.connectors.supabase.conftest import Look, carry, open_warehouse, sentence
from tests.connectors.supabase.samples import MAKERS, order

ROWS = "SELECT count(*) FROM commerce.orders"


def refuse_with(admin: Look, state: str) -> None:
    """Let every write of an order end in the server's error of that name."""
    admin.run(
        "CREATE OR REPLACE FUNCTION commerce.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 's3cret' USING ERRCODE = '{state}'; END $$",
        "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON commerce.orders "
        "FOR EACH ROW EXECUTE FUNCTION commerce.refuse()",
    )


def test_an_error_of_the_server_is_sorted_by_what_to_do_next(own: SupabaseConnector, admin: Look) -> None:
    fates: dict[type[ConnectorError], tuple[str, ...]] = {
        Unavailable: (
            "08006",
            "40001",
            "40P01",
            "53100",
            "53200",
            "53300",
            "55P03",
            "57014",
            "57P01",
            "58030",
            "XX000",
        ),
        AccessDenied: ("28000", "28P01"),
        Misconfigured: ("25006",),
    }
    for kind, states in fates.items():
        for state in states:
            refuse_with(admin, state)
            with pytest.raises(kind) as caught:
                carry(own, order(1))
            assert caught.value.code == state
            assert sentence(caught.value).startswith("warehouse write: ")
            assert caught.value.__suppress_context__, "Postgres' own words may hold row values"

    for state in ("22000", "23514", "44000", "54000", "P0001"):
        refuse_with(admin, state)
        assert carry(own, order(1), order(2)) == [Result.FAILED] * 2

    admin.run("DROP TRIGGER refuse ON commerce.orders")
    assert carry(own, order(1)) == [Result.CREATED]


def test_a_connection_closed_between_two_writes_is_opened_again(own: SupabaseConnector, admin: Look) -> None:
    carry(own, order(1))
    for number in range(2, 5):
        end_all_sessions(admin)
        assert carry(own, order(number)) == [Result.CREATED]
    end_all_sessions(admin)

    assert own.held(Kind.ORDER, "shop", ["1", "4"]) == {"1": "order 1", "4": "order 1"}


def test_a_connection_lost_during_a_write_writes_nothing_and_the_next_write_works(
    own: SupabaseConnector, admin: Look
) -> None:
    admin.run(
        "CREATE FUNCTION commerce.cut() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$",
        "CREATE TRIGGER cut BEFORE INSERT ON commerce.order_lines FOR EACH ROW EXECUTE FUNCTION commerce.cut()",
    )
    with pytest.raises(Unavailable) as caught:
        carry(own, order(1))
    sentence(caught.value)
    assert admin.rows(ROWS) == [(0,)]

    admin.run("DROP TRIGGER cut ON commerce.order_lines")
    assert carry(own, order(1)) == [Result.CREATED]


def test_a_statement_that_takes_too_long_is_given_up(own: SupabaseConnector, warehouse_url: str, admin: Look) -> None:
    admin.connection.autocommit = False
    admin.run("LOCK TABLE commerce.orders IN ACCESS EXCLUSIVE MODE")

    with open_warehouse(warehouse_url, statement_seconds=1) as hasty:
        with pytest.raises(Unavailable):
            carry(hasty, order(1))
        admin.connection.rollback()
        assert carry(hasty, order(1)) == [Result.CREATED]


def test_nothing_is_left_in_the_session(shared_url: str, tenant: str) -> None:
    client = Client(tenant, "warehouse", PostgresSettings(), PostgresCredentials(url=SecretStr(shared_url)))
    with SupabaseConnector("warehouse", PostgresTables("warehouse", client, SCHEMA)) as connector:
        for version in map(str, range(10)):
            for make in MAKERS.values():
                carry(connector, make(1, version), make(2, version))
        carry(connector, order(1), action=Action.REMOVE)
        for _ in range(10):
            connector.held(Kind.ORDER, "shop", ["1", "2"])
        with client.transaction("look") as cursor:

            def names(query: str) -> set[str]:
                return {name for (name,) in cursor.execute(query.encode())}

            changed = "SELECT name FROM pg_settings WHERE source = 'session' AND setting <> reset_val"
            during = names(changed)
            cursor.execute("COMMIT")
            after = names(changed)

            assert names("SELECT name FROM pg_prepared_statements") == set()
            assert names("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()") == set()
            assert names("SELECT 'lock' FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'") == set()
            assert names("SELECT current_setting('unisync.tenant')") == {""}
    assert during - after >= {"statement_timeout", "lock_timeout"}
    assert after & {"statement_timeout", "lock_timeout"} == set()


def test_threads_that_share_a_warehouse_take_turns(warehouse: SupabaseConnector, look: Look) -> None:
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda number: carry(warehouse, order(number)), range(20)))

    assert outcomes == [[Result.CREATED]] * 20
    assert look.rows(ROWS) == [(20,)]


def test_a_mistake_of_our_own_is_not_dressed_up() -> None:
    mistake = psycopg.ProgrammingError("the query has 1 placeholder but 2 parameters were passed")

    with pytest.raises(psycopg.ProgrammingError) as caught:
        explain(mistake, place_of(read_url("postgresql:///shop")), "warehouse", "write")
    assert caught.value is mistake


def end_all_sessions(admin: Look) -> None:
    """Let the server close every other session of the database, and wait until they are gone."""
    admin.rows(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
