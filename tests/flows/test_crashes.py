"""Runs that are killed: the next one repairs what they left, and nothing stands twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Engine, text

from db import ledger
from db.session import tenant_session
from domain.keys import Kind
from domain.sync import RunState, Tally
from simulators.woocommerce.server import Twin
from tests.flows.conftest import TENANT, Warehouse, run, start_process, wait_until, written
from tests.operations.people import in_database

pytestmark = pytest.mark.prefect


@contextmanager
def held_up(url: str, table: str) -> Iterator[None]:
    """Let nobody write to the table for a while; reading goes on."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield


def waits_for(warehouse_or_ledger: str, table: str) -> bool:
    with psycopg.connect(warehouse_or_ledger) as connection:
        waiting = connection.execute(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table]
        ).fetchone()
    return waiting is not None


def expire_leases(engine: Engine) -> None:
    """Let the time pass that a killed run's lease still has."""
    with tenant_session(engine, TENANT) as session:
        session.execute(text("UPDATE unisync.leases SET expires_at = now()"))


def test_a_run_killed_between_write_and_settle_is_adopted_without_a_write(
    shop: Twin, warehouse: Warehouse, ledger_url: str, ledger_engine: Engine
) -> None:
    with held_up(ledger_url, "unisync.links"):
        process = start_process(mode="full", kinds=["order"])
        wait_until(lambda: waits_for(ledger_url, "unisync.links"))
        process.kill()
        process.wait()
    assert warehouse.counts()["orders"] > 0
    expire_leases(ledger_engine)
    before = warehouse.row_versions()
    held = warehouse.counts()["orders"]

    report = run(mode="full", kinds=["order"])

    assert report.tallies[Kind.ORDER] == Tally(read=321, created=321 - held, unchanged=held)
    kept = dict(warehouse.row_versions()["orders"])
    assert {number: kept[number] for number, _ in before["orders"]} == dict(before["orders"])
    assert written(run(mode="full", kinds=["order"])) == {}


def test_a_run_killed_while_it_writes_leaves_nothing_half_done(
    shop: Twin, warehouse: Warehouse, warehouse_url: str, ledger_engine: Engine
) -> None:
    run(mode="full", kinds=["tax_rate"])
    with held_up(warehouse_url, "commerce.orders"):
        process = start_process(mode="full", kinds=["order"])
        wait_until(lambda: waits_for(warehouse_url, "commerce.orders"))
        process.kill()
        process.wait()
    expire_leases(ledger_engine)

    assert run(mode="full", kinds=["order"]).tallies[Kind.ORDER] == Tally(read=321, created=321)
    assert written(run(mode="full", kinds=["order"])) == {}


def test_a_run_that_is_told_to_stop_closes_its_row_as_crashed_and_is_told(
    shop: Twin, ledger_url: str, ledger_engine: Engine
) -> None:
    with held_up(ledger_url, "unisync.links"):
        process = start_process(mode="full", kinds=["tax_rate"])
        wait_until(lambda: waits_for(ledger_url, "unisync.links"))
        process.send_signal(signal.SIGTERM)
    process.wait(60)
    with tenant_session(ledger_engine, TENANT) as session:
        assert [run.state for run in ledger.list_runs(session, 9)] == [RunState.CRASHED]
    assert in_database(ledger_engine, "SELECT type FROM unisync.events") == [("sync_crashed",)]


def test_two_runs_at_once_write_each_record_once(shop: Twin, warehouse: Warehouse, ledger_engine: Engine) -> None:
    processes = [start_process(mode="full") for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    with tenant_session(ledger_engine, TENANT) as session:
        created = [run.tallies[Kind.ORDER].created for run in ledger.list_runs(session, 9)]
    assert sum(created) == 321
    assert warehouse.counts()["orders"] == 321
    assert written(run(mode="full")) == {}
