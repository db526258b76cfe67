"""A moment is asked for only where every clock in the world shows it once."""

# ruff: noqa: DTZ001 - the bounds are naive, as WordPress wants them

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.woocommerce.hours import exact_bound

ZONES = ("Europe/Berlin", "America/New_York", "America/Nuuk", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Tokyo")
moments = st.datetimes(datetime(2003, 1, 1), datetime(2037, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@given(moments, st.sampled_from(ZONES))
def test_the_text_of_a_bound_is_a_time_that_the_clocks_of_any_shop_show(moment: datetime, zone: str) -> None:
    bound = exact_bound(moment)

    shown = bound.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
    assert shown.replace(tzinfo=None) == bound
    assert timedelta(0) <= moment - bound < timedelta(hours=12)


@pytest.mark.parametrize("moment", [datetime(2026, 6, 15, 2, 30), datetime(2026, 3, 29, 12, 0)])
def test_a_moment_far_from_any_change_of_clocks_is_asked_for_as_it_is(moment: datetime) -> None:
    assert exact_bound(moment) == moment


@pytest.mark.parametrize(
    ("moment", "before"),
    [
        # Europe's clocks skip texts from 00:00 (Azores) to 03:59 (Athens).
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 0, 0)),
        # Europe's clocks show twice what happens between midnight and two o'clock UTC.
        (datetime(2026, 10, 25, 1, 15), datetime(2026, 10, 25, 0, 0)),
    ],
)
def test_the_hours_of_a_change_of_clocks_are_avoided(moment: datetime, before: datetime) -> None:
    assert exact_bound(moment) < before
