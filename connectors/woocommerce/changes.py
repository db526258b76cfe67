"""Walking what changed since a moment, stamp by stamp, so that nothing that moves meanwhile is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.woocommerce.client import WooCommerceClient
from connectors.woocommerce.cursors import ChangesAt
from connectors.woocommerce.hours import exact_bound
from connectors.woocommerce.reading import Reader
from connectors.woocommerce.streams import Changes, Params, Stream
from connectors.woocommerce.walk import PAGES_AT_ONCE
from domain.errors import Unavailable
from domain.problems import Problem
from domain.records import Record

UPSETS = 5
"""How often the records around one stamp may move before we come back later."""

SECOND = timedelta(seconds=1)
# No shop is older than WordPress; also keeps clear of the first days that a datetime can tell.
EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)


class ChangeWalk:
    """The way through the changes of one kind since a moment.

    Pages cannot simply be counted: the list is sorted by the stamp of the last change, and a record that is edited
    jumps to its end and pulls all others one place forward. So each request begins again at the last stamp seen. Only
    among records that share a stamp (or an hour that cannot be asked for exactly) pages are counted, and there each
    page must begin with the record that the page before ended with.
    """

    def __init__(
        self, client: WooCommerceClient, stream: Stream, changes: Changes, reader: Reader, since: datetime
    ) -> None:
        self._client = client
        self._stream = stream
        self._changes = changes
        self._reader = reader
        self._since = max(since.astimezone(UTC), EARLIEST).replace(microsecond=0)
        self._params: Params = {
            "orderby": changes.order,
            "order": "asc",
            # A naive UTC time with this switch is the one form that WordPress compares rightly in every hour.
            "dates_are_gmt": "true",
            changes.since: _text(_bound(self._since)),
        }

    def step(self, at: ChangesAt | None) -> tuple[list[Record | Problem], ChangesAt | None]:
        """Give the records of some API pages that were not given before, and where to go on."""
        readings: list[Record | Problem] = []
        here: ChangesAt | None = at or ChangesAt()
        for _ in range(PAGES_AT_ONCE):
            if here is None:
                break
            found, here = self._api_page(here)
            readings += found
        return readings, here

    def _api_page(self, at: ChangesAt) -> tuple[list[Record | Problem], ChangesAt | None]:
        listing = self._client.page(self._stream.path, self._params_at(at))
        rows = [self._reader.read(row) for row in listing.rows]
        if at.anchor is not None and (not rows or rows[0].key.id != at.anchor):
            return [], self._upset(at)
        if at.offset + self._client.page_size >= listing.total:
            return list(self._fresh(rows, at)), self._next_stage(at)
        if not rows:
            message = f"the list of {self._stream.path} is empty where {listing.total} records were announced"
            raise Unavailable(message, connection=self._client.connection)
        return list(self._fresh(rows, at)), self._further(at, rows)

    def _params_at(self, at: ChangesAt) -> Params:
        bound = {} if at.after is None else {self._changes.bound: at.after}
        offset = {} if at.offset == 0 else {"offset": at.offset}
        return {**self._params, **self._stream.stages[at.stage], **bound, **offset}

    def _fresh(self, rows: Sequence[Record | Problem], at: ChangesAt) -> Iterator[Record | Problem]:
        seen = frozenset(at.seen)
        for row in rows:
            if _token(row) not in seen and not self._is_too_old(row):
                yield row

    def _is_too_old(self, row: Record | Problem) -> bool:
        # The bound may have been set back; where it filters by the stamp that we see, what it let in too much goes.
        stamp = _stamp(row)
        return self._changes.bound == self._changes.since and stamp is not None and stamp < self._since

    def _next_stage(self, at: ChangesAt) -> ChangesAt | None:
        return ChangesAt(stage=at.stage + 1) if at.stage + 1 < len(self._stream.stages) else None

    def _further(self, at: ChangesAt, rows: Sequence[Record | Problem]) -> ChangesAt:
        stamp = _stamp(rows[-1])
        after = None if stamp is None else _text(_bound(stamp))
        if after is not None and after > self._after(at):
            seen = tuple(_token(row) for row in rows if (_stamp(row) or EARLIEST) > _moment(after))
            return ChangesAt(at.stage, after, seen=seen)
        last = rows[-1]
        if len(rows) < self._client.page_size:
            # The shop hides a record of this page, so the place of the last one is not known.
            return ChangesAt(at.stage, at.after, at.offset + self._client.page_size, upsets=at.upsets)
        offset = at.offset + self._client.page_size - 1
        return ChangesAt(at.stage, at.after, offset, last.key.id, (_token(last),), at.upsets)

    def _after(self, at: ChangesAt) -> str:
        return at.after or str(self._params[self._changes.since])

    def _upset(self, at: ChangesAt) -> ChangesAt:
        if at.upsets >= UPSETS:
            message = (
                f"the {self._stream.path} changed after {self._after(at)} keep moving while we read; come back later"
            )
            raise Unavailable(message, connection=self._client.connection)
        return msgspec.structs.replace(at, offset=0, anchor=None, seen=(), upsets=at.upsets + 1)


def _bound(stamp: datetime) -> datetime:
    # The filters are exclusive to the second: asking from one second earlier brings the stamp itself.
    return exact_bound((stamp - SECOND).replace(tzinfo=None))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _stamp(reading: Record | Problem) -> datetime | None:
    return reading.changed_at if isinstance(reading, Record) else None


def _token(reading: Record | Problem) -> str:
    stamp = _stamp(reading)
    return f"{reading.key.id} {stamp.isoformat() if stamp else ''}"
