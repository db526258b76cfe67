"""What may be told besides the ends of runs: connections, schedules, webhooks, tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from db.session import tenant_session
from domain.errors import AccessDenied, RateLimited, Unavailable
from domain.keys import System
from notifications.advice import cause_of_error
from notifications.events import EventType
from operations import judging
from operations.event_rows import Failure
from operations.notifier import (
    notify_connection_failure,
    notify_rate_limit,
    notify_reconnect_needed,
    notify_recovery,
    notify_stale_sync,
    notify_test,
    notify_webhook_disabled,
)
from operations.recoveries import Recovery, track_of
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import in_database, make_tenants
from tests.operations.telling import NOON, SHOP, Story, posted, told

RESOLVED = ("recovered", "resolved")


def tell(story: Story, *verbs: Callable[[Session], bool]) -> list[bool]:
    with tenant_session(story.engine, story.tenant) as session:
        return [verb(session) for verb in verbs]


def failure(error: Unavailable | AccessDenied | RateLimited) -> Failure:
    return Failure(cause_of_error(error, System.WOOCOMMERCE), NOON, SHOP, System.WOOCOMMERCE)


@pytest.mark.parametrize(
    ("verb", "error", "type_"),
    [
        (notify_connection_failure, Unavailable("away", connection=SHOP), "connection_failed"),
        (notify_reconnect_needed, AccessDenied("no", connection=SHOP), "reconnect_needed"),
        (notify_rate_limit, RateLimited("slow down", connection=SHOP), "rate_limited"),
    ],
)
def test_what_a_check_of_a_connection_finds_is_told_once_until_a_check_finds_it_well(
    story: Story,
    receiver: HttpReceiver,
    verb: Callable[[Session, Failure], bool],
    error: Unavailable | AccessDenied | RateLimited,
    type_: str,
) -> None:
    story.subscribe(receiver)
    for _ in range(3):
        tell(story, lambda session: verb(session, failure(error)))
        story.later(minutes=5)
    assert told(receiver) == [(type_, "opened")]

    well = Recovery(connections=(SHOP,))
    tell(story, lambda session: notify_recovery(session, well, at=story.now))
    tell(story, lambda session: notify_recovery(session, well, at=story.now))
    story.flush()
    assert told(receiver) == [(type_, "opened"), RESOLVED]


def test_a_run_that_goes_through_ends_what_a_check_found_and_a_check_what_a_run_found(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    tell(story, lambda session: notify_connection_failure(session, failure(Unavailable("away", connection=SHOP))))
    story.succeeds(ids=("1",))
    story.flush()
    assert told(receiver) == [("connection_failed", "opened"), RESOLVED]

    story.later(minutes=20)
    story.runs()
    tell(story, lambda session: notify_recovery(session, Recovery(connections=(SHOP,)), at=story.now))
    story.flush()
    assert told(receiver)[2:] == [("connection_failed", "opened"), RESOLVED]


def test_a_missed_schedule_is_told_until_it_went_through(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    due, track = story.now - timedelta(hours=1), track_of(story.request())
    tell(
        story,
        lambda session: notify_stale_sync(
            session, "nightly", track, "It was due at 11:00 UTC and has not begun.", at=story.now, due_at=due
        ),
    )
    story.flush()
    story.succeeds(ids=("1",))
    story.flush()
    assert told(receiver) == [("sync_stale", "opened")]
    fields = dict(posted(receiver)[0]["fields"])
    assert (fields["Schedule"], fields["Due"]) == ("nightly", "2026-07-16 11:00 UTC")

    story.succeeds()
    story.flush()
    assert told(receiver)[1:] == [RESOLVED]


def test_a_webhook_that_was_switched_off_is_told_until_it_works_again(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    tell(story, lambda session: notify_webhook_disabled(session, SHOP, "five deliveries failed", at=story.now))
    story.succeeds()
    story.flush()
    assert told(receiver) == [("webhook_disabled", "opened")]

    again = Recovery(connections=(SHOP,), types=(EventType.WEBHOOK_DISABLED,))
    tell(story, lambda session: notify_recovery(session, again, at=story.now))
    story.flush()
    assert told(receiver)[1:] == [RESOLVED]


def test_a_test_reaches_everybody_whatever_their_rules_but_who_is_switched_off(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, "strict", minimum_severity="critical", quiet_hours={"begin": "00:00", "end": "23:59"})
    story.subscribe(receiver, "books", systems=["quickbooks"])
    story.subscribe(receiver, "off", enabled=False)
    tell(story, lambda session: notify_test(session, at=story.now))
    story.flush()

    assert told(receiver) == [("test", "single")] * 2


def test_what_is_rolled_back_is_not_told(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    with tenant_session(story.engine, story.tenant) as session:
        notify_test(session, at=story.now)
        session.rollback()
    story.flush()

    assert told(receiver) == []


def test_an_event_that_cannot_be_read_waits_and_keeps_no_other_tenant_waiting(
    story: Story, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    make_tenants(story.engine, "berlin")
    berlin = Story(story.engine, "berlin")
    for each in (story, berlin):
        each.subscribe(receiver)
        tell(each, lambda session: notify_test(session, at=NOON))
    whole = in_database(story.engine, "SELECT event::text FROM unisync.events WHERE tenant = 'berlin'")[0][0]
    in_database(story.engine, "UPDATE unisync.events SET event = '{}' WHERE tenant = 'berlin'")
    story.flush()
    assert [notice["tenant"] for notice in posted(receiver)] == ["default"]
    assert "what happened to tenant berlin cannot be judged" in caplog.text

    in_database(story.engine, f"UPDATE unisync.events SET event = '{whole}' WHERE tenant = 'berlin'")
    assert judging.judge_events(story.engine, story.now) == 1
