"""A whole installation for tests of flows: Prefect, a shop, a ledger and a warehouse, all real."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from config.settings import CHECKOUT, settings
from config.wiring import open_vault
from db import ledger
from db.session import tenant_session
from db.vault import bound_to, new_key
from domain.keys import Kind, System
from domain.sync import SyncReport, Tally
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.telling import Story
from tests.unmeasured import unmeasured

TENANT = "default"
SHOP = "shop"
TABLES = ("tax_rates", "products", "variations", "stock", "customers", "orders", "order_lines", "refunds")


@pytest.fixture
def twin() -> Iterator[Twin]:
    """The recorded shop."""
    with Twin.start(shop=recorded_shop()) as twin:
        yield twin


@pytest.fixture
def installation(
    monkeypatch: pytest.MonkeyPatch, prefect_api: str, ledger_url: str, warehouse_url: str
) -> Iterator[None]:
    """The environment of an installation with a fresh ledger and a fresh warehouse."""
    values = {
        "UNISYNC_DATABASE_URL": ledger_url,
        "UNISYNC_WAREHOUSE_URL": warehouse_url,
        "UNISYNC_SECRET_KEY": new_key(),
        "PREFECT_API_URL": prefect_api,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def shop(installation: None, ledger_engine: Engine, twin: Twin) -> Twin:
    """The recorded shop, connected as ``shop`` of the tenant ``default``."""
    connect(ledger_engine, twin)
    return twin


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """The warehouse as the tenant ``default`` sees it."""
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('unisync.tenant', %s, false)", [TENANT])
        yield Warehouse(connection)


@pytest.fixture
def story(shop: Twin, ledger_engine: Engine) -> Story:
    """The people of the tenant ``default``, who may want to be told."""
    return Story(ledger_engine, TENANT)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """Somebody's server that takes notices."""
    with HttpReceiver() as started:
        yield started


def connect(engine: Engine, twin: Twin, page_size: int = 100, name: str = SHOP, **changes: str) -> None:
    """Store the twin as a connection, as ``unisync connect`` would."""
    vault = open_vault()
    credentials = {"consumer_key": twin.key, "consumer_secret": twin.secret, **changes}
    sealed = vault.seal(credentials, bound_to=bound_to(TENANT, name))
    with tenant_session(engine, TENANT) as session:
        ledger.save_connection(
            session, name, System.WOOCOMMERCE, {"url": twin.url, "page_size": page_size}, sealed, vault.key_id
        )


def run(**parameters: Any) -> SyncReport:
    """Run the flow in this process and give its report; what made it fail is raised."""
    report = woocommerce_to_supabase(**parameters)
    assert isinstance(report, SyncReport)
    return report


def start_process(**parameters: Any) -> subprocess.Popen[bytes]:
    """Run the flow in a process of its own, to be killed."""
    code = f"from flows.woocommerce_to_supabase import woocommerce_to_supabase as run; run(**{parameters!r})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, env=unmeasured(), stderr=subprocess.DEVNULL)


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.05)


def written(report: SyncReport) -> dict[Kind, Tally]:
    """The kinds of which a run created, updated or failed anything."""
    return {kind: tally for kind, tally in report.tallies.items() if tally.created or tally.updated or tally.failed}


class Warehouse:
    """Looks into the warehouse."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, query: str, *parameters: object) -> list[Any]:
        return self.connection.execute(query.encode(), parameters).fetchall()

    def forbid_writes(self) -> None:
        """From now on every new connection to this database may only read."""
        name = self.connection.info.dbname
        self.connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(name))
        )

    def counts(self) -> dict[str, int]:
        query = sql.SQL("SELECT count(*) FROM commerce.{} WHERE deleted_at IS NULL")
        return {table: self.connection.execute(query.format(sql.Identifier(table))).fetchone()[0] for table in TABLES}

    def row_versions(self) -> dict[str, list[tuple[str, str]]]:
        query = sql.SQL("SELECT source_id, xmin::text FROM commerce.{} ORDER BY source_id")
        return {table: self.connection.execute(query.format(sql.Identifier(table))).fetchall() for table in TABLES}

    def sums(self) -> dict[tuple[str, str], tuple[int, Decimal]]:
        """Number and sum of the orders by status and currency."""
        rows = self.rows(
            "SELECT status, currency, count(*), sum(total) FROM commerce.orders WHERE deleted_at IS NULL GROUP BY 1, 2"
        )
        return {(status, currency): (count, total) for status, currency, count, total in rows}
