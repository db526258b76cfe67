"""Reading what people type in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from domain.inputs import Line
from domain.refusals import Unusable

# Not every address that RFC 5322 allows, but every one that a mail provider gives out.
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_LINE = TypeAdapter(Line)
# Postgres keeps later times than Python can read.
_LIFETIME = timedelta(days=36_500)


def read_email(text: str) -> str:
    """Give an e-mail address as we keep it: in lower case.

    Raises:
        Unusable: it is none.
    """
    email = text.strip().lower()
    if not _EMAIL.fullmatch(email):
        raise Unusable("that is no e-mail address; write it like ann@example.org", field="email")
    return email


def read_line(text: str, field: str) -> str:
    """Give a name of one line.

    Raises:
        Unusable: it is empty, too long, or holds control characters.
    """
    try:
        return _LINE.validate_python(text)
    except ValidationError:
        message = f"the {field} cannot be used: write 1 to 200 characters on one line"
        raise Unusable(message, field=field) from None


def read_future(at: datetime | None, field: str) -> datetime | None:
    """Give a moment that is still to come, or None for never.

    Raises:
        Unusable: it has passed, is a lifetime away, or has no time zone.
    """
    if at is None:
        return None
    if at.tzinfo is None or not timedelta() < at - datetime.now(UTC) <= _LIFETIME:
        raise Unusable("choose a time with a zone within the next hundred years, or none", field=field)
    return at
