"""What a shop holds: every object as its exact JSON text, with the few facts that filters and sorting need."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

KINDS = ("orders", "refunds", "products", "variations", "customers", "taxes", "coupons")
# Beside what is sold and to whom, webhooks: the API lists them like the others.
_KEPT = (*KINDS, "webhooks")
# Orders, refunds, products and coupons draw from one series of ids, as WordPress posts do; the others do not.
_SERIES = {"customers": "customers", "taxes": "taxes", "webhooks": "webhooks"}


class Facts(msgspec.Struct, gc=False):
    """The members of an object that the twin itself looks at; decoded from its text."""

    id: int
    parent_id: int = 0
    status: str = ""
    type: str = ""
    date_created: str | None = None
    date_created_gmt: str | None = None
    date_modified: str | None = None
    date_modified_gmt: str | None = None
    name: str = ""
    slug: str = ""
    code: str = ""
    sku: str | None = None
    price: str = ""
    average_rating: str = ""
    total_sales: int = 0
    customer_id: int = 0
    created_via: str = ""
    currency: str = ""
    total: str = ""
    amount: str = ""
    email: str = ""
    role: str = ""
    username: str = ""
    class_: str = msgspec.field(default="", name="class")
    order: int = 0
    priority: int = 0


class Entry(msgspec.Struct, gc=False, frozen=True):
    """One object of the shop: its exact text and the facts read from it."""

    body: bytes
    facts: Facts


# Every id of an order's lines and meta rows; ids of other things only make the result larger.
_INNER_ID = re.compile(rb'"id":(\d+)')
_facts = msgspec.json.Decoder(Facts)


def _facts_of(body: bytes) -> Facts:
    """The facts of an object; a member of the wrong type reads as absent, so that a shop can hold poisoned objects."""
    try:
        return _facts.decode(body)
    except msgspec.ValidationError:
        members = msgspec.json.decode(body)
        fields = [field for field in msgspec.structs.fields(Facts) if _fits(members.get(field.encode_name), field.type)]
        return msgspec.convert({field.encode_name: members[field.encode_name] for field in fields}, Facts)


def _fits(value: object, wanted: Any) -> bool:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        return False
    return value is not None


class Shop:
    """The objects of one shop in its time zone; not safe for threads: whoever changes it holds the site's lock."""

    def __init__(self, zone: str, tax_classes: bytes, blank_order: bytes) -> None:
        self.zone = ZoneInfo(zone)
        self.tax_classes = tax_classes
        self.blank_order = Entry(blank_order, _facts_of(blank_order))
        self.kinds: dict[str, dict[int, Entry]] = {kind: {} for kind in _KEPT}
        self.versions = dict.fromkeys(_KEPT, 0)
        self._series: dict[str, int] = {}
        self._inner: int | None = None

    def put(self, kind: str, body: bytes) -> Entry:
        """Store ``body`` under its id, in place of what was there."""
        facts = _facts_of(body)
        if kind == "refunds" and facts.date_modified is None:
            # A refund shows no date_modified, yet modified_after filters it (woocommerce-observed: shapes).
            facts.date_modified, facts.date_modified_gmt = facts.date_created, facts.date_created_gmt
        entry = Entry(body, facts)
        self.kinds[kind][facts.id] = entry
        self.versions[kind] += 1
        series = _SERIES.get(kind, "posts")
        self._series[series] = max(self._series.get(series, 0), facts.id)
        return entry

    def drop(self, kind: str, number: int) -> None:
        """Forget an object; its id is never used again."""
        del self.kinds[kind][number]
        self.versions[kind] += 1

    def find(self, kind: str, number: int) -> Entry | None:
        """The object, or None."""
        return self.kinds[kind].get(number)

    def next_id(self, kind: str) -> int:
        """An id that was never used in this kind's series."""
        return self._series.get(_SERIES.get(kind, "posts"), 0) + 1

    def children(self, kind: str, parent: int) -> Iterator[Entry]:
        """The refunds of an order or the variations of a product."""
        return (entry for entry in self.kinds[kind].values() if entry.facts.parent_id == parent)

    def newest(self) -> datetime | None:
        """The latest stamp in the shop, aware; None in an empty shop."""
        stamps = (
            stamp
            for entries in self.kinds.values()
            for entry in entries.values()
            for stamp in (entry.facts.date_created_gmt, entry.facts.date_modified_gmt)
            if stamp
        )
        latest = max(stamps, default=None)
        return datetime.fromisoformat(latest).replace(tzinfo=UTC) if latest else None

    def fill(self, kind: str, bodies: Iterable[bytes]) -> None:
        """Store many objects."""
        for body in bodies:
            self.put(kind, body)

    def inner_ids_start_at(self, last: int) -> None:
        """Tell the largest id in use for lines and meta rows, which otherwise is looked for in all texts."""
        self._inner = last

    def inner_id(self) -> int:
        """A fresh id for a line or a meta row inside an object."""
        if self._inner is None:
            self._inner = max(
                (
                    int(number)
                    for kind in ("orders", "refunds")
                    for entry in self.kinds[kind].values()
                    for number in _INNER_ID.findall(entry.body)
                ),
                default=0,
            )
        self._inner += 1
        return self._inner
