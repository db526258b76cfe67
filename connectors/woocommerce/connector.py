"""A WooCommerce shop as a source of records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from connectors.call_count import CallCount
from connectors.http import Patience
from connectors.stored import parse
from connectors.woocommerce.answers import Listing
from connectors.woocommerce.changes import ChangeWalk
from connectors.woocommerce.client import WooCommerceClient
from connectors.woocommerce.cursors import ChangesAt, WalkAt, from_text, to_text
from connectors.woocommerce.older import ChildWalk
from connectors.woocommerce.reading import Reader, page
from connectors.woocommerce.settings import WooCommerceCredentials, WooCommerceSettings
from connectors.woocommerce.streams import STREAMS, Params
from connectors.woocommerce.walk import BY_ID, Walk
from connectors.woocommerce.wire import SweepWire
from db.connection_memory import ConnectionMemory
from domain.connector import Vitals
from domain.errors import Misconfigured
from domain.keys import ConnectionName, Kind, TenantName
from domain.problems import Problem
from domain.records import Page, Record

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

REST_VERSION = "REST API v3"
"""What is known of a shop's version when its key does not show more."""

_swept = msgspec.json.Decoder(SweepWire).decode


class WooCommerceConnector:
    """Reads one shop of one tenant; implements ``domain.connector.Reads``. Close it, or use it in ``with``."""

    def __init__(self, connection: ConnectionName, client: WooCommerceClient) -> None:
        self.connection = connection
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections to the shop go."""
        self._client.close()

    def clock(self) -> datetime:
        """Tell the time by the shop's server, in UTC; raises as ``read`` does."""
        return self._client.clock()

    def check(self) -> Vitals:
        """Prove that the key may read orders, and tell which WooCommerce the shop runs; raises as ``read`` does."""
        ahead = (self.clock() - datetime.now(UTC)).total_seconds()
        version = self._client.version()
        return Vitals(self._client.place, f"WooCommerce {version}" if version else REST_VERSION, ahead)

    def lists_changes(self, kind: Kind) -> bool:
        """Whether WooCommerce honours a filter by the moment of the last change for this kind."""
        return STREAMS[kind].changes is not None

    def read(self, kind: Kind, *, since: datetime | None, at: str | None) -> Page:
        """Give the page at the cursor ``at``: about 2,000 records, of all statuses, trash and drafts included.

        ``since`` is inclusive and ignored where ``lists_changes`` is false. A record that changes while it is walked
        may come twice.

        Raises:
            RetryableError: the shop is busy, away, or answers nonsense.
            FatalError: it refuses us, or the settings cannot work.
        """
        match None if at is None else from_text(at):
            case WalkAt(by_parent=False) as walk_at:
                return self._walk(kind, walk_at)
            case WalkAt() as walk_at:
                return self._children(kind, since, walk_at)
            case ChangesAt() as changes_at:
                return self._changes(kind, since, changes_at)
        if since is not None and self.lists_changes(kind):
            return self._or_older(
                kind, lambda: self._changes(kind, since, None), lambda: self._children(kind, since, None)
            )
        return self._or_older(kind, lambda: self._walk(kind, None), lambda: self._children(kind, None, None))

    def _walk(self, kind: Kind, at: WalkAt | None) -> Page:
        reader = self._reader(kind)
        listings, further, expected = self._list(kind).step(at)
        return page((reader.read(row) for _, listing in listings for row in listing.rows), to_text(further), expected)

    def _changes(self, kind: Kind, since: datetime | None, at: ChangesAt | None) -> Page:
        stream = STREAMS[kind]
        if stream.changes is None or since is None:
            raise Misconfigured(f"this cursor belongs to a walk through changes, but none of {kind} were asked for")
        walk = ChangeWalk(self._client, stream, stream.changes, self._reader(kind), since)
        readings, further = walk.step(at)
        return page(readings, to_text(further))

    def _children(self, kind: Kind, since: datetime | None, at: WalkAt | None) -> Page:
        readings, further = self._child_walk(kind, since).step(at)
        return page(readings, to_text(further))

    def read_ids(self, kind: Kind, ids: Sequence[str]) -> Page:
        """Give those of the named records that exist, whatever their status; raises as ``read`` does."""
        numbers = [number for number in ids if number.isascii() and number.isdecimal()]
        readings = self._or_older(
            kind, lambda: self._named(kind, numbers), lambda: self._child_walk(kind, None).named(numbers)
        )
        return page(readings, None)

    def _named(self, kind: Kind, ids: Sequence[str]) -> list[Record | Problem]:
        stream, reader = STREAMS[kind], self._reader(kind)
        size = self._client.page_size
        chunks = [",".join(ids[start : start + size]) for start in range(0, len(ids), size)]
        questions = [(stream.path, {**BY_ID, **stage, "include": chunk}) for chunk in chunks for stage in stream.stages]
        listings = self._client.pages(questions) if stream.takes_ids else self._all_pages(kind)
        readings = (reader.read(row) for listing in listings for row in listing.rows)
        named = frozenset(ids)
        return [reading for reading in readings if reading.key.id in named]

    def _all_pages(self, kind: Kind) -> Iterator[Listing]:
        at: WalkAt | None = None
        while True:
            listings, at, _ = self._list(kind).step(at)
            yield from (listing for _, listing in listings)
            if at is None:
                return

    def sweep(self, kind: Kind) -> Mapping[str, str | None]:
        """Give the id and version of every record of all statuses; raises as ``read`` does."""
        return self._or_older(kind, lambda: self._swept(kind), lambda: self._child_walk(kind, None).sweep())

    def _swept(self, kind: Kind) -> dict[str, str | None]:
        rows = self._list(kind, {"_fields": STREAMS[kind].sweep_fields}).sweep(_swept)
        return {str(row.id): row.date_modified_gmt or None for _, row in rows}

    def _or_older(self, kind: Kind, newer: Callable[[], Answer], older: Callable[[], Answer]) -> Answer:
        try:
            return newer()
        except Misconfigured as error:
            if error.code != "rest_no_route" or STREAMS[kind].parents is None:
                raise
            return older()

    def _list(self, kind: Kind, params: Params | None = None) -> Walk:
        return Walk(self._client, STREAMS[kind].path, params or {}, STREAMS[kind].stages)

    def _child_walk(self, kind: Kind, since: datetime | None) -> ChildWalk:
        stream = STREAMS[kind]
        if stream.parents is None:
            raise Misconfigured(f"this cursor belongs to a walk through something else than {kind}")
        return ChildWalk(self._client, stream, stream.parents, self._reader(kind), since)

    def _reader(self, kind: Kind) -> Reader:
        return Reader(self.connection, kind, STREAMS[kind])


def open_woocommerce(
    tenant: TenantName,
    connection: ConnectionName,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    patience: Patience | None = None,
    public_only: bool = False,
    memory: ConnectionMemory | None = None,
) -> WooCommerceConnector:
    """Open the shop of a connection; nothing is asked of it yet. Calls are counted where there is a memory.

    Raises:
        Misconfigured: when settings or credentials cannot be used.
    """
    client = WooCommerceClient(
        connection,
        parse(WooCommerceSettings, settings, connection, "the shop"),
        parse(WooCommerceCredentials, credentials, connection, "the shop"),
        patience,
        public_only=public_only,
        calls=None if memory is None else CallCount(memory),
    )
    logger.debug("%s: opened for tenant %s", connection, tenant)
    return WooCommerceConnector(connection, client)
