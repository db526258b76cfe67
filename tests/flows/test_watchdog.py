"""The watchdog as a flow, and the heartbeat that it goes by, with real processes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.schemas.objects import State
from sqlalchemy import Engine

from config import beating
from config.settings import settings
from db.ledger import close_run, list_runs, load_run, open_run
from db.session import tenant_session
from domain.sync import RunState
from flows.watchdog import watchdog
from operations.closing import close_flow_run_and_tell
from operations.watching import Watched
from simulators.woocommerce.server import Twin
from tests.flows.conftest import TENANT, start_process, wait_until
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.telling import Story
from tests.operations.watches import let_time_pass, told
from tests.prefect_server import forget_schedules

pytestmark = pytest.mark.prefect


def found() -> Watched:
    """What the flow finds."""
    done = watchdog()
    assert isinstance(done, Watched)
    return done


def test_a_run_whose_process_was_killed_is_told_once_and_dead_for_prefect_too(
    shop: Twin, ledger_engine: Engine, prefect_api: str
) -> None:
    forget_schedules(prefect_api)
    shop.faults.add(delay=600, count=0)
    process = start_process(mode="full", kinds=["tax_rate"])

    def running() -> list[str | None]:
        with tenant_session(ledger_engine, TENANT) as session:
            return [run.flow_run_id for run in list_runs(session, 9) if run.state is RunState.RUNNING]

    wait_until(lambda: running() != [])
    (flow_run_id,) = running()
    assert flow_run_id is not None
    process.kill()
    process.wait()
    shop.faults.clear()
    assert found().died == 0

    let_time_pass(ledger_engine)
    assert found().died == 1
    assert found().died == 0
    with tenant_session(ledger_engine, TENANT) as session:
        at = list_runs(session, 9)[0].heartbeat_at
    assert not close_flow_run_and_tell(ledger_engine, flow_run_id, RunState.CRASHED, "the hook comes late", at=at)
    assert told(ledger_engine) == [(TENANT, "sync_crashed", "run-crashed")]
    state = httpx.get(f"{prefect_api}/flow_runs/{flow_run_id}", timeout=30).json()["state"]
    assert (state["type"], state["message"]) == ("CRASHED", "It gave no sign of life any more.")


def test_a_look_that_failed_gives_no_sign_of_life_and_fails_in_one_sentence(
    installation: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpReceiver() as elsewhere:
        monkeypatch.setenv("UNISYNC_WATCHDOG_PING_URL", elsewhere.url)
        settings.cache_clear()
        found()
        assert len(elsewhere.requests) == 1

        monkeypatch.setenv("UNISYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/ledger")
        settings.cache_clear()
        failed: State[object] = watchdog(return_state=True)

    assert (failed.is_failed(), len(elsewhere.requests)) == (True, 1)
    assert "cannot be reached" in (failed.message or "")


@pytest.fixture
def run_id(ledger_engine: Engine) -> UUID:
    run_id = uuid4()
    with tenant_session(ledger_engine, TENANT) as session:
        open_run(session, run_id, Story(ledger_engine).request(), None)
    return run_id


def test_a_run_shows_that_it_lives_until_its_row_is_closed(
    ledger_engine: Engine, run_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beating, "BEAT_SECONDS", 0.02)

    def heartbeat() -> datetime:
        with tenant_session(ledger_engine, TENANT) as session:
            run = load_run(session, run_id)
        assert run is not None
        return run.heartbeat_at

    with beating.beating(ledger_engine, TENANT, run_id):
        first = heartbeat()
        wait_until(lambda: heartbeat() > first)
        with tenant_session(ledger_engine, TENANT) as session:
            close_run(session, run_id, RunState.COMPLETED)
        last = heartbeat()
    assert heartbeat() == last
