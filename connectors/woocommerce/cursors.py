"""Where a walk through the lists of a shop stands, as text that a caller can keep between two pages."""

from __future__ import annotations

import msgspec

from domain.errors import Misconfigured


class WalkAt(msgspec.Struct, frozen=True, array_like=True, tag="walk"):
    """A full walk: so many pages of its plan are read; the plan follows from the length of each stage at the start."""

    done: int
    totals: list[int]
    by_parent: bool = False


class ChangesAt(msgspec.Struct, frozen=True, array_like=True, tag="changes"):
    """A walk through changes: the stage, the stamp after which to go on, and how far into the records after it.

    ``anchor`` is the record that must stand at the offset if nothing moved; ``seen`` are records after the stamp that
    are delivered already, with their own stamps; ``upsets`` counts how often things moved here.
    """

    stage: int = 0
    after: str | None = None
    offset: int = 0
    anchor: str | None = None
    seen: tuple[str, ...] = ()
    upsets: int = 0


Cursor = WalkAt | ChangesAt

_cursor: msgspec.json.Decoder[Cursor] = msgspec.json.Decoder(Cursor)


def to_text(cursor: Cursor | None) -> str | None:
    """Write a cursor; None stays None."""
    return None if cursor is None else msgspec.json.encode(cursor).decode()


def from_text(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        Misconfigured: when it is none that a connector for WooCommerce gave.
    """
    try:
        return _cursor.decode(text)
    except msgspec.DecodeError:
        raise Misconfigured(
            "this cursor comes from no walk through a WooCommerce shop; begin again without one"
        ) from None
