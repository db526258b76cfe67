"""What is over disappears at night, from the ledger and from Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from prefect.client.orchestration import get_client
from sqlalchemy import Engine, text

from db import embedded
from db.ledger.audit import AuditFilter, list_audit
from db.session import tenant_session
from domain.retention import Retention
from flows.purge import purge
from operations.old_runs import OldRuns
from operations.purging import FREQUENT, Purged, purge_prefect
from simulators.woocommerce.server import Twin
from tests.flows.conftest import run, wait_until
from tests.operations.people import in_database, make_tenants

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

YESTERYEAR = "now() - interval '1000 days'"


@pytest.fixture
def flow_run_id(shop: Twin, ledger_engine: Engine) -> str:
    """A run of the shop's tax rates that has ended."""
    run(mode="full", kinds=["tax_rate"])
    with tenant_session(ledger_engine, "default") as session:
        return str(session.scalar(text("SELECT flow_run_id FROM unisync.runs")))


@pytest.fixture
def prefect(prefect_api: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=prefect_api, timeout=30) as client:
        yield client


def left(prefect: httpx.Client, flow_run_id: str) -> dict[str, int]:
    """How much Prefect still has of a flow run."""
    of_run = {"flow_run_id": {"any_": [flow_run_id]}}
    asked: dict[str, dict[str, Any]] = {
        "flow_runs": {"flow_runs": {"id": {"any_": [flow_run_id]}}},
        "task_runs": {"task_runs": {"flow_run_id": {"any_": [flow_run_id]}}},
        "logs": {"logs": of_run},
        "artifacts": {"artifacts": of_run},
    }
    return {
        what: len(prefect.post(f"/{what}/filter", json=content).raise_for_status().json())
        for what, content in asked.items()
    }


def test_an_old_flow_run_goes_with_its_task_runs_logs_and_artifacts(prefect: httpx.Client, flow_run_id: str) -> None:
    wait_until(lambda: all(left(prefect, flow_run_id).values()))
    now = datetime.now(UTC)
    with OldRuns() as old:
        assert old.count(now) > 0
        while old.delete_some(now) != (0, 0):
            pass
        assert old.count(now) == 0

    # Prefect deletes the logs a moment later, in a process of its own.
    wait_until(lambda: not any(left(prefect, flow_run_id).values()))


def test_runs_of_every_minute_are_kept_for_a_day_and_others_for_a_month(
    installation: None, prefect: httpx.Client, postgres: embedded.Server
) -> None:
    flow = prefect.post("/flows/", json={"name": "minutely"}).raise_for_status().json()["id"]
    made = []
    for hours, tags in ((30, [FREQUENT]), (20, [FREQUENT]), (30, [])):
        content = {"flow_id": flow, "state": {"type": "COMPLETED"}, "tags": tags}
        made.append(prefect.post("/flow_runs/", json=content).raise_for_status().json()["id"])
        with psycopg.connect(embedded.ensure_database(postgres, "prefect")) as connection:
            ended = datetime.now(UTC) - timedelta(hours=hours)
            connection.execute("UPDATE flow_run SET end_time = %s WHERE id = %s", [ended, made[-1]])

    foreseen, done = purge_prefect(Retention(), dry_run=True), purge_prefect(Retention())

    assert foreseen.deleted["flow runs of Prefect"] == done.deleted["flow runs of Prefect"] == 1
    assert [left(prefect, flow_run_id)["flow_runs"] for flow_run_id in made] == [0, 1, 1]


def test_the_flow_deletes_what_is_over_and_tells_how_much(
    ledger_engine: Engine, prefect: httpx.Client, flow_run_id: str
) -> None:
    in_database(ledger_engine, f"UPDATE unisync.record_log SET at = {YESTERYEAR} WHERE id % 2 = 0")
    count = "SELECT count(*) FROM unisync.record_log"
    ((before,),) = in_database(ledger_engine, count)

    make_tenants(ledger_engine, "berlin")
    foreseen, done, again = purge(dry_run=True), purge(), purge()

    assert isinstance(foreseen, Purged)
    assert isinstance(done, Purged)
    assert isinstance(again, Purged)
    entries = "entries of the record log"
    assert done.deleted[entries] == foreseen.deleted[entries] == before // 2
    assert again.deleted == dict.fromkeys(again.deleted, 0)
    assert in_database(ledger_engine, count) == [(before - before // 2,)]
    assert left(prefect, flow_run_id)["flow_runs"] == 1
    for tenant in ("default", "berlin"):
        with tenant_session(ledger_engine, tenant) as session:
            started = list_audit(session, AuditFilter(action="housekeeping.run"), None, 9)
        assert [(each.subject, each.details["dry_run"]) for each in started] == [
            ("purge", False),
            ("purge", False),
            ("purge", True),
        ]
        assert all(each.actor.startswith("prefect:") and each.details["flow_run_id"] for each in started)
    with get_client(sync_client=True) as client:
        texts = [artifact.data for artifact in client.read_artifacts() if artifact.key == "purge-summary"]
    assert any(f"| {entries} | {before // 2} |" in str(text) for text in texts)
