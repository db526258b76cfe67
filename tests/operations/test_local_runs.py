"""Runs in the process of who asked for them: written down first, so that one that never began is found out."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from config.beginning import Origin, begin
from config.requests import build_request
from db.ledger.sync_requests import save_request
from domain.refusals import Clash, ConfirmationNeeded
from domain.requests import Progress, RequestState
from domain.sync import SyncRequest
from operations import runs
from operations.caller import Caller
from operations.local_runs import note_planned_run, note_run
from operations.runs import RunFilter
from tests.operations.steering import ROUTE, let_time_pass, plan, write

REQUEST = build_request(ROUTE, {"tenant": "default", "source": "shop", "target": "warehouse", "mode": "full"})


def noted(caller: Caller) -> SyncRequest:
    request = note_run(caller, REQUEST)
    assert runs.show_run(caller, id_of(request)).state is Progress.SCHEDULED
    return request


def id_of(request: SyncRequest) -> UUID:
    assert request.request_id is not None
    return request.request_id


def test_a_run_that_was_killed_before_it_began_is_no_longer_waited_for(boss: Caller, ledger_url: str) -> None:
    run_id = id_of(noted(boss))
    let_time_pass(ledger_url, "sync_requests", "asked_at", "10 minutes")

    shown = runs.show_run(boss, run_id)
    assert shown.state is Progress.CRASHED
    assert shown.error == "its process ended before the run began, and nothing was written; start it again"
    assert [each.id for each in runs.list_runs(boss, RunFilter(state=Progress.CRASHED)).items] == [run_id]
    assert runs.list_runs(boss, RunFilter(state=Progress.SCHEDULED)).items == ()
    with pytest.raises(Clash, match="it is crashed"):
        runs.cancel(boss, run_id)


def test_a_run_that_waits_for_a_worker_or_begins_late_is_no_crash(boss: Caller, ledger_url: str) -> None:
    late, waiting = noted(boss), uuid4()
    with boss.ledger() as session:
        save_request(session, waiting, REQUEST, RequestState.STARTED, actor=boss.actor, flow_run_id=str(uuid4()))
    let_time_pass(ledger_url, "sync_requests", "asked_at", "1 hour")
    with boss.ledger() as session:
        assert begin(session, late, Origin(str(uuid4()), "prefect:late")).refusal is None

    assert runs.show_run(boss, id_of(late)).state is Progress.RUNNING
    assert runs.show_run(boss, waiting).state is Progress.SCHEDULED


def test_a_large_plan_is_not_carried_out_without_a_yes(boss: Caller) -> None:
    plan_id = plan(boss, [write(number) for number in range(11)])
    with pytest.raises(ConfirmationNeeded, match=f"unisync sync --plan {plan_id}"):
        note_planned_run(boss, plan_id, confirmed=False)
