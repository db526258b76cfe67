"""Schedules and ad-hoc runs, as Prefect itself carries them out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
from sqlalchemy import Engine

from config.settings import CHECKOUT
from db import ledger
from db.session import tenant_session
from domain.sync import RunState
from simulators.woocommerce.server import Twin
from tests.flows.conftest import TENANT, Warehouse, wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

UNISYNC = [sys.executable, "-c", "from cli.main import run; run()"]


def found(api: str, what: str, body: dict[str, object]) -> list[dict[str, object]]:
    return httpx.post(f"{api}/{what}/filter", json=body, timeout=30).raise_for_status().json()


def test_everything_is_deployed_scheduled_and_run_by_a_worker(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine, prefect_api: str
) -> None:
    done = subprocess.run([*UNISYNC, "prefect", "up"], cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "unisync prefect worker" in done.stdout

    every = {
        (each["entrypoint"].partition(":")[2], each["name"]): each for each in found(prefect_api, "deployments", {})
    }
    assert {
        key: (each["schedules"][0]["schedule"]["cron"], each["schedules"][0]["active"]) for key, each in every.items()
    } == {
        ("woocommerce_to_supabase", "incremental"): ("*/15 * * * *", True),
        ("woocommerce_to_supabase", "full"): ("30 2 * * *", True),
        ("woocommerce_to_quickbooks", "incremental"): ("5-59/15 * * * *", False),
        ("woocommerce_to_quickbooks", "full"): ("30 3 * * *", False),
    }
    assert {each["schedules"][0]["schedule"]["timezone"] for each in every.values()} == {"Europe/Berlin"}
    deployment = every["woocommerce_to_supabase", "full"]
    form = deployment["parameter_openapi_schema"]["properties"]
    assert sorted(form, key=lambda name: form[name]["position"]) == [
        "tenant", "source", "target", "kinds", "mode", "since", "ids", "dry_run", "allow_removals",
    ]  # fmt: skip
    assert all(field["description"] for field in form.values())

    # Some releases of Prefect's own dependencies silence its scheduler; then nothing would ever run by schedule.
    scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    wait_until(lambda: len(found(prefect_api, "flow_runs", scheduled)) > 0, seconds=90)

    ask = {"parameters": {"mode": "full", "kinds": ["tax_rate"]}}
    url = f"{prefect_api}/deployments/{deployment['id']}/create_flow_run"
    httpx.post(url, json=ask, timeout=30).raise_for_status()
    worker = subprocess.Popen(
        [*UNISYNC, "prefect", "worker"], cwd=CHECKOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        wait_until(lambda: has_completed(ledger_engine), seconds=90)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    assert warehouse.rows("SELECT count(*) FROM commerce.tax_rates") == [(17,)]


def has_completed(engine: Engine) -> bool:
    with tenant_session(engine, TENANT) as session:
        return RunState.COMPLETED in [run.state for run in ledger.list_runs(session, 9)]
