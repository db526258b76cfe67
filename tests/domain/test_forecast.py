"""Where a month will end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.forecast import month_end


@pytest.mark.parametrize(
    ("count", "at", "end"),
    [
        (1500, datetime(2026, 4, 16, tzinfo=UTC), 3000),
        (1, datetime(2026, 4, 1, 0, 5, tzinfo=UTC), 30),
        (24, datetime(2026, 4, 1, 18, tzinfo=UTC), 720),
        (300, datetime(2026, 4, 30, 23, 59, tzinfo=UTC), 300),
        (290, datetime(2028, 2, 15, 12, tzinfo=UTC), 580),
        (0, datetime(2026, 12, 31, tzinfo=UTC), 0),
    ],
)
def test_a_month_goes_on_as_it_began(count: int, at: datetime, end: int) -> None:
    assert month_end(count, at) == end
