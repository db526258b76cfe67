"""Lists that come in pages, whole: a terminal has no next button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from domain.listing import Listing, PageRequest

Item = TypeVar("Item")

_AT_ONCE = 500


def every(turn: Callable[[PageRequest], Listing[Item]]) -> Iterator[Item]:
    """Give the items of all pages; ``turn`` gives the page that it is asked for."""
    page = turn(PageRequest(limit=_AT_ONCE))
    yield from page.items
    while page.next_cursor:
        page = turn(PageRequest(limit=_AT_ONCE, cursor=page.next_cursor))
        yield from page.items
