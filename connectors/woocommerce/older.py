"""Refunds and variations of shops whose WooCommerce lists them only under their order or product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import msgspec

from connectors.woocommerce.answers import Listing
from connectors.woocommerce.client import Question, WooCommerceClient
from connectors.woocommerce.cursors import WalkAt
from connectors.woocommerce.hours import exact_bound
from connectors.woocommerce.reading import Reader
from connectors.woocommerce.streams import Params, Parents, Stream
from connectors.woocommerce.walk import Walk, readable
from connectors.woocommerce.wire import ParentWire, SweepWire
from domain.problems import Problem
from domain.records import Record

_parent = msgspec.json.Decoder(ParentWire).decode
_swept = msgspec.json.Decoder(SweepWire).decode

Owner = tuple[Params, ParentWire]
"""An order or product, with the stage it was listed in."""


class ChildWalk:
    """The way through all orders or products to what belongs to them.

    With ``since`` only through those that changed since then: a refund made, or a variation edited, counts as a change
    of the order or product it belongs to.
    """

    def __init__(
        self, client: WooCommerceClient, stream: Stream, parents: Parents, reader: Reader, since: datetime | None = None
    ) -> None:
        self._client = client
        self._stream = stream
        self._parents = parents
        self._reader = reader
        changed = {} if since is None else _changed(since)
        self._walk = Walk(client, parents.path, {"_fields": parents.fields, **changed}, parents.stages)

    def step(self, at: WalkAt | None) -> tuple[list[Record | Problem], WalkAt | None]:
        """Give what belongs to the orders or products of the next API pages, and where to go on."""
        listings, further, _ = self._walk.step(at)
        owners = [(stage, owner) for stage, listing in listings for owner in readable(listing, _parent)]
        return self._read(owners), further and msgspec.structs.replace(further, by_parent=True)

    def named(self, ids: Sequence[str]) -> list[Record | Problem]:
        """Give those of the named records that exist."""
        wanted = frozenset(map(int, ids))
        owners = [(stage, owner) for stage, owner in self._walk.sweep(_parent) if owner.has_any(wanted)]
        named = frozenset(ids)
        return [reading for reading in self._read(owners) if reading.key.id in named]

    def sweep(self) -> dict[str, str | None]:
        """Give id and stamp of every record."""
        listings = self._listings(list(self._walk.sweep(_parent)), {"_fields": self._stream.sweep_fields})
        rows = (row for _, listing in listings for row in readable(listing, _swept))
        return {str(row.id): row.date_modified_gmt or None for row in rows}

    def _read(self, owners: Sequence[Owner]) -> list[Record | Problem]:
        return [self._reader.read(row, owner) for owner, listing in self._listings(owners, {}) for row in listing.rows]

    def _listings(self, owners: Sequence[Owner], params: Params) -> Iterator[tuple[int, Listing]]:
        """Give each page of what belongs to these, with the id of the order or product it belongs to."""
        firsts = [(owner.id, self._question(owner.id, stage, params)) for stage, owner in owners if owner.has_children]
        rest: list[tuple[int, Question]] = []
        for (owner, (path, asked)), listing in self._answers(firsts):
            yield owner, listing
            pages = range(2, ceil(listing.total / self._client.page_size) + 1)
            rest += [(owner, (path, {**asked, "page": page})) for page in pages]
        for (owner, _), listing in self._answers(rest):
            yield owner, listing

    def _answers(self, questions: Sequence[tuple[int, Question]]) -> Iterator[tuple[tuple[int, Question], Listing]]:
        return zip(questions, self._client.pages([question for _, question in questions]), strict=True)

    def _question(self, owner: int, stage: Params, params: Params) -> Question:
        # Variations go to the trash with their product; refunds have no status to ask for.
        own_stage = stage if stage in self._stream.stages else {}
        return self._parents.child_path.format(owner), {**own_stage, **params, "page": 1}


def _changed(since: datetime) -> Params:
    bound = exact_bound(since.astimezone(UTC).replace(tzinfo=None, microsecond=0) - timedelta(seconds=1))
    return {"modified_after": bound.isoformat(), "dates_are_gmt": "true"}
