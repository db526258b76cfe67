"""Cron expressions: which are taken, and when they are due."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.cron import check_cron, check_zone, due_times, next_due
from domain.refusals import Unusable

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron", ["*/5 * * * *", "5-59/15 * * * *", "30 2 * * *", "0,30 8-18 * * MON-FRI", "0 3 1 * *", "0 3 * jan,jul 0"]
)
def test_what_is_taken_is_due_again_and_again_five_minutes_apart_or_more(cron: str) -> None:
    times = due_times(check_cron(cron), "Europe/Berlin", NEW_YEAR, 300)
    assert min(later - earlier for earlier, later in pairwise(times)) >= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("* * * * *", "at least 5 minutes apart"),
        ("*/4 * * * *", "at least 5 minutes apart"),
        ("0,58 * * * *", "at least 5 minutes apart"),
        ("30 2 * *", "write five fields"),
        ("@hourly", "write five fields"),
        ("0 0 L * *", "write five fields"),
        ("0 0 * * 1#2", "write five fields"),
        ("0 0 * FOO *", "cannot be used: bad month"),
        ("61 * * * *", "cannot be used: bad minute"),
        ("0 0 30 2 *", "cannot be used"),
        ("0 0 1 * MON", "not both"),
        ("*/0 * * * *", "cannot be used: bad minute"),
    ],
)
def test_what_cannot_be_used_is_named(cron: str, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        check_cron(cron)


def test_minutes_close_to_the_hour_are_fine_where_the_hour_comes_once_a_day() -> None:
    assert check_cron("0,58 3 * * *") == "0,58 3 * * *"


@given(st.text(alphabet="0123456789*/,-LW#ANBCDEJMOPRSTUV ", max_size=30) | st.text(max_size=30))
def test_whatever_is_written_is_refused_or_comes_due(cron: str) -> None:
    taken = None
    with suppress(Unusable):
        taken = check_cron(cron)
    assert taken is None or next_due(taken, "UTC", NEW_YEAR) > NEW_YEAR


def test_a_time_of_day_follows_the_clocks_of_its_zone() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    assert next_due("30 2 * * *", "Europe/Berlin", NEW_YEAR) == datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    assert next_due("30 2 * * *", "Europe/Berlin", summer) == datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe", "\0"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(Unusable, match="no such time zone"):
        check_zone(zone)
