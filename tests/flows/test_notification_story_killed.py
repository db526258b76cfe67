"""The same story with a worker that is stopped or killed in the middle of its runs: nobody is left to tell of them."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import psutil
import pytest

from db.models.notifications import IncidentState
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from operations.incidents import IncidentFilter, search_incidents
from operations.outbox import flush_outbox
from operations.watching import watch
from simulators.woocommerce.server import Twin
from tests.flows.conftest import wait_until
from tests.flows.story import deployed, ends, working
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import in_database
from tests.operations.telling import Story, told
from tests.operations.watches import let_time_pass
from tests.prefect_server import forget_schedules

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

TOLD = [("sync_crashed", "opened"), ("consecutive_failures", "escalated"), ("recovered", "resolved")]


def end(worker: subprocess.Popen[Any], number: int) -> None:
    """End the worker and the flow process under it: in an orderly way the first time, then as a lost machine would."""
    under_way = psutil.Process(worker.pid).children(recursive=True)
    assert under_way
    if number == 0:
        worker.send_signal(signal.SIGTERM)
    else:
        for process in (psutil.Process(worker.pid), *under_way):
            process.kill()
    worker.wait(60)
    psutil.wait_procs(under_way, timeout=60)


def test_runs_that_die_with_their_worker_are_told_as_failures_are_by_whoever_still_lives(
    shop: Twin, prefect_api: str, story: Story, receiver: HttpReceiver
) -> None:
    forget_schedules(prefect_api)
    story.subscribe(receiver)
    engine = story.engine

    def states() -> list[str]:
        return [state for (state,) in in_database(engine, "SELECT state FROM unisync.runs ORDER BY started_at")]

    with deployed(prefect_api, woocommerce_to_supabase, every=4, mode="full", kinds=["tax_rate"]) as sync:
        shop.faults.add(delay=600, count=0)
        for number in range(3):
            with working() as worker:
                wait_until(lambda: states()[-1:] == ["running"], seconds=90)
                end(worker, number)
            # What the service does every minute.
            let_time_pass(engine)
            assert watch(engine).died == 1
            assert watch(engine).died == 0
            flush_outbox(engine)
        assert told(receiver) == TOLD[:2]
        assert ends(prefect_api, sync) == ["CRASHED"] * 3

        shop.faults.clear()
        with working():
            wait_until(lambda: "completed" in states(), seconds=90)
        flush_outbox(engine)

    assert told(receiver) == TOLD
    assert states()[:4] == ["crashed", "crashed", "crashed", "completed"]
    (incident,) = search_incidents(story.caller, IncidentFilter()).items
    assert (incident.state, incident.count) == (IncidentState.RESOLVED, 3)
    delivered = [(entry.event_type, entry.stage) for entry in story.history() if entry.delivered]
    assert delivered == TOLD
