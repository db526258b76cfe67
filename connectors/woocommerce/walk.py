"""Walking whole lists: page by page with all their content, or once through with ids and stamps only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from math import ceil
from typing import TypeVar

import msgspec

from connectors.woocommerce.answers import Listing
from connectors.woocommerce.client import WooCommerceClient
from connectors.woocommerce.cursors import WalkAt
from connectors.woocommerce.streams import Params
from connectors.woocommerce.wire import IdWire
from domain.errors import Unavailable

PAGES_AT_ONCE = 20
"""API pages in one page of ours: 2,000 records are worth a task run (15 instead of 21 s for 40,000 orders)."""

SWEEPS = 4
"""How often a list that keeps moving is swept before we give up."""

BY_ID: Params = {"orderby": "id", "order": "asc"}

Seam = tuple[int | None, int | None]
"""With which record one page ends and the next one begins."""

Swept = TypeVar("Swept", bound=IdWire)


class Walk:
    """The way through one list in all its stages, by id ascending, so that what is new comes last."""

    def __init__(self, client: WooCommerceClient, path: str, params: Params, stages: Sequence[Params]) -> None:
        self._client = client
        self._path = path
        self._params = {**BY_ID, **params}
        self._stages = stages

    def step(self, at: WalkAt | None) -> tuple[list[tuple[Params, Listing]], WalkAt | None, int]:
        """Give the next API pages with their stages, where to go on, and the length of the whole list.

        The first page of each stage comes first, because it tells the stage's length. Records that are made, moved or
        deleted while we walk may be missed; a sweep afterwards finds them.
        """
        read: list[tuple[Params, Listing]] = []
        if at is None:
            firsts = self._client.pages([(self._path, {**self._params, **stage, "page": 1}) for stage in self._stages])
            read = list(zip(self._stages, firsts, strict=True))
            at = WalkAt(len(read), [listing.total for _, listing in read])
        plan = self._plan(at.totals)
        now = plan[at.done : at.done + PAGES_AT_ONCE - len(read)]
        answers = self._client.pages([(self._path, {**self._params, **stage, "page": page}) for stage, page in now])
        read += [(stage, listing) for (stage, _), listing in zip(now, answers, strict=True)]
        done = at.done + len(now)
        return read, WalkAt(done, at.totals) if done < len(plan) else None, sum(at.totals)

    def _plan(self, totals: Sequence[int]) -> list[tuple[Params, int]]:
        lengths = [ceil(total / self._client.page_size) for total in totals]
        firsts = [(stage, 1) for stage in self._stages]
        return firsts + [
            (stage, page) for stage, length in zip(self._stages, lengths, strict=True) for page in range(2, length + 1)
        ]

    def sweep(self, decode: Callable[[msgspec.Raw], Swept]) -> Iterator[tuple[Params, Swept]]:
        """Give every record as ``decode`` reads it, with its stage; what cannot be read is left to the walk.

        Raises:
            Unavailable: when the list kept moving under each of several sweeps.
        """
        for stage in self._stages:
            for row in self._sweep_stage(stage, decode):
                yield stage, row

    def _sweep_stage(self, stage: Params, decode: Callable[[msgspec.Raw], Swept]) -> list[Swept]:
        before: list[Seam] | None = None
        for _ in range(SWEEPS):
            pages = [list(readable(listing, decode)) for listing in self._overlapping(stage)]
            torn = [seam for seam in _seams(pages) if seam[0] is None or seam[0] != seam[1]]
            # A shop that hides a broken record just at a seam is believed when it says the same twice.
            if not torn or torn == before:
                return list({row.id: row for page in pages for row in page}.values())
            before = torn
        raise Unavailable(
            f"the list of {self._path} moved during each of {SWEEPS} sweeps; it works when the shop is less busy",
            connection=self._client.connection,
        )

    def _overlapping(self, stage: Params) -> Iterator[Listing]:
        # Each page begins with the record that the page before ended with, unless something moved between the two.
        params = {**self._params, **stage}
        first = self._client.page(self._path, params)
        yield first
        stride = self._client.page_size - 1
        offsets = range(stride, first.total - 1, stride)
        yield from self._client.pages([(self._path, {**params, "offset": offset}) for offset in offsets])


def readable(listing: Listing, decode: Callable[[msgspec.Raw], Swept]) -> Iterator[Swept]:
    """Give the records of a page that can be read; the walk makes problems of the others."""
    for row in listing.rows:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield decode(row)


def _seams(pages: Sequence[Sequence[IdWire]]) -> Iterator[Seam]:
    for page, following in pairwise(pages):
        yield page[-1].id if page else None, following[0].id if following else None
