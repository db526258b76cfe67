"""What WordPress makes of a date in a query, and how a shop writes its stamps."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# WordPress rest_parse_date (wp-includes/rest-api.php): a full date-time, perhaps a fraction or a zone; no bare date.
_ACCEPTED = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:(Z)|([+-])(\d{2})(?::(\d{2}))?)?",
)
# WooCommerce wc_string_to_datetime (includes/wc-formatting-functions.php) honours a zone only in exactly this shape.
_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})")


def parse(value: str) -> datetime | None:
    """``value`` as WordPress reads it, naive when it names no zone; None where WordPress answers "Invalid date.".

    Days beyond the month's end roll over, as PHP's strtotime does.
    """
    match = _ACCEPTED.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not (year and 1 <= month <= 12 and day <= 31 and hour <= 24 and minute <= 59 and second <= 60):
        return None
    moment = datetime(year, month, 1) + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)  # noqa: DTZ001 - naive is what was sent
    zulu, sign, offset_hours, offset_minutes = match.groups()[6:]
    if zulu:
        return moment.replace(tzinfo=UTC)
    if sign:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
        return moment.replace(tzinfo=timezone(offset if sign == "+" else -offset))
    return moment


def local_text(value: str, zone: ZoneInfo) -> str:
    """What WP_Date_Query compares a value with: always the shop's local time, whatever column it looks at.

    Source: wp-includes/class-wp-date-query.php build_mysql_datetime; woocommerce-observed: dates. Two traps follow when
    the column is a GMT one: a value with a zone is off by the shop's offset, and a naive value inside the hour that
    spring skips moves on by one hour.
    """
    moment = _known(value)
    if moment.tzinfo is None:
        # PHP reads a repeated hour as its first pass and moves a skipped hour forward: both are Python's fold=0.
        moment = moment.replace(tzinfo=zone).astimezone(UTC)
    return stamp(moment.astimezone(zone))


def gmt_text(value: str, zone: ZoneInfo) -> str:
    """What order tables (HPOS) compare a local filter with: the value turned into GMT.

    Source: OrdersTableQuery.php map_gmt_and_post_keys_to_hpos_keys. A zone beside a fraction, or one without minutes,
    is first read as UTC and then taken for local time once more (wc_string_to_datetime).
    """
    moment = _known(value)
    if moment.tzinfo is not None and not _ZONED.fullmatch(value):
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return stamp(moment.astimezone(UTC))


def stamp(moment: datetime) -> str:
    """A moment as the shop writes it: to the second, without a zone (woocommerce-observed: dates)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def pair(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The stamps of an aware moment: the shop's local time and GMT."""
    return stamp(moment.astimezone(zone)), stamp(moment.astimezone(UTC))


def _known(value: str) -> datetime:
    moment = parse(value)
    if moment is None:
        raise ValueError(f"{value!r} is no date-time that WordPress accepts")
    return moment
