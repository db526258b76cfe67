"""Runs from opening to closing, and what they note down."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from db.ledger import close_run, list_runs, load_run, open_run, report_progress
from db.ledger.open_runs import OpenRow, has_row, open_run_of_flow
from db.session import tenant_session, watch_session
from domain.keys import Kind
from domain.sync import Mode, RunState, SyncRequest, Tally

REQUEST = SyncRequest(
    tenant="default",
    route="woocommerce-to-supabase",
    source="shop",
    target="warehouse",
    kinds=(Kind.PRODUCT, Kind.ORDER),
    mode=Mode.INCREMENTAL,
    since=datetime(2026, 3, 1, tzinfo=UTC),
    ids=("1", "2"),
)


@pytest.fixture
def run_id(ledger_engine: Engine) -> UUID:
    run_id = uuid4()
    with tenant_session(ledger_engine, "default") as session:
        open_run(session, run_id, REQUEST, "flow-1")
    return run_id


def test_an_open_run_tells_what_was_asked_and_what_was_done_so_far(ledger_engine: Engine, run_id: UUID) -> None:
    tallies = {Kind.ORDER: Tally(read=3, created=2, failed=1)}
    with tenant_session(ledger_engine, "default") as session:
        opened = load_run(session, run_id)
    with tenant_session(ledger_engine, "default") as session:
        assert report_progress(session, run_id, tallies)
        run = load_run(session, run_id)

    assert opened is not None
    assert run is not None
    assert (run.request, run.flow_run_id, run.state) == (REQUEST, "flow-1", RunState.RUNNING)
    assert (run.tallies, run.error, run.finished_at) == (tallies, None, None)
    assert run.heartbeat_at > opened.heartbeat_at


def test_a_run_is_closed_by_the_first_one_only(ledger_engine: Engine, run_id: UUID) -> None:
    with tenant_session(ledger_engine, "default") as session:
        assert close_run(session, run_id, RunState.FAILED, "the shop\x00 is away")
        assert not close_run(session, run_id, RunState.COMPLETED)
        assert not report_progress(session, run_id, {})
        run = load_run(session, run_id)

    assert run is not None
    assert (run.state, run.error) == (RunState.FAILED, "the shop\ufffd is away")
    assert run.finished_at is not None


def test_two_that_close_at_once_do_not_both_succeed(ledger_engine: Engine, run_id: UUID) -> None:
    with tenant_session(ledger_engine, "default") as first:
        assert close_run(first, run_id, RunState.COMPLETED)
        first.commit()
        with tenant_session(ledger_engine, "default") as second:
            assert not close_run(second, run_id, RunState.CRASHED, "no sign of life")


def test_the_open_run_of_a_flow_run_is_found_whoever_it_belongs_to(ledger_engine: Engine, run_id: UUID) -> None:
    with watch_session(ledger_engine) as session:
        assert open_run_of_flow(session, "flow-1") == OpenRow("default", run_id)
    with tenant_session(ledger_engine, "default") as session:
        close_run(session, run_id, RunState.CRASHED)

    with watch_session(ledger_engine) as session:
        assert open_run_of_flow(session, "flow-1") is None
        assert (has_row(session, "flow-1"), has_row(session, "flow-2")) == (True, False)


def test_runs_that_nobody_opened_are_neither_found_nor_closed(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        assert load_run(session, uuid4()) is None
        assert list_runs(session, 10) == []
        assert not close_run(session, uuid4(), RunState.FAILED)


def test_the_newest_runs_come_first_and_no_more_than_asked(ledger_engine: Engine) -> None:
    ids = [uuid4() for _ in range(3)]
    for run_id in ids:
        with tenant_session(ledger_engine, "default") as session:
            open_run(session, run_id, REQUEST, None)

    with tenant_session(ledger_engine, "default") as session:
        assert [run.id for run in list_runs(session, 2)] == [ids[2], ids[1]]
