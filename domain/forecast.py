"""Where a month will end if it goes on as it began."""

from __future__ import annotations

import calendar
from datetime import datetime

# Half an hour after midnight of the first, a month would be foretold from nothing.
_LEAST_DAYS = 1.0


def month_end(count: int, at: datetime) -> int:
    """Foretell a month's count from what it is at a moment of UTC, by the days that have passed; rounded.

    The first day counts as a whole one, because an hour of it says little.
    """
    days = calendar.monthrange(at.year, at.month)[1]
    passed = at.day - 1 + (at.hour + at.minute / 60) / 24
    return round(count * days / max(_LEAST_DAYS, passed))
