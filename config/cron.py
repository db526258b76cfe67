"""When a schedule is due: five cron fields in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from domain.refusals import Unusable

# What every reader of cron expressions understands alike; Prefect's own is another one than ours.
_ONE = r"([0-9]{1,2}|[A-Z]{3})"
_PART = rf"(\*|{_ONE}(-{_ONE})?)(/[0-9]{{1,2}})?"
_FIELD = re.compile(f"^{_PART}(,{_PART})*$", re.ASCII)
_EXAMPLE = "write five fields like */15 * * * * (every 15 minutes) or 30 2 * * * (every night at 2:30)"

MINUTES_APART = 5
"""Runs that follow each other faster would only wait for each other."""


def check_cron(cron: str) -> str:
    """Give the expression as it is stored.

    Raises:
        Unusable: one sentence saying what is wrong with it.
    """
    fields = cron.upper().split()
    if len(fields) != 5 or not all(map(_FIELD.match, fields)):
        raise Unusable(f"the schedule cannot be read; {_EXAMPLE}", field="cron")
    # Whether a day must fit both or either of the two, readers disagree.
    if fields[2] != "*" and fields[4] != "*":
        raise Unusable("give the day of the month or the day of the week, not both; * is any day", field="cron")
    try:
        times = CronSim(" ".join(fields), datetime.now(UTC))
        next(times)
    except CronSimError as error:
        raise Unusable(f"the schedule cannot be used: {str(error).lower()}; {_EXAMPLE}", field="cron") from None
    except StopIteration:
        raise Unusable("the schedule names a day that never comes", field="cron") from None
    require_room(sorted(times.minutes), is_hourly=len(times.hours) > 1)
    return " ".join(fields)


def require_room(minutes: list[int], *, is_hourly: bool) -> None:
    """Make sure that runs at these minutes of an hour are far enough apart.

    Raises:
        Unusable: they are not.
    """
    following = [*minutes, minutes[0] + 60] if is_hourly else minutes
    if any(later - earlier < MINUTES_APART for earlier, later in pairwise(following)):
        raise Unusable(f"runs must be at least {MINUTES_APART} minutes apart, such as */5 * * * *", field="cron")


def check_zone(zone: str) -> str:
    """Give the name of the time zone back.

    Raises:
        Unusable: there is no such zone.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unusable(
            "there is no such time zone; use an IANA name such as Europe/Berlin", field="time_zone"
        ) from None
    return zone


def next_due(cron: str, zone: str, after: datetime) -> datetime:
    """Give the first moment after this one, in UTC, at which the schedule is due."""
    return next(CronSim(cron, after.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def due_times(cron: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """Give the next so many moments, in UTC, at which the schedule is due."""
    times = CronSim(cron, after.astimezone(ZoneInfo(zone)))
    return [moment.astimezone(UTC) for _, moment in zip(range(count), times, strict=False)]
