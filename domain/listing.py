"""A list in pages: how much is asked for, where to go on, and what comes back."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import to_json

from domain.refusals import Unusable

Item = TypeVar("Item")
Position = TypeVar("Position")

Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[A-Za-z0-9_-]+$")]
"""An opaque word that says where the next page begins; made by ``encode_cursor``."""


class PageRequest(BaseModel):
    """How many items are wanted, and after which position."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=50, ge=1, le=500, description="At most so many items.")
    cursor: Cursor | None = Field(default=None, description="The next_cursor of the page before; none for the first.")


class Listing(BaseModel, Generic[Item]):
    """One page of a list; ``next_cursor`` gives the next one and is null on the last."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Item, ...]
    next_cursor: str | None = None


def encode_cursor(position: object) -> str:
    """Make a cursor of a position, such as ``(row.at, row.id)``: anything that JSON can hold."""
    return base64.urlsafe_b64encode(to_json(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, shape: type[Position]) -> Position:
    """Give the position in a cursor, as a value of ``shape``, such as ``tuple[datetime, Identity]``.

    Raises:
        Unusable: the cursor is none of ours, or belongs to another list.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return TypeAdapter(shape).validate_json(text, strict=True)
    except (binascii.Error, ValueError, ValidationError):
        raise Unusable(
            "the cursor is none that this list gave; start again without one or use next_cursor as it came",
            field="cursor",
        ) from None
