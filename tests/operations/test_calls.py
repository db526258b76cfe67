"""Calls are counted for every company that is called, whichever way it is reached."""

from __future__ import annotations

from sqlalchemy import Engine

from config.wiring import load_endpoint, open_target
from connectors.supabase.connector import SupabaseConnector
from operations.caller import Caller
from operations.integrations import make_connection
from operations.metrics import metrics
from operations.wishes import SupabaseDatabase
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import as_user, carry, run_sql
from tests.connectors.supabase.samples import order
from tests.operations.places import WAREHOUSE


def test_calls_to_a_supabase_project_are_counted_as_those_to_others_are(
    boss: Caller, ledger_engine: Engine, warehouse_url: str
) -> None:
    with PostgrestTwin.start(as_user(warehouse_url, "postgres")) as project:
        run_sql(warehouse_url)
        wish = {"name": WAREHOUSE, "project_url": project.url, "service_key": project.keys.secret}
        make_connection(boss, SupabaseDatabase.model_validate(wish).candidate())
        with open_target(load_endpoint(ledger_engine, boss.tenant, WAREHOUSE)) as target:
            assert isinstance(target, SupabaseConnector)
            target.prepare()
            carry(target, order(1))
        methods = [line.method for line in project.log.lines()]

    (calls,) = metrics(boss, 30).calls
    assert (calls.connection, calls.reads) == (WAREHOUSE, methods.count("GET"))
    assert calls.writes == len(methods) - methods.count("GET") > 0
