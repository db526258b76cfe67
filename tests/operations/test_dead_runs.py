"""Runs that died without a word: they are found, closed and told once; what lives is left alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from db.ledger import ask_to_cancel, load_run
from db.session import open_engine, tenant_session
from domain.sync import RunState
from operations.closing import close_flow_run_and_tell
from operations.watching import watch
from tests.operations.people import in_database, make_tenants
from tests.operations.test_outbox_kills import Steps, steps
from tests.operations.watches import DIED, LATENESS, SILENCE, Watch, told

__all__ = ["steps"]

LONG_AGO = timedelta(minutes=10)
CRASHED = ("default", "sync_crashed", "run-crashed")


@pytest.fixture
def keeper(installation: None, ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Somebody who has looked for a while; no Prefect answers."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    watch = Watch(ledger_engine)
    assert watch.looks_for(SILENCE) == []
    return watch


def state_of(watch: Watch, run_id: UUID) -> RunState:
    with tenant_session(watch.engine, watch.tenant) as session:
        run = load_run(session, run_id)
    assert run is not None
    return run.state


def test_a_run_that_gives_no_sign_of_life_is_closed_and_told_once(keeper: Watch) -> None:
    run_id = keeper.begins()

    assert keeper.looks_for(SILENCE - 2) == []
    assert keeper.looks_for(20) == [DIED]
    assert state_of(keeper, run_id) is RunState.CRASHED
    assert told(keeper.engine) == [CRASHED]
    assert in_database(keeper.engine, "SELECT schedule, failures FROM unisync.streaks") == [("nightly", 1)]


def test_a_run_that_lives_is_left_alone_however_long_it_takes(keeper: Watch) -> None:
    run_id = keeper.begins()
    for _ in range(15):
        keeper.beats(run_id)
        assert keeper.looks_for(1) == []

    assert state_of(keeper, run_id) is RunState.RUNNING


def test_a_run_at_whose_row_somebody_is_at_work_lives(keeper: Watch, ledger_url: str) -> None:
    run_id = keeper.begins()
    with psycopg.connect(ledger_url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        connection.execute("SELECT 1 FROM unisync.runs WHERE id = %s FOR UPDATE", [run_id])
        assert keeper.looks_for(SILENCE + 1) == []
    assert keeper.looks_for(1) == [DIED]


def test_after_a_sleep_everything_has_the_time_to_show_that_it_lives(keeper: Watch) -> None:
    lives, is_dead = keeper.begins(), keeper.begins()
    keeper.sleeps(hours=10)

    assert keeper.look().died == 0
    for _ in range(SILENCE):
        keeper.beats(lives)
        keeper.looks_for(1)

    assert (state_of(keeper, lives), state_of(keeper, is_dead)) == (RunState.RUNNING, RunState.CRASHED)


def test_whoever_looks_for_the_first_time_waits_before_calling_anything_dead(
    installation: None, ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    watch = Watch(ledger_engine)
    watch.begins()
    watch.sleeps(days=1)

    assert watch.looks_for(SILENCE - 1) == []
    assert watch.looks_for(2) == [DIED]


def test_a_hook_that_comes_late_changes_and_tells_nothing_more(keeper: Watch) -> None:
    run_id = keeper.begins("flow-run-1")
    keeper.looks_for(SILENCE)

    assert not close_flow_run_and_tell(keeper.engine, "flow-run-1", RunState.FAILED, "too late", at=keeper.now)
    assert state_of(keeper, run_id) is RunState.CRASHED
    assert told(keeper.engine) == [CRASHED]


def test_a_run_that_somebody_asked_to_end_and_that_died_was_cancelled(keeper: Watch) -> None:
    run_id = keeper.begins()
    with tenant_session(keeper.engine, "default") as session:
        ask_to_cancel(session, run_id)

    assert keeper.looks_for(SILENCE) == [DIED]
    assert told(keeper.engine) == [("default", "sync_cancelled", "run-cancelled")]


def test_two_watchdogs_at_once_close_and_tell_every_run_once_each_to_its_own_tenant(keeper: Watch) -> None:
    tenants = [f"tenant-{number}" for number in range(8)]
    make_tenants(keeper.engine, *tenants)
    for tenant in tenants:
        Watch(keeper.engine, tenant, keeper.now).begins()
    keeper.looks_for(SILENCE - 1)
    together = Barrier(2)

    def look(_: int) -> int:
        engine = open_engine(keeper.engine.url.render_as_string(hide_password=False))
        together.wait()
        died = watch(engine, keeper.now).died
        engine.dispose()
        return died

    keeper.sleeps(minutes=1)
    with ThreadPoolExecutor(2) as processes:
        died = list(processes.map(look, range(2)))

    assert sum(died) == len(tenants)
    assert sorted(told(keeper.engine)) == [(tenant, *CRASHED[1:]) for tenant in tenants]


def silent_run(watch: Watch) -> UUID:
    """A run that gave no sign of life for long."""
    return Watch(watch.engine, watch.tenant, watch.now - LONG_AGO).begins()


def lost_request(watch: Watch) -> UUID:
    """A run that somebody asked for long ago, whose process died before it began."""
    return Watch(watch.engine, watch.tenant, watch.now - LONG_AGO).is_asked_for()


@pytest.mark.parametrize("lose", [silent_run, lost_request])
def test_whenever_the_watchdog_is_killed_a_run_is_closed_counted_and_told_once(
    keeper: Watch, steps: Steps, lose: Callable[[Watch], UUID]
) -> None:
    keeper.looks_for(LATENESS)
    number, is_whole = 0, False
    while not is_whole:
        make_tenants(keeper.engine, f"tenant-{number}")
        dead = Watch(keeper.engine, f"tenant-{number}", keeper.now)
        run_id = lose(dead)

        with steps.killed_after(number):
            keeper.look()
        is_whole = len(steps.taken) <= number
        where = f"killed at step {number}: {steps.taken[-1]}"
        keeper.look()

        assert state_of(dead, run_id) is RunState.CRASHED, where
        own = f"WHERE tenant = '{dead.tenant}'"
        assert in_database(keeper.engine, f"SELECT type FROM unisync.events {own}") == [("sync_crashed",)], where
        assert in_database(keeper.engine, f"SELECT failures FROM unisync.streaks {own}") == [(1,)], where
        number += 1

    assert number > 8


@pytest.fixture
def unreadable(keeper: Watch) -> UUID:
    """A run of another version of this program."""
    run_id = keeper.begins()
    in_database(keeper.engine, f"UPDATE unisync.runs SET request = '{{}}' WHERE id = '{run_id}'")
    return run_id


def test_what_cannot_be_read_is_logged_and_keeps_nobody_waiting(
    keeper: Watch, unreadable: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.begins(str(uuid4()))

    assert keeper.looks_for(SILENCE) == [DIED]
    assert f"{unreadable}" in caplog.text
    assert told(keeper.engine) == [CRASHED]
