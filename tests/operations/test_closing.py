"""How a run's end gets into the outbox: once, in the transaction that closes it, whoever closes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from db.ledger import ask_to_cancel, load_run, open_run
from db.session import tenant_session
from domain.errors import AccessDenied, ConnectorError, FatalError, Misconfigured, RateLimited, Unavailable
from domain.keys import Kind
from domain.sync import RunState, Tally
from operations.closing import close_flow_run_and_tell, close_run_and_tell
from tests.operations.people import in_database
from tests.operations.telling import AWAY, SHOP, WAREHOUSE, Story, rejected


def outbox(story: Story, columns: str = "type, event ->> 'error_type'") -> list[tuple[Any, ...]]:
    return in_database(story.engine, f"SELECT {columns} FROM unisync.events ORDER BY id")


def test_a_run_is_closed_and_told_once_whoever_comes_first(story: Story) -> None:
    run_id = uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        open_run(session, run_id, story.request(), "flow-run-1")

    def close(how: int) -> bool:
        if how % 2:
            return close_flow_run_and_tell(story.engine, "flow-run-1", RunState.CRASHED, at=story.now)
        with tenant_session(story.engine, story.tenant) as session:
            return close_run_and_tell(session, run_id, RunState.FAILED, AWAY, at=story.now)

    with ThreadPoolExecutor(4) as pool:
        closed = list(pool.map(close, range(4)))

    assert sorted(closed) == [False, False, False, True]
    assert len(outbox(story)) == 1
    assert in_database(story.engine, "SELECT failures FROM unisync.streaks") == [(1,)]


def test_what_is_rolled_back_was_neither_closed_nor_told_nor_counted(story: Story) -> None:
    run_id = uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        open_run(session, run_id, story.request(), None)
    with tenant_session(story.engine, story.tenant) as session:
        close_run_and_tell(session, run_id, RunState.FAILED, AWAY, at=story.now)
        session.rollback()

    with tenant_session(story.engine, story.tenant) as session:
        run = load_run(session, run_id)
    assert run is not None
    assert run.state is RunState.RUNNING
    assert outbox(story) == in_database(story.engine, "SELECT 1 FROM unisync.streaks") == []


def test_a_flow_run_that_nobody_knows_or_that_is_closed_is_left_alone(story: Story) -> None:
    story.succeeds()

    assert not close_flow_run_and_tell(story.engine, "another", RunState.CRASHED, at=story.now)
    assert outbox(story) == []


BEGAN = {Kind.ORDER: Tally()}


@pytest.mark.parametrize(
    ("error", "tallies", "expected"),
    [
        (AWAY, {}, "connection_failed"),
        (AWAY, BEGAN, "connection_failed"),
        (Misconfigured("the shop moved", connection=SHOP), {}, "connection_failed"),
        (Misconfigured("a table was changed", connection=WAREHOUSE), BEGAN, "sync_failed"),
        (Misconfigured("the mapping cannot be used"), {}, "sync_failed"),
        (RateLimited("slow down", connection=SHOP, status=429), BEGAN, "rate_limited"),
        (AccessDenied("the shop refuses our keys", connection=SHOP, status=401), {}, "reconnect_needed"),
        (FatalError("too many are gone"), {}, "sync_failed"),
        ("Flow run encountered an exception: KeyError", {}, "sync_failed"),
    ],
)
def test_a_failure_is_told_under_the_name_of_what_made_it_fail(
    story: Story, error: ConnectorError | str, tallies: dict[Kind, Tally], expected: str
) -> None:
    story.runs(error=error, tallies=tallies)

    assert outbox(story, "type") == [(expected,)]


def test_a_killed_run_has_crashed_and_one_that_was_asked_to_end_was_cancelled(story: Story) -> None:
    story.runs(RunState.CRASHED, None)
    run_id = uuid4()
    with tenant_session(story.engine, story.tenant) as session:
        open_run(session, run_id, story.request(), None)
        ask_to_cancel(session, run_id)
        close_run_and_tell(session, run_id, RunState.CRASHED, None, at=story.now)

    assert outbox(story) == [("sync_crashed", "run-crashed"), ("sync_cancelled", "run-cancelled")]
    assert in_database(story.engine, "SELECT failures FROM unisync.streaks") == [(1,)]


def test_a_success_says_nothing_where_nothing_was_wrong(story: Story) -> None:
    story.succeeds(tallies={Kind.ORDER: Tally(read=5, created=5)})

    assert outbox(story) == []


def test_what_waits_for_another_record_was_not_rejected(story: Story) -> None:
    story.succeeds(problems=rejected(3, "waiting"), tallies={Kind.ORDER: Tally(read=4, failed=1, waiting=3)})

    assert outbox(story) == []


def test_rejections_of_one_cause_by_several_codes_are_one_event(story: Story) -> None:
    counted = {Kind.ORDER: Tally(read=40, failed=20)}
    problems = [*rejected(12, "one of a kind"), *rejected(20, "another")[12:]]
    story.succeeds(problems=problems, tallies=counted)

    assert outbox(story, "type, event ->> 'record_count', event ->> 'rejected_percent', event ->> 'severity'") == [
        ("records_rejected", "20", "50.0", "error")
    ]


def test_a_secret_in_an_error_is_masked_before_it_is_written_down(story: Story) -> None:
    story.runs(
        error=Unavailable("https://ann:hunter2@shop.example/?consumer_key=ck_1234567890 is away", connection=SHOP)
    )
    story.runs(RunState.FAILED, "postgresql://unisync:hunter2@db/ledger and ann@example.org")

    written = str(outbox(story, "event::text"))
    assert "hunter2" not in written
    assert "ck_1234567890" not in written
    assert "ann@" not in written


def test_text_that_no_database_takes_is_told_all_the_same(story: Story) -> None:
    story.runs(error=FatalError("broken \0 \ud800 text \u202e" + "and so on " * 1_000))

    [(message,)] = outbox(story, "event ->> 'message'")
    assert message.startswith("broken   text and so on")
    assert len(message) <= 4_000
