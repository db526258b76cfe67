"""What happens to the row of a run when Prefect calls a hook."""

from __future__ import annotations

from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Completed
from sqlalchemy import Engine

from config.settings import settings
from db import ledger
from db.session import tenant_session
from domain.sync import RunState, SyncRequest
from flows.hooks import close_cancelled, close_completed
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from tests.flows.conftest import TENANT

pytestmark = pytest.mark.prefect


@pytest.fixture
def flow_run(installation: None, ledger_engine: Engine) -> FlowRun:
    """A flow run that Prefect knows, with its open row in the ledger."""
    with get_client(sync_client=True) as client:
        made = client.create_flow_run(woocommerce_to_supabase)
    request = SyncRequest.model_validate(
        {"tenant": TENANT, "route": "r", "source": "s", "target": "w", "kinds": ["order"], "mode": "full"}
    )
    with tenant_session(ledger_engine, TENANT) as session:
        ledger.open_run(session, uuid4(), request, str(made.id))
    return made


def closed(engine: Engine) -> list[tuple[RunState, str | None]]:
    with tenant_session(engine, TENANT) as session:
        return [(run.state, run.error) for run in ledger.list_runs(session, 9)]


def test_a_cancelled_run_is_closed_once_with_the_first_line_of_the_reason(
    flow_run: FlowRun, ledger_engine: Engine
) -> None:
    state: State[None] = Cancelled(message="stopped by hand\nTraceback ...")
    close_cancelled(woocommerce_to_supabase, flow_run, state)
    close_completed(woocommerce_to_supabase, flow_run, Completed())
    assert closed(ledger_engine) == [(RunState.CANCELLED, "stopped by hand")]


def test_a_ledger_out_of_reach_is_logged_and_never_raised(
    flow_run: FlowRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("UNISYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/ledger")
    settings.cache_clear()
    close_cancelled(woocommerce_to_supabase, flow_run, Cancelled(message="stopped"))
    assert "its row could not be closed" in caplog.text
