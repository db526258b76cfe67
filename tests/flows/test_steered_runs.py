"""Runs that are cancelled, started in the sandbox, by schedules or by nobody we know: what they may do and leave."""

from __future__ import annotations

import signal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from config.requests import build_request, flow_parameters
from db import ledger
from db.ledger.audit import AuditFilter, list_audit
from db.ledger.schedules import change_schedule, load_schedule, save_schedule
from db.ledger.sync_requests import save_request
from db.ledger.sync_settings import save_sandbox
from db.session import tenant_session
from domain.access import Role
from domain.errors import Misconfigured
from domain.keys import Kind
from domain.requests import Progress, RequestState
from domain.sync import RunState, Tally
from operations import runs
from operations.caller import Caller
from operations.local_runs import note_planned_run, note_run
from operations.runs import RunFilter
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.flows.conftest import SHOP, TENANT, Warehouse, connect, run, start_process, wait_until
from tests.flows.test_crashes import held_up, waits_for
from tests.operations.people import in_database

pytestmark = pytest.mark.prefect

STAGING = "staging-shop"


@pytest.fixture
def caller(ledger_engine: Engine) -> Caller:
    """Somebody at the machine's shell."""
    return Caller(ledger_engine, TENANT, "operator:test", Role.ADMIN)


def only_run(caller: Caller) -> runs.Run:
    (one,) = runs.list_runs(caller, RunFilter()).items
    return one


@pytest.mark.parametrize("is_killed", [False, True], ids=["between its pages", "by its worker"])
def test_a_running_run_is_cancelled_and_leaves_all_in_order(
    shop: Twin, warehouse: Warehouse, ledger_url: str, ledger_engine: Engine, caller: Caller, is_killed: bool
) -> None:
    with held_up(ledger_url, "unisync.links"):
        process = start_process(mode="full", kinds=["tax_rate", "order"])
        wait_until(lambda: waits_for(ledger_url, "unisync.links"))
        assert runs.cancel(caller, only_run(caller).id).state is Progress.CANCELLING
        if is_killed:
            process.send_signal(signal.SIGTERM)
    process.wait(60)

    assert only_run(caller).state is Progress.CANCELLED
    assert in_database(ledger_engine, "SELECT type FROM unisync.events") == [("sync_cancelled",)]
    assert warehouse.counts()["orders"] == 0
    with psycopg.connect(ledger_url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        assert connection.execute("SELECT count(*) FROM unisync.leases WHERE holder IS NOT NULL").fetchone() == (0,)
    # It goes on where the other stopped, at once.
    assert run(mode="full", kinds=["tax_rate"]).tallies[Kind.TAX_RATE].read == 17


def test_a_request_that_was_cancelled_is_not_carried_out_even_if_its_flow_run_comes(
    shop: Twin, warehouse: Warehouse, caller: Caller
) -> None:
    request_id = asked_for(caller)
    runs.cancel(caller, request_id)

    with pytest.raises(Misconfigured, match="was cancelled, so it is not carried out"):
        run(mode="full", kinds=["tax_rate"], request_id=request_id)
    assert runs.show_run(caller, request_id).state is Progress.CANCELLED


def test_a_request_is_carried_out_as_it_was_asked_for_or_not_at_all(shop: Twin, caller: Caller) -> None:
    request_id = asked_for(caller)
    with pytest.raises(Misconfigured, match="names another request"):
        run(mode="full", kinds=["order"], request_id=request_id)

    run(mode="full", kinds=["tax_rate"], request_id=request_id)

    shown = runs.show_run(caller, request_id)
    assert (shown.state, shown.actor) == (Progress.COMPLETED, "user:ann@example.org")
    assert shown.tallies == {Kind.TAX_RATE: Tally(read=17, created=17)}
    with pytest.raises(Misconfigured, match="carried out by another flow run"):
        run(mode="full", kinds=["tax_rate"], request_id=request_id)


def asked_for(caller: Caller) -> UUID:
    """Somebody asks for a run, and nobody has begun it."""
    parameters = {"tenant": TENANT, "source": SHOP, "target": "warehouse", "mode": "full", "kinds": ["tax_rate"]}
    request, request_id = build_request("woocommerce-to-supabase", parameters), uuid4()
    with caller.ledger() as session:
        save_request(session, request_id, request, RequestState.ASKED, actor="user:ann@example.org")
    return request_id


def test_a_run_that_nobody_asked_us_for_is_in_the_audit_log(shop: Twin, caller: Caller) -> None:
    run(mode="full", kinds=["tax_rate"])

    with caller.ledger() as session:
        (entry,) = list_audit(session, AuditFilter(action="sync.run"), None, 9)
    assert entry.actor == "prefect:default: shop to warehouse, full"
    assert (entry.details["scheduled"], entry.details["deployed"]) == (False, False)
    assert only_run(caller).actor == entry.actor


def test_in_the_sandbox_every_run_uses_the_stand_ins_and_nothing_live_is_touched(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine, caller: Caller
) -> None:
    with caller.ledger() as session:
        save_sandbox(session, True, {})
    calls = len(shop.log.lines())
    with pytest.raises(Misconfigured, match=r"nothing stands in for the connection shop, so it is not touched"):
        run(mode="full", kinds=["tax_rate"])
    assert len(shop.log.lines()) == calls

    with Twin.start(shop=recorded_shop()) as staging:
        connect(ledger_engine, staging, name=STAGING)
        with caller.ledger() as session:
            save_sandbox(session, True, {SHOP: STAGING})
        report = run(mode="full", kinds=["tax_rate"])

    assert (report.request.source, report.request.target, report.request.sandbox) == (
        STAGING,
        "warehouse-sandbox",
        True,
    )
    assert len(shop.log.lines()) == calls
    assert warehouse.rows("SELECT count(*) FROM commerce_sandbox.tax_rates") == [(17,)]
    assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]
    newest = runs.list_runs(caller, RunFilter(limit=1)).items[0]
    assert (newest.request.source, newest.used.source if newest.used else None) == (SHOP, STAGING)

    with caller.ledger() as session:
        save_sandbox(session, False, {SHOP: STAGING})
    assert run(mode="full", kinds=["tax_rate"]).tallies[Kind.TAX_RATE].created == 17


