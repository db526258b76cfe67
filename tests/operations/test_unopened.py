"""Runs that ended before they had a row are told once, whoever tells."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import Engine

from config.routes import WOOCOMMERCE_TO_SUPABASE
from db.ledger import load_run
from db.ledger.watching import Whose
from db.session import tenant_session
from domain.sync import RunState
from operations.dead_runs import settle_unstarted_request
from operations.orchestrator import FlowRunState
from operations.unopened import UnopenedRun, tell_unopened_run
from tests.operations.telling import SHOP, WAREHOUSE
from tests.operations.watches import Watch, told

FLOW_RUN = str(uuid4())


@pytest.fixture
def watch(installation: None, ledger_engine: Engine) -> Watch:
    return Watch(ledger_engine)


def hook(watch: Watch, state: RunState = RunState.CRASHED) -> bool:
    """What the hook of a flow run does whose process ended early."""
    run = UnopenedRun(
        flow_run_id=FLOW_RUN, tenant=watch.tenant, route=WOOCOMMERCE_TO_SUPABASE, source=SHOP, target=WAREHOUSE
    )
    return tell_unopened_run(watch.engine, run, state, "exit code -9", at=watch.now)


def test_a_hook_that_is_called_twice_tells_once(watch: Watch) -> None:
    assert [hook(watch), hook(watch)] == [True, False]
    assert told(watch.engine, "type") == [("sync_crashed",)]


@pytest.mark.parametrize("found", ["CRASHED", "FAILED"])
def test_the_watchdog_closes_what_a_hook_told_and_tells_nothing_more(watch: Watch, found: str) -> None:
    request_id = watch.is_asked_for(FLOW_RUN)
    assert hook(watch)
    whose = Whose(watch.tenant, request_id)
    state = FlowRunState(found, "it ended")

    assert settle_unstarted_request(watch.engine, whose, lambda _: state, watch.now) == {whose: FLOW_RUN}
    with tenant_session(watch.engine, watch.tenant) as session:
        run = load_run(session, request_id)
    assert run is not None
    assert run.state is RunState[found]
    assert told(watch.engine, "type") == [("sync_crashed",)]
    assert not hook(watch)


def test_the_watchdog_tells_of_a_run_whose_hook_told_nothing(watch: Watch) -> None:
    whose = Whose(watch.tenant, watch.is_asked_for(FLOW_RUN))
    settle_unstarted_request(watch.engine, whose, lambda _: None, watch.now)

    assert told(watch.engine, "type") == [("sync_crashed",)]
