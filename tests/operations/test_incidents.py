"""One cause, one alert, one word when it is over: what people hear of runs that end."""

from __future__ import annotations

import pytest

from db.session import open_engine
from domain.errors import Misconfigured, Unavailable
from domain.keys import Kind
from domain.sync import RunState, Tally
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import make_tenants
from tests.operations.telling import AWAY, SHOP, WAREHOUSE, Story, posted, rejected, told

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")
ESCALATED = ("consecutive_failures", "escalated")


def test_an_outage_is_told_once_and_once_when_it_is_over(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.runs()
    story.flush()
    story.later(minutes=15)
    story.runs()
    story.later(minutes=5)
    story.succeeds()
    story.later(days=3)

    assert told(receiver) == [OPENED, RESOLVED]
    opened, resolved = posted(receiver)
    assert opened["title"] == "shop cannot be reached"
    assert resolved["title"] == "Resolved: shop cannot be reached"
    assert "It lasted 20 min and struck 2 times." in resolved["text"]
    assert {opened["thread"], resolved["thread"]} == {opened["thread"]}
    assert opened["id"] != resolved["id"]


def test_ten_thousand_rejected_records_are_one_alert_and_one_end_for_each_that_wants_to_know(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    story.subscribe(receiver, "one")
    story.subscribe(other, "two")
    story.subscribe(receiver, "books only", systems=["quickbooks"])
    counted = {Kind.ORDER: Tally(read=12_000, created=2_000, failed=10_000)}
    story.succeeds(problems=rejected(10_000), tallies=counted)
    story.flush()
    story.later(minutes=30)
    story.writes_queued()
    story.succeeds(tallies={Kind.ORDER: Tally(read=10_000, created=10_000)})
    story.flush()

    assert told(receiver) == told(other) == [("records_rejected", "opened"), RESOLVED]
    alert = posted(receiver)[0]
    assert alert["title"] == "10,000 order records could not be written to warehouse"
    assert alert["records"][0] == "shop:order:0"
    assert len(alert["records"]) == 10


def test_two_causes_at_once_are_two_alerts(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.runs()
    story.runs(error=Unavailable("the database is away", connection=WAREHOUSE))
    counted = dict.fromkeys((Kind.ORDER, Kind.REFUND), Tally(read=1, failed=1))
    problems = [*rejected(1), *rejected(1, kind=Kind.REFUND)]
    story.succeeds(problems=problems, tallies=counted, kinds=(Kind.ORDER, Kind.REFUND), target="books")
    story.flush()

    assert [(notice["event"], dict(notice["fields"]).get("Connection")) for notice in posted(receiver)] == [
        ("connection_failed", SHOP),
        ("connection_failed", WAREHOUSE),
        ("records_rejected", "books"),
        ("records_rejected", "books"),
        ("recovered", SHOP),
    ]


def test_however_a_system_is_away_it_is_one_outage(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.runs(error=Unavailable("shop.example took longer than 60 seconds to answer", connection=SHOP))
    story.runs(error=Unavailable("shop.example answered 502", connection=SHOP, status=502), schedule=None)
    story.runs(error=AWAY, kinds=(Kind.PRODUCT,), schedule="hourly")
    story.flush()

    assert told(receiver) == [OPENED]


def test_the_same_cause_in_two_tenants_is_two_alerts(story: Story, receiver: HttpReceiver) -> None:
    make_tenants(story.engine, "berlin")
    berlin = Story(story.engine, "berlin")
    for each in (story, berlin):
        each.subscribe(receiver)
        each.runs()
    story.flush()

    assert sorted(notice["tenant"] for notice in posted(receiver)) == ["berlin", "default"]
    berlin.succeeds()
    story.flush()
    assert [notice["tenant"] for notice in posted(receiver)[2:]] == ["berlin"]


def test_the_third_failure_in_a_row_is_critical_and_told_once_though_everything_is_restarted_in_between(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    for _ in range(5):
        story.runs()
        story.later(hours=1)
        story = restarted(story)
    assert told(receiver) == [OPENED, ESCALATED]
    critical = posted(receiver)[1]
    assert (critical["severity"], "It failed 3 times in a row." in critical["text"]) == ("critical", True)

    story.succeeds()
    story.later(hours=1)
    story.runs()
    story.later(hours=1)
    assert told(receiver)[2:] == [RESOLVED, OPENED]


def test_failures_in_a_row_are_counted_for_each_schedule_and_a_success_ends_the_row(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, threshold=2)
    story.runs(schedule="nightly")
    story.runs(schedule="hourly")
    story.flush()
    assert told(receiver) == [OPENED]

    story.succeeds(schedule="hourly")
    story.later(minutes=20)
    story.runs(schedule="hourly")
    story.flush()
    assert told(receiver) == [OPENED, RESOLVED, OPENED]
    story.runs(schedule="nightly")
    story.flush()
    assert told(receiver)[3:] == [ESCALATED]


def test_an_incident_is_repeated_only_after_the_interval_and_only_if_it_struck_again(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, threshold=100)
    story.runs()
    story.flush()
    story.later(hours=5)
    assert told(receiver) == [OPENED]
    for _ in range(3):
        story.runs()
        story.later(hours=1)

    assert told(receiver) == [OPENED, ("connection_failed", "repeated")]


def test_what_fails_again_within_ten_minutes_is_told_only_if_it_lasts(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    story.runs()
    story.later(minutes=30)
    story.succeeds()
    for _ in range(3):
        story.later(minutes=4)
        story.runs()
        story.later(minutes=4)
        story.succeeds()
    story.later(minutes=4)
    assert told(receiver) == [OPENED, RESOLVED]

    story.runs()
    story.later(minutes=9)
    assert told(receiver) == [OPENED, RESOLVED]
    story.later(minutes=1)
    assert told(receiver)[2:] == [("connection_failed", "repeated")]
    story.succeeds()
    story.flush()
    assert told(receiver)[3:] == [RESOLVED]


def test_rejected_records_are_over_only_when_none_is_queued_for_that_cause(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    failed = {Kind.ORDER: Tally(read=100, created=90, failed=10)}
    story.succeeds(problems=rejected(10), tallies=failed)
    story.flush()
    story.later(minutes=30)
    story.succeeds(tallies={Kind.ORDER: Tally(read=1, unchanged=1)})
    story.flush()
    assert told(receiver) == [("records_rejected", "opened")]

    story.writes_queued()
    story.succeeds(tallies={Kind.ORDER: Tally(read=1, created=1)}, ids=("9",))
    story.flush()
    assert told(receiver)[1:] == [RESOLVED]


@pytest.mark.parametrize(
    "narrower",
    [{"kinds": (Kind.PRODUCT,)}, {"ids": ("1",)}, {"dry_run": True}, {"target": "other"}],
    ids=["another kind", "some records", "a dry run", "another target"],
)
def test_a_success_that_proves_nothing_ends_nothing(
    story: Story, receiver: HttpReceiver, narrower: dict[str, object]
) -> None:
    story.subscribe(receiver)
    story.runs(error=Misconfigured("the mapping cannot be used"))
    story.succeeds(**narrower)
    story.flush()
    assert told(receiver) == [("sync_failed", "opened")]

    story.succeeds(kinds=(Kind.PRODUCT, Kind.ORDER), schedule=None)
    story.flush()
    assert told(receiver) == [("sync_failed", "opened"), RESOLVED]


def test_one_cause_of_two_routes_is_over_when_both_went_through(story: Story, receiver: HttpReceiver) -> None:
    story.subscribe(receiver)
    for target in (WAREHOUSE, "other"):
        story.runs(RunState.CRASHED, None, target=target)
    story.succeeds()
    story.flush()
    assert told(receiver) == [("sync_crashed", "opened")]
    story.succeeds(target="other")
    story.flush()

    assert told(receiver) == [("sync_crashed", "opened"), RESOLVED]


def restarted(story: Story) -> Story:
    """The same day in another process."""
    story.engine.dispose()
    return Story(open_engine(story.engine.url.render_as_string(hide_password=False)), story.tenant, story.now)
