"""Warehouses in a real Postgres, and a look into them past row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest

from connectors.http import Patience
from connectors.supabase.connector import SupabaseConnector, open_supabase
from connectors.supabase.schema import statements
from db import embedded
from domain.errors import ConnectorError
from domain.records import Record
from domain.writes import Action, Result
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.writes_contract import plan_of, results

TABLES = ("tax_rates", "products", "variations", "stock", "customers", "orders", "order_lines", "refunds")
CHILDREN = ("stock", "order_lines")

_numbers = count(1)


def open_warehouse(url: str, tenant: str = "anna", **settings: object) -> SupabaseConnector:
    """Open a database as a tenant's warehouse."""
    return open_supabase(tenant, "warehouse", settings, {"url": url})


def open_project(twin: PostgrestTwin, tenant: str = "anna", key: str = "", **settings: object) -> SupabaseConnector:
    """Open a project as a tenant's warehouse; what fails is not asked again."""
    credentials = {"service_key": key or twin.keys.secret}
    of = {"project_url": twin.url, **settings}
    return open_supabase(tenant, "warehouse", of, credentials, patience=Patience(attempts=1))


def run_sql(url: str, schema: str = "commerce") -> None:
    """Run what ``unisync warehouse sql`` prints, as the dashboard's SQL editor would."""
    with look_into(url, "postgres") as look:
        look.run(statements(schema))


def carry(target: SupabaseConnector, *records: Record, action: Action = Action.CREATE) -> list[Result]:
    """Write records, or remove them, and tell what became of them."""
    return results(target.write(plan_of(target.connection, records, action)))


def sentence(error: ConnectorError) -> str:
    """What people read of an error, checked to be one sentence without a secret."""
    text = str(error)
    assert "\n" not in text
    assert "s3cret" not in text
    assert "s3cret" not in repr(error)
    return text


class Look:
    """Looks into a warehouse."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """Give the rows of a query."""
        return self.connection.execute(query.encode(), parameters or None).fetchall()

    def run(self, *statements: str) -> None:
        """Carry out statements."""
        for statement in statements:
            self.connection.execute(statement.encode())

    def versions(self) -> dict[str, list[Any]]:
        """Give the version of every row of every table, with all it holds."""
        return {
            table: self.rows(f"SELECT xmin::text, ctid::text, row.*::text FROM commerce.{table} AS row ORDER BY 3")
            for table in TABLES
        }

    def contents(self, schema: str = "commerce") -> dict[str, list[Any]]:
        """Give all that the tables hold, but for whose it is and at which moments it was written."""
        return {table: sorted(map(str, self._contents(schema, table))) for table in TABLES}

    def _contents(self, schema: str, table: str) -> Iterator[tuple[dict[str, Any], str]]:
        payload = "''" if table in CHILDREN else "raw::text"
        for row, raw in self.rows(f"SELECT to_jsonb(row), {payload} FROM {schema}.{table} AS row"):
            for name in ("tenant", "synced_at", "raw"):
                row.pop(name, None)
            yield row | {"deleted_at": row["deleted_at"] is not None}, raw


@contextmanager
def look_into(url: str, user: str = embedded.OWNER, tenant: str = "") -> Iterator[Look]:
    """Look into a warehouse as a user to whom row-level security applies, or as the superuser ``postgres``."""
    with psycopg.connect(as_user(url, user), autocommit=True) as connection:
        connection.execute("SELECT set_config('unisync.tenant', %s, false)", [tenant])
        yield Look(connection)


def as_user(url: str, user: str) -> str:
    """Give the address of the same database for another user."""
    return url.replace(f"//{embedded.OWNER}@", f"//{user}@")


@pytest.fixture(scope="session")
def shared_url(postgres: embedded.Server) -> str:
    """The address of a prepared warehouse in which every test is a tenant of its own."""
    url = embedded.ensure_database(postgres, "supabase_shared")
    with open_warehouse(url) as connector:
        connector.prepare()
    return url


@pytest.fixture
def tenant() -> str:
    """A tenant who has nothing yet."""
    return f"tenant-{next(_numbers)}"


@pytest.fixture(scope="session")
def shared_twin(postgres: embedded.Server, shared_url: str) -> Iterator[PostgrestTwin]:
    """The same warehouse as a project of Supabase; for tests that change neither its switches nor its faults."""
    with PostgrestTwin.start(as_user(shared_url, "postgres")) as twin:
        run_sql(shared_url)
        yield twin


@pytest.fixture(params=["postgres", "rest"])
def warehouse(
    request: pytest.FixtureRequest, shared_url: str, shared_twin: PostgrestTwin, tenant: str
) -> Iterator[SupabaseConnector]:
    """A prepared warehouse without a row of the tenant, reached one way and the other."""
    by_rest = request.param == "rest"
    with open_project(shared_twin, tenant) if by_rest else open_warehouse(shared_url, tenant) as connector:
        yield connector


@pytest.fixture
def look(shared_url: str, tenant: str) -> Iterator[Look]:
    """A look at the rows of the tenant in that warehouse."""
    with look_into(shared_url, tenant=tenant) as look:
        yield look


@pytest.fixture
def own(warehouse_url: str) -> Iterator[SupabaseConnector]:
    """A prepared warehouse in a database of its own, for a test that changes more than rows."""
    with open_warehouse(warehouse_url) as connector:
        connector.prepare()
        yield connector


@pytest.fixture
def project(own: SupabaseConnector, warehouse_url: str) -> Iterator[PostgrestTwin]:
    """That warehouse as a project of Supabase, for a test that changes more than rows."""
    with PostgrestTwin.start(as_user(warehouse_url, "postgres")) as twin:
        run_sql(warehouse_url)
        yield twin


@pytest.fixture
def admin(warehouse_url: str) -> Iterator[Look]:
    """The superuser in that database."""
    with look_into(warehouse_url, "postgres") as look:
        yield look
