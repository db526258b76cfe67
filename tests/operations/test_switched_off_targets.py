"""Targets that refuse for good: switched off, told of, and told anew once they are mended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.errors import Unavailable
from operations.caller import Caller
from operations.notification_configs import (
    ConfigWish,
    change_configuration,
    show_configuration,
)
from operations.notification_tests import try_configuration
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.operations.telling import Story, posted, told

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")


def save_again(caller: Caller, config_id: UUID) -> None:
    stored = show_configuration(caller, config_id)
    change_configuration(caller, config_id, ConfigWish(name=stored.name, settings={"channel": "webhook"}))


def test_a_target_that_is_gone_is_switched_off_and_others_are_told(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    gone = story.subscribe(receiver, "gone")
    story.subscribe(other, "still there")
    receiver.answer([Reply(410)])
    story.runs()
    story.flush()
    story.flush()
    story.succeeds()
    story.later(minutes=1)

    assert told(other) == [OPENED, ("channel_switched_off", "single"), RESOLVED]
    assert posted(other)[1]["title"] == "Notices through gone do not arrive any more"
    assert posted(other)[1]["fields"]["Target"] == "127.0.0.1"
    assert len(receiver.requests) == 1
    [target] = show_configuration(story.caller, gone.id).targets
    assert (target.switched_off_at, target.why) == (story.now - timedelta(minutes=1), "127.0.0.1 answered 410")
    states = {(entry.stage, entry.state, entry.why) for entry in story.history(config=gone.id)}
    assert states == {
        ("opened", "given_up", target.why),
        ("resolved", "suppressed", "all its targets are switched off, because they refused for good"),
    }


def test_that_somebody_is_not_told_any_more_is_told_whatever_the_filters(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    story.subscribe(receiver, "gone")
    story.subscribe(other, "still there", minimum_severity="critical", systems=["quickbooks"])
    receiver.answer([Reply(410)])
    story.runs()
    story.flush()
    story.flush()

    assert told(other) == [("channel_switched_off", "single")]


def test_an_old_address_that_refuses_says_nothing_of_the_new_one(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    made = story.subscribe(receiver)
    elsewhere = ConfigWish(name="people", settings={"channel": "webhook", "url": other.url})
    receiver.answer([Reply(404, meanwhile=lambda: change_configuration(story.caller, made.id, elsewhere))])
    story.runs()
    story.flush()
    assert show_configuration(story.caller, made.id).targets[0].switched_off_at is None
    story.later(minutes=1)

    assert (len(receiver.requests), told(other)) == (1, [OPENED])
    assert [entry.state for entry in story.history()] == ["delivered"]


@pytest.mark.parametrize("mend", [save_again, try_configuration])
def test_what_was_told_in_vain_is_told_anew_as_soon_as_the_configuration_is_mended(
    story: Story, receiver: HttpReceiver, mend: Callable[[Caller, UUID], object]
) -> None:
    story.now = datetime.now(UTC)
    made = story.subscribe(receiver)
    receiver.answer([Reply(404)])
    story.runs()
    story.flush()
    story.later(seconds=1)
    story.runs(error=Unavailable("away", connection="shop-2"), source="shop-2")
    story.flush()
    assert told(receiver) == [OPENED]
    for _ in range(2):
        mend(story.caller, made.id)
        story.later(minutes=5)

    anew = [notice for notice in posted(receiver)[1:] if notice["event"] != "test"]
    assert [(notice["title"], notice["stage"]) for notice in anew] == [
        ("shop cannot be reached", "opened"),
        ("shop-2 cannot be reached", "opened"),
    ]


def test_what_is_on_its_way_or_came_in_a_summary_is_not_told_again_when_a_configuration_is_saved(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    story.now = datetime.now(UTC)
    waits = story.subscribe(receiver, "waits")
    hours = {"begin": f"{story.now:%H:%M}", "end": f"{story.now + timedelta(hours=1):%H:%M}"}
    sleeps = story.subscribe(other, "sleeps", quiet_hours=hours)
    receiver.answer([Reply(500)] * 2)
    for connection in ("shop", "shop-2"):
        story.runs(error=Unavailable("away", connection=connection), source=connection)
    story.flush()
    story.later(hours=1)
    assert told(other) == [("connection_failed", "summary")]
    for made in (waits, sleeps):
        save_again(story.caller, made.id)
    story.later(hours=1)

    assert len({notice["id"] for notice in posted(receiver)}) == 2
    assert len(posted(other)) == 1


def test_saving_again_or_a_successful_test_switches_a_target_on_again(story: Story, receiver: HttpReceiver) -> None:
    made = story.subscribe(receiver)
    receiver.answer([Reply(404), Reply(404)])
    story.runs()
    story.flush()
    assert show_configuration(story.caller, made.id).targets[0].switched_off_at
    change_configuration(story.caller, made.id, ConfigWish(name="people", settings={"channel": "webhook"}))
    assert show_configuration(story.caller, made.id).targets[0].switched_off_at is None

    assert not try_configuration(story.caller, made.id).delivered
    assert show_configuration(story.caller, made.id).targets[0].switched_off_at
    assert try_configuration(story.caller, made.id).delivered
    assert show_configuration(story.caller, made.id).targets[0].switched_off_at is None
