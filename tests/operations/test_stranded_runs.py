"""Runs that were asked for and never began, as a real Prefect tells of them, and what its own schedules wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from config.beginning import Origin, begin
from db.ledger.sync_requests import change_request
from db.session import tenant_session
from domain.requests import Progress, RequestState
from domain.sync import RunState
from operations import runs
from operations.orchestrator import ON_DEMAND, Orchestrator
from tests.operations.steering import ROUTE
from tests.operations.telling import Story
from tests.operations.watches import DIED, LATENESS, SILENCE, Watch, told
from tests.prefect_server import forget_schedules

pytestmark = pytest.mark.prefect

AWAY = "http://127.0.0.1:9/api"


@pytest.fixture
def keeper(installation: None, ledger_engine: Engine, on_demand: str) -> Watch:
    """Somebody who has looked for a while."""
    forget_schedules(on_demand)
    watch = Watch(ledger_engine)
    assert watch.looks_for(LATENESS) == []
    return watch


def flow_run(api: str, state: str | None = None, message: str = "") -> str:
    """A flow run that Prefect was asked for, in a state."""
    with Orchestrator() as prefect:
        made = prefect.create_run(f"{ROUTE}/{ON_DEMAND}", {}, idempotency_key=str(uuid4()), tags=[])
    if state:
        content = {"state": {"type": state, "message": message}, "force": True}
        httpx.post(f"{api}/flow_runs/{made}/set_state", json=content, timeout=30).raise_for_status()
    return made


def state_at_prefect(flow_run_id: str) -> str | None:
    with Orchestrator() as prefect:
        state = prefect.state(flow_run_id)
    return state.type if state else None


def shown(keeper: Watch, request_id: UUID) -> tuple[Progress, str | None]:
    run = runs.show_run(Story(keeper.engine).caller, request_id)
    return run.state, run.error


@pytest.mark.parametrize(
    ("state", "message", "expected", "event"),
    [
        ("PENDING", "", RunState.CRASHED, "sync_crashed"),
        ("RUNNING", "", RunState.CRASHED, "sync_crashed"),
        ("CRASHED", "exit code -9", RunState.CRASHED, "sync_crashed"),
        ("FAILED", "it could not be loaded\nTraceback", RunState.FAILED, "sync_failed"),
        ("CANCELLED", "", RunState.CANCELLED, "sync_cancelled"),
    ],
)
def test_a_run_that_ended_before_it_began_is_closed_as_it_ended(
    keeper: Watch, on_demand: str, state: str, message: str, expected: RunState, event: str
) -> None:
    flow_run_id = flow_run(on_demand, state, message)
    request_id = keeper.is_asked_for(flow_run_id)

    assert keeper.looks_for(LATENESS - 1) == []
    assert keeper.looks_for(LATENESS) == [DIED]
    assert shown(keeper, request_id) == (Progress(expected), message.partition("\n")[0] or None)
    assert told(keeper.engine, "type") == [(event,)]
    assert state_at_prefect(flow_run_id) == ("CRASHED" if state in ("PENDING", "RUNNING") else state)


def test_a_run_that_was_to_begin_in_a_process_that_is_gone_or_that_prefect_forgot_has_crashed(keeper: Watch) -> None:
    gone, forgotten = keeper.is_asked_for(), keeper.is_asked_for(str(uuid4()))
    keeper.looks_for(LATENESS + 1)

    assert {shown(keeper, run_id)[0] for run_id in (gone, forgotten)} == {Progress.CRASHED}
    assert told(keeper.engine, "type") == [("sync_crashed",)] * 2


def test_a_run_that_waits_for_a_worker_is_told_once_and_begins_all_the_same(keeper: Watch, on_demand: str) -> None:
    flow_run_id = flow_run(on_demand)
    request_id = keeper.is_asked_for(flow_run_id)

    assert keeper.looks_for(3 * LATENESS) == []
    assert shown(keeper, request_id)[0] is Progress.SCHEDULED
    [(title, sentence)] = told(keeper.engine, "event ->> 'title', event ->> 'message'")
    assert title == "A run from shop to warehouse does not begin"
    assert sentence.endswith("has not begun; no worker took it up.")
    with tenant_session(keeper.engine, "default") as session:
        request = Story(keeper.engine).request(schedule=None, request_id=request_id)
        assert begin(session, request, Origin(flow_run_id, "prefect:x")).run_id == request_id


def test_whatever_prefect_cannot_be_asked_about_waits_and_that_is_told_once(
    keeper: Watch, on_demand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow_run_id = flow_run(on_demand, "RUNNING")
    handed_over, not_yet = keeper.is_asked_for(flow_run_id), keeper.is_asked_for(state=RequestState.ASKED)
    monkeypatch.setenv("PREFECT_API_URL", AWAY)
    keeper.looks_for(2 * LATENESS)

    assert {shown(keeper, run_id)[0] for run_id in (handed_over, not_yet)} == {Progress.SCHEDULED, Progress.ASKED}
    reasons = {sentence.partition("; ")[2] for (sentence,) in told(keeper.engine, "event ->> 'message'")}
    assert reasons == {"the Prefect server does not answer.", "Prefect does not know of it yet."}
    assert "does not answer" in keeper.look().amiss


@pytest.mark.parametrize("state", [RequestState.AWAITING_CONFIRMATION, RequestState.CANCELLED, RequestState.REFUSED])
def test_what_is_not_to_begin_is_not_missed(keeper: Watch, state: RequestState) -> None:
    keeper.is_asked_for(state=state)

    assert keeper.looks_for(2 * LATENESS) == []
    assert told(keeper.engine) == []


def test_a_request_that_is_withdrawn_while_prefect_is_asked_is_left_alone(
    keeper: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = keeper.is_asked_for(str(uuid4()))

    def withdraw(*_: object) -> None:
        with tenant_session(keeper.engine, "default") as session:
            change_request(session, request_id, RequestState.CANCELLED, expected=RequestState)

    monkeypatch.setattr(Orchestrator, "state", withdraw)

    assert keeper.looks_for(2 * LATENESS) == []
    assert shown(keeper, request_id)[0] is Progress.CANCELLED


def test_prefect_too_takes_a_silent_run_for_dead(keeper: Watch, on_demand: str) -> None:
    flow_run_id = flow_run(on_demand, "RUNNING")
    keeper.begins(flow_run_id)

    assert keeper.looks_for(SILENCE) == [DIED]
    assert state_at_prefect(flow_run_id) == "CRASHED"


@pytest.fixture
def own_schedule(on_demand: str) -> Iterator[dict[str, Any]]:
    """A deployment with a schedule that Prefect alone knows of, as prefect.yaml makes them."""
    with httpx.Client(base_url=on_demand, timeout=30) as client:
        flow = client.post("/flows/", json={"name": ROUTE}).json()["id"]
        content = {
            "name": "every-night",
            "flow_id": flow,
            "parameters": {"tenant": "default", "source": "shop", "target": "warehouse", "mode": "full"},
            "schedules": [{"schedule": {"interval": 86_400}, "active": True}],
        }
        made = client.post("/deployments/", json=content).raise_for_status().json()
        yield made
        client.delete(f"/deployments/{made['id']}")


def schedule_runs(api: str, deployment: dict[str, Any], keeper: Watch) -> None:
    """Have Prefect write down a run that is due soon."""
    span = {"start_time": keeper.now.isoformat(), "end_time": (keeper.now + timedelta(days=1)).isoformat()}
    httpx.post(
        f"{api}/deployments/{deployment['id']}/schedule", json={**span, "max_runs": 1, "min_runs": 1}, timeout=30
    ).raise_for_status()


def test_a_run_that_prefects_own_schedule_wanted_and_no_worker_took_up_is_told_once(
    keeper: Watch, on_demand: str, own_schedule: dict[str, Any]
) -> None:
    schedule_runs(on_demand, own_schedule, keeper)
    wanted = {"deployments": {"id": {"any_": [own_schedule["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
    first = httpx.post(f"{on_demand}/flow_runs/filter", json=wanted, timeout=30).json()[0]
    keeper.sleeps(days=1)

    found = keeper.looks_for(3 * LATENESS)

    assert [each.missed for each in found] == [1]
    [(schedule, sentence, track)] = told(keeper.engine, "event ->> 'schedule', event ->> 'message', track ->> 'whole'")
    assert (schedule, track) == (f"{ROUTE}/every-night", "true")
    assert sentence.startswith(f"The run that was due at {first['expected_start_time'][:10]}")
