"""The recorded shop walks into a Supabase project by its REST API, and lands as it does in Postgres."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from config.wiring import open_vault
from db import ledger
from db.session import tenant_session
from db.vault import bound_to
from domain.keys import Kind, System
from simulators.postgrest.server import PostgrestTwin
from simulators.woocommerce.server import Twin
from tests.connectors.supabase.conftest import as_user, look_into, run_sql
from tests.flows.conftest import TENANT, run, written

pytestmark = pytest.mark.prefect

PROJECT = "project"


def connect_project(engine: Engine, twin: PostgrestTwin) -> None:
    """Store the project as a connection, as ``unisync connect`` would."""
    vault = open_vault()
    sealed = vault.seal({"service_key": twin.keys.secret}, bound_to=bound_to(TENANT, PROJECT))
    with tenant_session(engine, TENANT) as session:
        ledger.save_connection(session, PROJECT, System.SUPABASE, {"project_url": twin.url}, sealed, vault.key_id)


def test_the_recorded_shop_lands_by_rest_as_it_does_in_postgres(
    shop: Twin, ledger_engine: Engine, warehouse_url: str, database: str
) -> None:
    with PostgrestTwin.start(as_user(database, "postgres")) as project:
        run_sql(database)
        connect_project(ledger_engine, project)
        by_rest, directly = run(mode="full", target=PROJECT), run(mode="full")
        assert by_rest.tallies == directly.tallies
        assert by_rest.tallies[Kind.ORDER].created == 321

        with look_into(database, "postgres") as one, look_into(warehouse_url, "postgres") as other:
            assert one.contents() == other.contents()
            before = one.versions()
            assert written(run(mode="full", target=PROJECT)) == {}
            assert one.versions() == before
