"""Single values as WooCommerce writes them: names, ids, amounts and stamps."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from decimal import Decimal

from domain.money import InvalidAmount, parse_amount


class Untranslatable(ValueError):
    """A value has the right type but no meaning; the text names its field and never repeats the value."""


def plain(text: str | None) -> str:
    """Give a name as people read it, without HTML entities; None is no text."""
    # WordPress keeps names as HTML, so an ampersand arrives as &amp;.
    return html.unescape(text) if text and "&" in text else text or ""


def reference(number: int | None) -> str | None:
    """Give the id of another record; 0 is none."""
    return str(number) if number else None


def parent(number: int) -> str:
    """Give the id of the record that this one belongs to; raises Untranslatable when there is none."""
    if not number:
        raise Untranslatable("field parent_id is missing")
    return str(number)


def amount(text: str | None, field: str) -> Decimal | None:
    """Give an amount of money, None for an empty text; raises Untranslatable."""
    try:
        return parse_amount(text)
    except InvalidAmount:
        raise Untranslatable(f"field {field} is no amount of money") from None


def due(text: str, field: str) -> Decimal:
    """Give an amount of money that may not be empty; raises Untranslatable."""
    found = amount(text, field)
    if found is None:
        raise Untranslatable(f"field {field} is empty where an amount of money is due")
    return found


def moment(stamp: str | None, field: str) -> datetime | None:
    """Give the moment of a ``_gmt`` stamp, in UTC though the stamp does not say so; raises Untranslatable."""
    if not stamp:
        return None
    try:
        found = datetime.fromisoformat(stamp)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Untranslatable(f"field {field} is no time") from None
