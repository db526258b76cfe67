"""The watch that the service keeps: it looks and delivers again and again, whatever goes wrong once."""

from __future__ import annotations

from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Engine

from domain.errors import Unavailable
from operations import watchman
from operations.watchman import on_watch
from tests.flows.conftest import wait_until
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import in_database
from tests.operations.telling import Story, told
from tests.operations.watches import Watch, let_time_pass


@pytest.fixture
def hurried(installation: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Prefect and no worker; nobody waits for a whole minute."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(watchman, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watchman, "DELIVER_SECONDS", 0.05)


@pytest.fixture
def dead(hurried: None, ledger_engine: Engine) -> UUID:
    """A run that died, long enough ago."""
    run_id = Watch(ledger_engine).begins()
    let_time_pass(ledger_engine)
    return run_id


def test_where_no_worker_lives_the_service_finds_the_dead_and_delivers(
    dead: UUID, ledger_engine: Engine, receiver: HttpReceiver
) -> None:
    Story(ledger_engine).subscribe(receiver)
    with on_watch(ledger_engine):
        wait_until(lambda: told(receiver) == [("sync_crashed", "opened")])

    assert in_database(ledger_engine, f"SELECT state FROM unisync.runs WHERE id = '{dead}'") == [("crashed",)]


@pytest.mark.parametrize("fault", [Unavailable("the ledger is away"), KeyError("a fault of ours")])
def test_a_look_that_fails_is_logged_and_the_next_one_is_made(
    dead: UUID,
    ledger_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    failed, real = Event(), watchman.look

    def look(engine: Engine) -> object:
        if not failed.is_set():
            failed.set()
            raise fault
        return real(engine)

    monkeypatch.setattr(watchman, "look", look)
    with on_watch(ledger_engine):
        wait_until(lambda: in_database(ledger_engine, "SELECT state FROM unisync.runs") == [("crashed",)])

    assert str(fault) in caplog.text
    assert "the Prefect server at" in caplog.text