def test_a_schedule_runs_nothing_before_a_complete_run_was_confirmed_nor_while_it_is_paused(
    shop: Twin, caller: Caller
) -> None:
    timing = {"cron": "30 2 * * *", "zone": "UTC", "mode": "full", "kinds": ["tax_rate"]}
    way = {"route": "woocommerce-to-supabase", "source_connection": SHOP, "target_connection": "warehouse"}
    by_schedule = {"mode": "full", "kinds": ["tax_rate"], "schedule": "nightly"}
    with pytest.raises(Misconfigured, match="the schedule nightly is gone"):
        run(**by_schedule)
    with caller.ledger() as session:
        save_schedule(session, "nightly", "operator:test", **timing, **way)
    with pytest.raises(Misconfigured, match="nobody has confirmed a run from shop to warehouse yet"):
        run(**by_schedule)

    run(mode="full", kinds=["tax_rate"])
    with pytest.raises(Misconfigured, match="nobody has confirmed a run from shop to warehouse yet"):
        run(**by_schedule)
    run(**confirmed(caller))
    run(**by_schedule)

    with caller.ledger() as session:
        stored = load_schedule(session, "nightly")
        change_schedule(session, "nightly", paused=True)
    assert stored is not None
    assert stored.next_due is not None
    with pytest.raises(Misconfigured, match="the schedule nightly is paused"):
        run(**by_schedule)
    with tenant_session(caller.engine, TENANT) as session:
        assert [each.state for each in ledger.list_runs(session, 9)].count(RunState.COMPLETED) == 4


def confirmed(caller: Caller) -> dict[str, Any]:
    """Make a dry run, say yes to its plan, and give the parameters of the run that carries it out."""
    parameters = {"tenant": TENANT, "source": SHOP, "target": "warehouse", "mode": "full", "kinds": ["tax_rate"]}
    planned = note_run(caller, build_request("woocommerce-to-supabase", parameters | {"dry_run": True}))
    run(**flow_parameters(planned))
    assert planned.request_id is not None
    return flow_parameters(note_planned_run(caller, planned.request_id, confirmed=True))
