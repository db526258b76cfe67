"""The small changes a mapped value can go through, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Transform = Callable[[object], object]


class InvalidTransform(ValueError):
    """A transform is not known or lacks what it needs; the text says which and what is known."""


def parse_transform(text: str) -> Transform:
    """Give the transform written as ``name`` or ``name:argument``; all but ``default`` leave a missing value missing.

    Raises:
        InvalidTransform: when there is no such transform or its argument cannot be used.
    """
    name, colon, argument = text.partition(":")
    if name in _PLAIN and not colon:
        return _PLAIN[name]
    if name in _WITH_ARGUMENT and colon:
        return _WITH_ARGUMENT[name](argument)
    known = ", ".join([*_PLAIN, *(f"{name}:..." for name in _WITH_ARGUMENT)])
    raise InvalidTransform(f"{text!r} is no transform; known are {known}")


def _on_text(change: Callable[[str], str | None]) -> Transform:
    def apply(value: object) -> object:
        return None if value is None else change(value if isinstance(value, str) else str(value))

    return apply


def _single_line(text: str) -> str:
    return " ".join(text.split())


def _name(text: str) -> str:
    # QuickBooks refuses ":" in names (it separates parents from children) and keeps no tabs or line breaks.
    return _single_line(text.replace(":", " "))


def _email(text: str) -> str | None:
    # QuickBooks refuses what does not look like an address (2210); a document without one is better than none.
    return text.strip() if re.fullmatch(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+", text.strip()) else None


def _number(value: object) -> object:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _length(argument: str, name: str) -> int:
    if not (argument.isascii() and argument.isdigit() and int(argument)):
        raise InvalidTransform(f"{name} needs a length above zero, such as {name}:100")
    return int(argument)


def _truncate(argument: str) -> Transform:
    length = _length(argument, "truncate")
    return _on_text(lambda text: text[:length].rstrip())


def _fit(argument: str) -> Transform:
    length = _length(argument, "fit")
    return _on_text(lambda text: text if len(text) <= length else None)


def _join(separator: str) -> Transform:
    def apply(value: object) -> object:
        if not isinstance(value, list):
            return value
        return separator.join(part for part in (str(item).strip() for item in value if item is not None) if part)

    return apply


def _default(fallback: str) -> Transform:
    return lambda value: fallback if value is None or value in ("", []) else value


def _date_in_zone(name: str) -> Transform:
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidTransform(f"date_in_zone needs an IANA time zone, and {name!r} is none") from None

    def day(text: str) -> str | None:
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(zone).date().isoformat() if moment.tzinfo else None
        except (ValueError, OverflowError):
            return None

    return _on_text(day)


_PLAIN: dict[str, Transform] = {
    "trim": _on_text(str.strip),
    "upper": _on_text(str.upper),
    "lower": _on_text(str.lower),
    "single_line": _on_text(_single_line),
    "name": _on_text(_name),
    "email": _on_text(_email),
    "number": lambda value: None if value is None else _number(value),
}
_WITH_ARGUMENT: dict[str, Callable[[str], Transform]] = {
    "truncate": _truncate,
    "fit": _fit,
    "join": _join,
    "default": _default,
    "date_in_zone": _date_in_zone,
}
