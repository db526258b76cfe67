"""Filters and quiet hours of a configuration."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from notifications.events import Severity
from notifications.rules import NoticeFilters, QuietHours
from tests.notifications.samples import NOON, event

NIGHT = QuietHours(begin=time(22), end=time(7), zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("filters", "changes", "admitted"),
    [
        ({}, {}, True),
        ({}, {"severity": "info"}, False),
        ({"minimum_severity": "critical"}, {}, False),
        ({"minimum_severity": "critical"}, {"severity": "critical"}, True),
        ({"systems": ["quickbooks"]}, {}, True),
        ({"systems": ["woocommerce"]}, {}, False),
        ({"systems": ["woocommerce"]}, {"system": None}, True),
        ({"kinds": ["refund"]}, {}, False),
        ({"kinds": ["refund", "order"]}, {}, True),
        ({"kinds": ["refund"]}, {"kind": None}, True),
        ({"error_types": ["network-timeout"]}, {}, True),
        ({"error_types": ["other"]}, {}, False),
        ({"error_types": ["other"]}, {"error_type": ""}, True),
        ({"rejected_percent": 5}, {"rejected_percent": 4.9}, False),
        ({"rejected_percent": 5}, {"rejected_percent": 5.0}, True),
        ({"rejected_percent": 5}, {}, True),
        ({"systems": ["quickbooks"], "kinds": ["refund"]}, {}, False),
    ],
)
def test_an_event_passes_when_it_has_what_is_wanted_or_lacks_the_attribute(
    filters: dict[str, Any], changes: dict[str, Any], admitted: bool
) -> None:
    assert NoticeFilters.model_validate(filters).admit(event(**changes)) is admitted


@pytest.mark.parametrize(
    ("local", "quiet"),
    [("21:59:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("06:59:59", True), ("07:00", False)],
)
def test_quiet_hours_go_over_midnight_in_their_own_time_zone(local: str, quiet: bool) -> None:
    moment = datetime.combine(NOON.date(), time.fromisoformat(local), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    filters = NoticeFilters(quiet_hours=NIGHT)
    assert filters.quiet(Severity.ERROR, moment) is quiet
    assert not filters.quiet(Severity.CRITICAL, moment)


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        (datetime(2026, 7, 16, 21, 0, tzinfo=UTC), datetime(2026, 7, 17, 5, 0, tzinfo=UTC)),
        (datetime(2026, 7, 17, 4, 59, tzinfo=UTC), datetime(2026, 7, 17, 5, 0, tzinfo=UTC)),
        # The night in which clocks go back is an hour longer.
        (datetime(2026, 10, 24, 21, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_what_is_put_off_is_due_when_quiet_hours_end(moment: datetime, over: datetime) -> None:
    assert NIGHT.over_at(moment) == over


@settings(max_examples=50)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.times(), st.times(), st.data())  # noqa: DTZ001
def test_quiet_hours_end_within_a_day_and_it_is_not_quiet_then(
    naive: datetime, begin: time, end: time, data: st.DataObject
) -> None:
    if begin == end:
        return
    zone = data.draw(st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]))
    hours = QuietHours(begin=begin, end=end, zone=zone)
    moment = naive.replace(tzinfo=UTC)
    over = hours.over_at(moment)
    assert moment < over
    assert (over - moment).total_seconds() <= 25 * 3600
    # Where clocks are set at that very moment, the end may not exist, or come twice.
    if over.astimezone(ZoneInfo(zone)).time() == end:
        assert not hours.include(over)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"quiet_hours": {"begin": "22:00", "end": "07:00", "zone": "Mars"}}, "name a time zone such as Europe/Berlin"),
        ({"quiet_hours": {"begin": "22:00", "end": "07:00", "zone": "../etc"}}, "name a time zone"),
        ({"quiet_hours": {"begin": "22:00", "end": "22:00"}}, "begin and end at the same time"),
        ({"quiet_hours": {"begin": "22:00+02:00", "end": "07:00"}}, "the time zone has a field of its own"),
        ({"quiet_hours": {"begin": 79200, "end": "07:00"}}, "write it like 22:00"),
        ({"threshold": "3"}, "valid integer"),
        ({"error_types": ["\0"]}, "should match pattern"),
        ({"threshold": 0}, "greater than or equal to 1"),
        ({"repeat_hours": 0}, "greater than or equal to 0.25"),
        ({"rejected_percent": float("nan")}, "less than or equal to 100"),
        ({"minimum_severty": "error"}, "Extra inputs are not permitted"),
    ],
)
def test_filters_that_cannot_be_meant_are_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        NoticeFilters.model_validate(given)


def test_filters_are_the_same_after_they_were_stored() -> None:
    filters = NoticeFilters(quiet_hours=NIGHT, threshold=5, repeat_hours=0.5)
    assert NoticeFilters.model_validate_json(filters.model_dump_json()) == filters
