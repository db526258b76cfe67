"""How notices that are due reach their targets, or do not."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest

from domain.errors import Unavailable
from operations import delivering
from operations.notification_configs import (
    ConfigWish,
    change_configuration,
    remove_configuration,
)
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.operations.people import make_tenants
from tests.operations.telling import Story, posted, told

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")


def test_what_cannot_be_delivered_is_tried_again_ever_more_patiently_with_the_same_id(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(500), Reply(hang_up=True), Reply(503)])
    story.runs()
    story.flush()
    for seconds in (29, 1, 119, 1, 599, 1):
        story.later(seconds=seconds)

    assert len(receiver.requests) == 4
    assert len({notice["id"] for notice in posted(receiver)}) == 1
    [entry] = story.history()
    assert (entry.state, entry.attempts, entry.answer, entry.why) == ("delivered", 4, "answered 200", "")


def test_a_receiver_is_not_asked_before_it_wants_to_be(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(429, headers={"Retry-After": "300"})])
    story.runs()
    story.flush()
    story.later(seconds=299)
    assert len(receiver.requests) == 1
    story.later(seconds=1)

    assert [entry.state for entry in story.history()] == ["delivered"]


def test_a_receiver_that_wants_to_be_left_alone_for_a_day_is_asked_once_more(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(503, headers={"Retry-After": "90000"})])
    story.runs()
    story.judge()
    story.later(minutes=1)
    story.later(hours=23, minutes=58)
    assert len(receiver.requests) == 1
    story.later(minutes=1)

    assert [entry.state for entry in story.history()] == ["delivered"]


def test_the_day_in_which_a_notice_is_tried_begins_at_the_end_of_quiet_hours(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    story.subscribe(receiver, "gone")
    story.subscribe(other, "asleep", quiet_hours={"begin": "11:00", "end": "10:00"})
    receiver.answer([Reply(410)])
    other.answer([Reply(500, headers={"Retry-After": "36000"}), Reply(500)])
    story.runs()
    story.flush()
    story.succeeds()
    story.flush()
    story.later(hours=22)
    assert [notice["event"] for notice in posted(other)] == ["channel_switched_off"]
    story.later(hours=10)
    story.later(minutes=2)

    assert [entry.state for entry in story.history(event="channel_switched_off")] == ["delivered"]


def test_what_could_not_be_delivered_for_a_day_is_given_up_and_said_so(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(500)] * 50)
    story.runs()
    for _ in range(100):
        story.later(minutes=20)

    [entry] = story.history()
    assert (entry.state, entry.delivered, entry.attempts) == ("given_up", False, 11)
    assert entry.why.startswith("127.0.0.1 answered 500")


def test_the_end_of_an_incident_does_not_overtake_its_beginning(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(500)])
    story.runs()
    story.flush()
    story.now += timedelta(seconds=5)
    story.succeeds()
    story.flush()
    assert told(receiver) == [OPENED]
    story.later(seconds=25)

    assert told(receiver) == [OPENED, OPENED, RESOLVED]


def test_a_channel_that_is_away_keeps_no_other_waiting_and_catches_up(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    story.subscribe(receiver, "away")
    story.subscribe(other, "there")
    receiver.answer([Reply(500)] * 2)
    for connection in ("shop", "shop-2", "shop-3"):
        story.runs(error=Unavailable("away", connection=connection), source=connection)
    story.flush()
    assert (len(receiver.requests), len(other.requests)) == (1, 3)
    for _ in range(3):
        story.later(minutes=1)

    assert len(other.requests) == 3
    assert sorted({notice["title"] for notice in posted(receiver)}) == [
        f"{name} cannot be reached" for name in ("shop", "shop-2", "shop-3")
    ]
    assert {entry.state for entry in story.history()} == {"delivered"}


def test_what_waits_for_hours_goes_out_as_soon_as_the_channel_takes_something(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(500)] * 5)
    story.runs()
    story.flush()
    for minutes in (1, 2, 10, 60):
        story.later(minutes=minutes)
    story.runs(error=Unavailable("away", connection="shop-2"), source="shop-2")
    story.later(minutes=1)

    assert [notice["title"] for notice in posted(receiver)[5:]] == [
        "shop-2 cannot be reached",
        "shop cannot be reached",
    ]


def test_a_tenant_whose_receiver_hangs_keeps_no_other_waiting(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    make_tenants(story.engine, "neighbour")
    neighbour = Story(story.engine, "neighbour")
    story.subscribe(receiver)
    neighbour.subscribe(other)
    over, heard = Event(), []
    receiver.answer([Reply(meanwhile=lambda: heard.append(over.wait(10)))])
    other.answer([Reply(), Reply(), Reply(meanwhile=over.set)])
    story.runs()
    for connection in ("shop", "shop-2", "shop-3"):
        neighbour.runs(error=Unavailable("away", connection=connection), source=connection)
    story.flush()

    assert heard == [True]
    assert (len(receiver.requests), len(other.requests), story.delivered) == (1, 3, 4)


def test_tenants_take_turns_where_there_are_more_of_them_than_senders(
    story: Story, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TENANTS_AT_ONCE", 1)
    make_tenants(story.engine, "neighbour")
    neighbour = Story(story.engine, "neighbour")
    for each in (story, neighbour):
        each.subscribe(receiver)
    for connection in ("shop", "shop-2", "shop-3"):
        story.runs(error=Unavailable("away", connection=connection), source=connection)
    neighbour.runs()
    story.flush()

    assert [notice["tenant"] for notice in posted(receiver)] == ["default", "neighbour", "default", "default"]


def test_what_waits_for_a_configuration_that_is_gone_or_off_is_given_up(story: Story, receiver: HttpReceiver) -> None:
    removed, off = story.subscribe(receiver, "removed"), story.subscribe(receiver, "off")
    asleep = story.subscribe(receiver, "asleep", quiet_hours={"begin": "00:00", "end": "23:00"})
    story.runs()
    story.judge()
    remove_configuration(story.caller, removed.id)
    remove_configuration(story.caller, asleep.id)
    wish = ConfigWish(name="off", settings={"channel": "webhook"}, enabled=False)
    change_configuration(story.caller, off.id, wish)
    story.flush()

    assert receiver.requests == []
    assert [entry.state for entry in story.history()] == ["given_up"] * 3


def test_a_receiver_that_never_comes_to_an_end_is_left_alone(
    story: Story, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.subscribe(receiver)
    receiver.answer([Reply(silent=True)])
    monkeypatch.setattr(delivering, "LONGEST_SEND", 0.05)
    story.runs()
    story.flush()

    assert [(entry.state, entry.why) for entry in story.history()] == [
        ("failed", "it did not come to an end within 0.05 seconds")
    ]
