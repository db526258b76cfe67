"""Who is not told, or not yet: quiet hours, lost authorizations, silence, and people who know already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.errors import AccessDenied, RateLimited, Unavailable
from domain.keys import Kind
from domain.refusals import Clash, Unusable
from domain.sync import RunState, Tally
from operations.incidents import IncidentFilter, acknowledge, search_incidents, silence
from operations.notification_history import HistoryWish, list_history
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.telling import NOON, SHOP, WAREHOUSE, Story, posted, rejected, told

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")
ESCALATED = ("consecutive_failures", "escalated")


def test_a_lost_authorization_is_told_and_what_fails_because_of_it_is_not(story: Story, receiver: HttpReceiver) -> None:
    subscribed = story.subscribe(receiver)
    story.runs(error=AccessDenied("the shop refuses our keys", connection=SHOP, status=401))
    story.runs()
    story.runs(error=RateLimited("slow down", connection=SHOP, status=429))
    story.flush()
    assert told(receiver) == [("reconnect_needed", "opened")]
    untold = story.history(config=subscribed.id, state="suppressed")
    assert {(entry.event_type, entry.why) for entry in untold} == {
        ("connection_failed", "shop must be connected again, which is told instead"),
        ("rate_limited", "shop must be connected again, which is told instead"),
    }

    story.succeeds()
    story.flush()
    assert told(receiver) == [("reconnect_needed", "opened"), RESOLVED]


def test_few_rejected_records_are_no_news_for_who_wants_to_hear_of_many_only(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, rejected_percent=20)
    story.succeeds(problems=rejected(10), tallies={Kind.ORDER: Tally(read=100, created=90, failed=10)})
    story.flush()
    assert told(receiver) == []

    story.succeeds(problems=rejected(30), tallies={Kind.ORDER: Tally(read=100, created=70, failed=30)})
    story.flush()
    assert told(receiver) == [("records_rejected", "opened")]


def test_quiet_hours_put_off_what_is_not_critical_and_sum_up_what_lasts(story: Story, receiver: HttpReceiver) -> None:
    story.now = NOON.replace(hour=20, minute=30)  # 22:30 in Berlin
    hours = {"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin"}
    subscribed = story.subscribe(receiver, quiet_hours=hours)
    story.runs()
    story.later(minutes=1)
    story.runs(RunState.CRASHED, None, schedule="other")
    story.runs(error=Unavailable("away", connection=WAREHOUSE), schedule="third")
    story.flush()
    assert {entry.state for entry in story.history(config=subscribed.id)} == {"put_off"}
    story.later(hours=2)
    story.succeeds(source="elsewhere")
    story.later(hours=6, minutes=28)
    assert told(receiver) == []
    story.later(minutes=1)

    assert told(receiver) == [("connection_failed", "summary")]
    assert "shop cannot be reached" in posted(receiver)[0]["text"]
    assert "The sync from shop to warehouse died" in posted(receiver)[0]["text"]
    ended = story.history(config=subscribed.id)
    assert [(entry.state, entry.count) for entry in ended if entry.state == "suppressed"] == [("suppressed", 1)]
    assert [entry.why for entry in ended if entry.state == "suppressed"] == ["it was resolved before it could be told"]


def test_what_becomes_critical_is_told_in_quiet_hours(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver, quiet_hours={"begin": "00:00", "end": "23:00"})
    for _ in range(3):
        story.runs()
        story.later(minutes=20)

    assert told(receiver) == [ESCALATED]


def test_what_somebody_acknowledged_is_not_repeated_but_its_end_is_told(story: Story, receiver: HttpReceiver) -> None:
    subscribed = story.subscribe(receiver, threshold=100)
    story.runs()
    story.flush()
    [incident] = search_incidents(story.caller, IncidentFilter(state="open")).items
    assert acknowledge(story.caller, incident.id).acknowledged_by == "operator:test"
    story.later(hours=5)
    story.runs()
    story.flush()
    assert told(receiver) == [OPENED]
    assert story.history(config=subscribed.id, state="suppressed")[0].why == "acknowledged by operator:test"
    story.succeeds()
    story.flush()

    assert told(receiver) == [OPENED, RESOLVED]


def test_a_silence_keeps_everything_back_until_its_end(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.now = now = datetime.now(UTC)
    story.runs()
    story.flush()
    [incident] = search_incidents(story.caller, IncidentFilter(connection=SHOP)).items
    silence(story.caller, incident.id, now + timedelta(hours=2))
    for _ in range(4):
        story.runs()
        story.later(minutes=20)
    assert told(receiver) == [OPENED]
    story.later(hours=1)

    assert told(receiver) == [OPENED, ESCALATED]


def test_a_silence_can_be_ended_and_lasts_a_year_at_most(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver, threshold=2)
    story.now = now = datetime.now(UTC)
    story.runs()
    story.flush()
    [incident] = search_incidents(story.caller, IncidentFilter()).items
    with pytest.raises(Unusable, match="a year at most"):
        silence(story.caller, incident.id, now + timedelta(days=400))
    silence(story.caller, incident.id, now + timedelta(days=1))
    story.runs()
    story.flush()
    assert told(receiver) == [OPENED]

    silence(story.caller, incident.id, datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
    story.later(seconds=5)
    assert told(receiver) == [OPENED, ESCALATED]


def test_what_is_over_cannot_be_acknowledged(story: Story) -> None:
    story.runs()
    story.succeeds()
    story.judge()
    [incident] = search_incidents(story.caller, IncidentFilter(state="resolved")).items

    with pytest.raises(Clash, match="nothing to acknowledge"):
        acknowledge(story.caller, incident.id)


def test_incidents_come_in_pages_those_that_struck_last_first(story: Story) -> None:
    names = ("shop", "shop-2", "shop-3")
    for name in names:
        story.runs(error=Unavailable("away", connection=name), source=name)
        story.later(minutes=1)
    first = search_incidents(story.caller, IncidentFilter(limit=2))
    second = search_incidents(story.caller, IncidentFilter(limit=2, cursor=first.next_cursor))

    assert [each.connection for each in (*first.items, *second.items)] == list(names[::-1])
    assert second.next_cursor is None


def test_an_end_in_silence_is_told_when_the_silence_is_over(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.now = now = datetime.now(UTC)
    story.runs()
    story.flush()
    [incident] = search_incidents(story.caller, IncidentFilter()).items
    silence(story.caller, incident.id, now + timedelta(hours=2))
    story.succeeds()
    story.flush()
    assert told(receiver) == [OPENED]
    story.later(hours=2)

    assert told(receiver) == [OPENED, RESOLVED]


def test_a_run_that_somebody_cancelled_is_told_to_who_wants_it_and_is_no_failure(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, minimum_severity="info", threshold=2)
    story.runs()
    story.runs(RunState.CANCELLED, "somebody asked the run to end")
    story.flush()
    assert told(receiver) == [OPENED, ("sync_cancelled", "single")]

    story.runs()
    story.flush()
    assert told(receiver)[2:] == [ESCALATED]


def test_the_count_of_what_was_not_told_is_in_the_history(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver, threshold=100)
    for _ in range(8):
        story.runs()
    story.flush()

    history = list_history(story.caller, HistoryWish())
    assert history.suppressed == 7
    assert [(entry.state, entry.count, entry.delivered) for entry in history.items] == [
        ("suppressed", 7, False),
        ("delivered", 1, True),
    ]
    assert history.items[0].why == "told already; it is told again every 4 hours while it lasts"
