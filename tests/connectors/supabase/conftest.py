"""Warehouses in a real Postgres, and a look into them past row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import pytest

from connectors.supabase.connector import SupabaseConnector, open_supabase
from db import embedded
from domain.errors import ConnectorError
from domain.records import Record
from domain.writes import Action, Result
from tests.connectors.writes_contract import plan_of, results

TABLES = ("tax_rates", "products", "variations", "stock", "customers", "orders", "order_lines", "refunds")

_numbers = count(1)


def open_warehouse(url: str, tenant: str = "anna", **settings: object) -> SupabaseConnector:
    """Open a database as a tenant's warehouse."""
    return open_supabase(tenant, "warehouse", settings, {"url": url})


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


@pytest.fixture
def warehouse(shared_url: str, tenant: str) -> Iterator[SupabaseConnector]:
    """A prepared warehouse without a row of the tenant."""
    with open_warehouse(shared_url, tenant) as connector:
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
def admin(warehouse_url: str) -> Iterator[Look]:
    """The superuser in that database."""
    with look_into(warehouse_url, "postgres") as look:
        yield look
