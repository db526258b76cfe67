"""The hours of the year in which a moment cannot be asked for exactly, whatever the time zone of the shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones


@lru_cache(maxsize=256)
def exact_bound(moment: datetime) -> datetime:
    """Give the last moment not after this one that a date filter of WordPress takes as it is meant; naive UTC both.

    WordPress reads a naive value in the zone of the shop even where it is to be compared with a UTC column
    (wp-includes/class-wp-date-query.php, build_mysql_datetime). A text that the clocks of that zone skip in spring is
    moved an hour on, and whatever changed in that hour would be missed. And it sorts posts by local stamps, so that in
    the hour which autumn repeats the order is not the order of events. The zone of a shop need not be known to avoid
    both: hours that any clock in the world skips or repeats are avoided, which are a few on some ten days of the year.
    """
    while _is_skipped(moment) or _is_repeated(moment):
        moment -= timedelta(minutes=moment.minute % 30, seconds=moment.second + 1)
    return moment


def _is_skipped(text: datetime) -> bool:
    later = text.replace(fold=1)
    return any(_offset(zone, later) > _offset(zone, text) for zone in _zones())


def _is_repeated(moment: datetime) -> bool:
    aware = moment.replace(tzinfo=UTC)
    for zone in _zones():
        local = aware.astimezone(zone).replace(tzinfo=None)
        if _offset(zone, local.replace(fold=1)) < _offset(zone, local.replace(fold=0)):
            return True
    return False


def _offset(zone: ZoneInfo, local: datetime) -> timedelta:
    return zone.utcoffset(local) or timedelta(0)


@cache
def _zones() -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in sorted(available_timezones()))
