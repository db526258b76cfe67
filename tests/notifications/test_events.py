"""Events: whatever text another system brought into them is made fit to be told, never refused."""

from __future__ import annotations

from time import perf_counter

import pytest

from notifications.events import LARGEST_SAMPLE, MOST_DETAILS, EventType, Severity, tellable
from tests.notifications.samples import event


def test_what_is_too_long_is_cut_and_never_refused() -> None:
    told = event(
        title="t" * 1_000,
        message="word " * 2_000,
        records=[f"shop:order:{number}" for number in range(5_000)],
        record_count=5_000,
        details={f"name {number}": "v" * 5_000 for number in range(50)},
        run_link="https://x.example/" + "y" * 5_000,
    )
    assert (len(told.title), told.title[-1]) == (300, "…")
    assert len(told.message) <= 4_000
    assert (len(told.records), told.record_count) == (LARGEST_SAMPLE, 5_000)
    assert len(told.details) == MOST_DETAILS
    assert all(len(value) == 1_000 for value in told.details.values())
    assert told.run_link == ""


def test_what_nobody_sees_but_acts_is_left_out() -> None:
    told = event(title="a\x00b\r\nBcc: c\x1b[31m\ud800\u202ed", message="one\r\n\ttwo\x7f")
    assert told.title == "ab Bcc: c[31md"
    assert told.message == "one\n\ttwo"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://sync.example.org/runs/1?a=b&c=d#e", "https://sync.example.org/runs/1?a=b&c=d#e"),
        ("https://x.example/|a> b\n\"'<c", "https://x.example/%7Ca%3E%20b%0A%22'%3Cc"),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_the_web_and_cannot_break_out_of_mark_up(given: str, kept: str) -> None:
    assert event(record_link=given).record_link == kept


@pytest.mark.parametrize("before", range(1_970, 2_001))
def test_a_secret_and_an_address_are_masked_before_anything_is_cut(before: int) -> None:
    told = event(message="x " * before + "password=hunter2 of ann@example.org", details={"From": "ann@example.org"})
    assert "hunt" not in told.message
    assert "ann" not in told.message
    assert told.details == {"From": "<e-mail>"}


def test_what_is_left_of_a_secret_that_was_cut_is_not_told() -> None:
    assert "AbCdEf" not in event(title="password=" + "x" * 575 + " Bearer AbCdEfGhI0123456").title


def test_a_page_that_came_as_an_error_is_masked_in_no_time() -> None:
    started = perf_counter()
    tellable("<html>" + "a" * 10_000_000, 4_000)
    assert perf_counter() - started < 2


def test_a_cause_is_told_apart_by_type_connection_kind_and_error() -> None:
    causes = {
        event().cause,
        event(type=EventType.SYNC_CRASHED).cause,
        event(connection="other").cause,
        event(kind=None).cause,
        event(error_type="other").cause,
    }
    assert len(causes) == 5
    assert event(message="Another wording.", title="Another title").cause == event().cause


def test_severities_are_ordered() -> None:
    assert [severity.reaches(Severity.ERROR) for severity in Severity] == [False, False, True, True]
