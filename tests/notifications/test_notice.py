"""Events in words: what each stage says, and what it leaves out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.events import EventType, Severity
from notifications.notice import LONGEST_SUMMARY, Stage, compose, duration, summarise
from notifications.wording import links
from tests.notifications.samples import NOON, event, notice


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=5, seconds=59), "5 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(days=1, minutes=59), "1 day"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
    ],
)
def test_a_span_of_time_is_written_as_people_say_it(span: timedelta, said: str) -> None:
    assert duration(span) == said


def test_the_end_of_an_incident_tells_how_long_it_lasted_and_not_what_was_wrong() -> None:
    over = notice(Stage.RESOLVED)
    assert over.text == "It is over. It lasted 2 h 5 min and struck 7 times."
    assert over.severity is Severity.INFO
    assert (over.records, over.steps, over.guide) == ((), (), "")
    assert "Read" not in dict(over.fields)


def test_advice_that_an_error_gives_itself_is_not_given_twice() -> None:
    told = notice(message="The other side did not answer in time. Again.")
    assert told.text == "The other side did not answer in time. Again."


def test_what_is_known_is_not_overwritten_by_details_of_the_same_name() -> None:
    fields = dict(notice(details={"Tenant": "somebody else", "Schedule": "another", "Read": "1"}, schedule="").fields)
    assert (fields["Tenant"], fields["Schedule"], fields["Read"]) == ("acme", "another", "1")


def test_a_guide_that_is_no_page_of_the_web_is_no_link() -> None:
    told = compose(event(), id="a", thread="b", guide_url="docs/troubleshooting.md")
    assert [name for name, _ in links(told)] == ["Open"]


def test_a_summary_names_each_notice_and_is_as_severe_as_the_worst() -> None:
    worst = notice(type=EventType.RECONNECT_NEEDED, severity=Severity.CRITICAL, title="books must be connected again")
    summary = summarise([notice(run_link=""), worst], id="s", at=NOON)
    assert (summary.severity, summary.event, summary.stage) == (Severity.CRITICAL, worst.event, Stage.SUMMARY)
    assert summary.text.splitlines() == [
        "1. The sync of berlin-shop to books failed (books)",
        f"2. books must be connected again (books): {worst.link}",
    ]
    assert summary.thread == summary.id == "s"

    many = summarise([notice()] * (LONGEST_SUMMARY + 5), id="s", at=NOON)
    assert many.text.splitlines()[-1] == "... and 5 more"
