"""Runs that take much longer than usual: told once, and over with their end."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.ledger import load_run
from db.session import tenant_session
from domain.sync import RunState
from operations.incidents import IncidentFilter, search_incidents
from operations.watching import Watched
from tests.operations.telling import Story
from tests.operations.watches import LATENESS, LONG, Watch, told, watch_from


@pytest.fixture(autouse=True)
def no_prefect(installation: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")


@pytest.fixture
def busy(ledger_engine: Engine) -> Watch:
    """Somebody who has seen runs of ten and of twenty minutes."""
    keeper = watch_from(ledger_engine, 2026, 7, 16, 8)
    for minutes in (10, 20):
        run_id = keeper.begins()
        keeper.sleeps(minutes=minutes)
        keeper.ends(run_id)
    assert keeper.looks_for(LATENESS) == []
    return keeper


def lasts(keeper: Watch, run_id: UUID, minutes: int) -> list[Watched]:
    """Have the run live so long, and look."""
    keeper.others_look_for(minutes - 1)
    keeper.beats(run_id)
    return keeper.looks_for(1)


def test_a_run_that_takes_three_times_as_long_as_ever_is_told_once_and_resolved_by_its_end(busy: Watch) -> None:
    run_id = busy.begins()

    assert lasts(busy, run_id, 58) == []
    assert lasts(busy, run_id, 3) == [LONG]
    assert lasts(busy, run_id, 60) == []
    assert told(busy.engine) == [("default", "sync_stale", "run-overdue")]
    [(sentence,)] = told(busy.engine, "event ->> 'message'")
    assert sentence.endswith("is still at work; the longest of the last ones like it took 0 h 20 min.")

    story = Story(busy.engine, now=busy.now)
    story.judge()
    busy.completes(run_id)
    story.judge()
    [incident] = search_incidents(story.caller, IncidentFilter()).items
    assert incident.state == "resolved"


def test_a_run_of_another_kind_has_a_day_and_a_sleep_does_not_count(busy: Watch) -> None:
    run_id = busy.begins(kinds=("customer",))
    busy.sleeps(hours=30)

    assert lasts(busy, run_id, 120) == []
    with tenant_session(busy.engine, "default") as session:
        run = load_run(session, run_id)
    assert run is not None
    assert run.state is RunState.RUNNING
