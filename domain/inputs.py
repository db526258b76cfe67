"""What may be typed in: texts and numbers in bounds that every store of ours can hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, Strict, StringConstraints

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text, such as a name: 1 to 200 characters, no control characters."""

Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
"""Free text of any lines; Postgres holds no NUL character."""

Identity = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A number that names a row: what a Postgres bigint holds."""

Whole = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A count: what a Postgres integer holds."""


def _written_out(given: object) -> object:
    # A number would be taken for seconds since 1970, which nobody means.
    if isinstance(given, datetime) or (isinstance(given, str) and given[4:5] == "-"):
        return given
    raise ValueError("write a time with its zone, like 2026-01-31T08:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A time with its zone, as ISO 8601 writes it."""

Flag = Annotated[bool, Strict()]
"""Yes or no in a body: true or false, not 1 or "yes"."""
