"""Schedules and ad-hoc runs, as Prefect itself carries them out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from cli.processes import stop
from config.routes import WOOCOMMERCE_TO_SUPABASE
from config.settings import CHECKOUT
from domain.access import Role
from domain.keys import Kind
from domain.requests import Progress
from domain.sync import Mode
from operations import runs, sync
from operations.caller import Caller
from operations.confirmations import confirm
from operations.wanted_runs import DryRunWish, RunWish
from simulators.woocommerce.server import Twin
from tests.flows.conftest import TENANT, Warehouse, wait_until
from tests.unmeasured import unmeasured

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

UNISYNC = [sys.executable, "-c", "from cli.main import run; run()"]


def found(api: str, what: str, body: dict[str, object]) -> list[dict[str, Any]]:
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
    assert {key: timetable(each) for key, each in every.items()} == {
        ("woocommerce_to_supabase", "incremental"): ("*/15 * * * *", True),
        ("woocommerce_to_supabase", "full"): ("30 2 * * *", True),
        ("woocommerce_to_quickbooks", "incremental"): ("5-59/15 * * * *", False),
        ("woocommerce_to_quickbooks", "full"): ("30 3 * * *", False),
        ("woocommerce_to_supabase", "on-demand"): None,
        ("woocommerce_to_quickbooks", "on-demand"): None,
        ("look_after_webhooks", "hourly"): ("25 * * * *", True),
        ("ask_books", "daily"): ("15 4 * * *", True),
        ("deliver_notifications", "minutely"): ("* * * * *", True),
        ("check_connections", "hourly"): ("40 * * * *", True),
        ("purge", "nightly"): ("30 5 * * *", True),
        ("watchdog", "every-two-minutes"): ("*/2 * * * *", True),
    }
    zones = {plan["schedule"]["timezone"] for each in every.values() for plan in each["schedules"]}
    assert zones == {"Europe/Berlin"}
    deployment = every["woocommerce_to_supabase", "full"]
    form = deployment["parameter_openapi_schema"]["properties"]
    assert sorted(form, key=lambda name: form[name]["position"]) == [
        "tenant", "source", "target", "kinds", "mode", "since", "ids", "statuses", "created_from", "created_until",
        "changed_from", "changed_until", "dry_run", "allow_removals", "plan", "most_records", "most_amount",
        "request_id", "schedule",
    ]  # fmt: skip
    assert all(field["description"] for field in form.values())

    # Some releases of Prefect's own dependencies silence its scheduler; then nothing would ever run by schedule.
    scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    wait_until(lambda: any(run["auto_scheduled"] for run in found(prefect_api, "flow_runs", scheduled)), seconds=90)

    caller = Caller(ledger_engine, TENANT, "operator:test", Role.ADMIN)
    wish = DryRunWish(route=WOOCOMMERCE_TO_SUPABASE, mode=Mode.FULL, kinds=(Kind.TAX_RATE,))
    with worker():
        planned = sync.start_dry_run(caller, wish)
        wait_until(lambda: runs.show_run(caller, planned.id).state is Progress.COMPLETED, seconds=90)
        assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]
        confirmation = sync.start(caller, (), RunWish(plan=planned.id)).confirmation
        assert confirmation is not None
        confirmed = confirm(caller, confirmation.token).run
        wait_until(lambda: runs.show_run(caller, confirmed.id).state is Progress.COMPLETED, seconds=90)
    assert warehouse.rows("SELECT count(*) FROM commerce.tax_rates") == [(17,)]
    assert runs.show_run(caller, confirmed.id).actor == "operator:test"


def timetable(deployment: dict[str, Any]) -> tuple[str, bool] | None:
    """When a deployment runs by itself, and whether that is switched on."""
    plans = [(plan["schedule"]["cron"], plan["active"]) for plan in deployment["schedules"]]
    return plans[0] if plans else None


@contextmanager
def worker() -> Iterator[None]:
    """Carry out what Prefect is asked for."""
    environment = {**unmeasured(), "PYTHONUNBUFFERED": "1", "PREFECT_WORKER_QUERY_SECONDS": "1"}
    process = subprocess.Popen([*UNISYNC, "prefect", "worker"], cwd=CHECKOUT, env=environment)
    try:
        yield
    finally:
        stop(process)
