"""Schedules that did not fire: told once, and nothing is told that is no news."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine

from config.cron import next_due
from db.ledger.schedules import change_schedule, note_due
from db.ledger.sync_settings import save_sandbox
from db.session import open_engine, tenant_session
from operations.watching import watch
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import in_database, make_tenants
from tests.operations.telling import Story
from tests.operations.telling import told as received
from tests.operations.test_outbox_kills import Steps, steps
from tests.operations.watches import LATENESS, MINUTE, MISSED, Watch, told, watch_from

__all__ = ["steps"]

MISSING = ("default", "sync_stale", "schedule-missed")


@pytest.fixture(autouse=True)
def no_prefect(installation: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")


@pytest.fixture
def keeper(ledger_engine: Engine) -> Watch:
    """Somebody who looks, a minute before the schedule ``nightly`` is due."""
    watch = watch_from(ledger_engine, 2026, 7, 16, 2, 29)
    watch.schedules()
    return watch


def starts(keeper: Watch, name: str = "nightly", cron: str = "30 2 * * *") -> UUID:
    """A run of the schedule begins, as its flow does."""
    run_id = keeper.begins(schedule=name)
    with tenant_session(keeper.engine, keeper.tenant) as session:
        note_due(session, name, next_due(cron, "UTC", keeper.now))
    return run_id


def test_a_schedule_that_did_not_fire_is_told_once_for_each_time(keeper: Watch) -> None:
    assert keeper.looks_for(LATENESS) == []
    assert keeper.looks_for(LATENESS) == [MISSED]
    assert keeper.looks_for(2 * LATENESS) == []
    assert told(keeper.engine) == [MISSING]

    keeper.sleeps(hours=24)
    assert keeper.looks_for(2 * LATENESS) == [MISSED]
    assert told(keeper.engine) == [MISSING, MISSING]


def test_it_is_told_what_is_missing_and_told_again_when_it_runs(keeper: Watch) -> None:
    with HttpReceiver() as receiver:
        story = Story(keeper.engine)
        story.subscribe(receiver)
        keeper.looks_for(2 * LATENESS)
        story.now = keeper.now
        story.flush()
        keeper.completes(starts(keeper))
        story.later(minutes=1)

        assert received(receiver) == [("sync_stale", "opened"), ("recovered", "resolved")]
    [(title, sentence)] = told(keeper.engine, "event ->> 'title', event ->> 'message'")[:1]
    assert title == "The schedule nightly is overdue"
    assert sentence == "The run that was due at 2026-07-16 02:30 UTC has not begun."


def test_a_schedule_that_prefect_was_not_told_of_says_so(keeper: Watch) -> None:
    with tenant_session(keeper.engine, "default") as session:
        change_schedule(session, "nightly")
    keeper.looks_for(2 * LATENESS)

    [(sentence,)] = told(keeper.engine, "event ->> 'message'")
    assert "Prefect has not been told of this schedule as it is now" in sentence


def test_a_schedule_that_fires_a_little_late_is_no_news(keeper: Watch) -> None:
    keeper.looks_for(LATENESS)
    keeper.completes(starts(keeper))

    assert keeper.looks_for(2 * LATENESS) == []


def test_while_the_former_run_is_at_work_no_other_one_is_missed(ledger_engine: Engine) -> None:
    keeper = watch_from(ledger_engine, 2026, 7, 16, 12)
    keeper.schedules(cron="*/15 * * * *")
    run_id = starts(keeper, cron="*/15 * * * *")
    for _ in range(20):
        keeper.beats(run_id)
        assert keeper.looks_for(1) == []
    keeper.ends(run_id)

    assert keeper.looks_for(9) == []
    assert keeper.due() == datetime(2026, 7, 16, 12, 30, tzinfo=UTC)
    assert keeper.looks_for(LATENESS + 1) == [MISSED]


def test_a_run_that_ended_just_after_the_next_one_was_due_explains_it(ledger_engine: Engine) -> None:
    keeper = watch_from(ledger_engine, 2026, 7, 16, 12)
    keeper.schedules(cron="*/15 * * * *")
    run_id = starts(keeper, cron="*/15 * * * *")
    for _ in range(16):
        keeper.beats(run_id)
        keeper.looks_for(1)
    keeper.ends(run_id)

    assert keeper.looks_for(12) == []


@pytest.mark.parametrize("change", [{"paused": True, "next_due": None}, {"removed": True, "next_due": None}])
def test_a_schedule_that_is_paused_or_removed_is_not_missed(keeper: Watch, change: dict[str, object]) -> None:
    with tenant_session(keeper.engine, "default") as session:
        change_schedule(session, "nightly", **change)

    assert keeper.looks_for(2 * LATENESS) == []


def test_when_the_machine_slept_the_worker_has_its_time_before_anything_is_told(keeper: Watch) -> None:
    keeper.sleeps(hours=9)
    assert keeper.looks_for(LATENESS - 1) == []
    assert keeper.looks_for(2 * LATENESS) == [MISSED]

    keeper.sleeps(days=3)
    keeper.looks_for(2)
    keeper.completes(starts(keeper))
    assert keeper.looks_for(2 * LATENESS) == []
    assert told(keeper.engine, "type")[:1] == [("sync_stale",)]


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (datetime(2026, 3, 28, tzinfo=UTC), ["29 01:00", "30 00:30", "31 00:30"]),
        (datetime(2026, 10, 24, tzinfo=UTC), ["25 00:30", "26 01:30", "27 01:30"]),
    ],
)
def test_when_the_clocks_change_every_night_has_one_run_that_can_be_missed(
    ledger_engine: Engine, day: datetime, due: list[str]
) -> None:
    keeper = watch_from(ledger_engine, day.year, day.month, day.day, 12)
    keeper.schedules(zone="Europe/Berlin")
    expected = []
    for _ in due:
        next_one = keeper.due()
        assert next_one is not None
        expected.append(f"{next_one.astimezone(UTC):%d %H:%M}")
        keeper.now = next_one - MINUTE
        assert keeper.looks_for(LATENESS) == []
        assert keeper.looks_for(LATENESS) == [MISSED]

    assert expected == due


def test_two_watchdogs_at_once_tell_every_tenant_once(keeper: Watch) -> None:
    tenants = [f"tenant-{number}" for number in range(8)]
    make_tenants(keeper.engine, *tenants)
    for tenant in tenants:
        Watch(keeper.engine, tenant, keeper.now).schedules()
    assert keeper.looks_for(LATENESS) == []
    keeper.sleeps(minutes=1)
    together = Barrier(2)

    def look(_: int) -> int:
        engine = open_engine(keeper.engine.url.render_as_string(hide_password=False))
        together.wait()
        missed = watch(engine, keeper.now).missed
        engine.dispose()
        return missed

    with ThreadPoolExecutor(2) as processes:
        missed = list(processes.map(look, range(2)))

    assert sum(missed) == len(tenants) + 1
    assert sorted(told(keeper.engine)) == [MISSING, *((tenant, *MISSING[1:]) for tenant in tenants)]


def test_whenever_the_watchdog_is_killed_a_missed_schedule_is_told_once(keeper: Watch, steps: Steps) -> None:
    keeper.looks_for(2 * LATENESS)
    number, is_whole = 0, False
    while not is_whole:
        tenant = f"tenant-{number}"
        make_tenants(keeper.engine, tenant)
        Watch(keeper.engine, tenant, keeper.now).schedules(next_due=keeper.now - 10 * MINUTE)

        with steps.killed_after(number):
            keeper.look()
        is_whole = len(steps.taken) <= number
        keeper.look()

        events = in_database(keeper.engine, f"SELECT type FROM unisync.events WHERE tenant = '{tenant}'")
        assert events == [("sync_stale",)], f"killed at step {number}: {steps.taken[-1]}"
        number += 1

    assert number > 6


def test_in_sandbox_mode_the_connections_that_stand_in_are_named(keeper: Watch) -> None:
    with tenant_session(keeper.engine, "default") as session:
        save_sandbox(session, True, {"shop": "staging"})
    keeper.looks_for(2 * LATENESS)

    assert told(keeper.engine, "event ->> 'connection', track ->> 'target'") == [("staging", "warehouse-sandbox")]
