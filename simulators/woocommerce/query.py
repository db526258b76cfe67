"""Which objects a list holds, in which order, and which of them are on the page."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Any

import msgspec

from simulators.woocommerce import dates, php
from simulators.woocommerce.shop import Entry, Facts, Shop
from simulators.woocommerce.switches import Switches

# What "any" hides (woocommerce-observed: paging; OrdersTableQuery.php sanitize_status).
_HIDDEN = frozenset({"trash", "checkout-draft", "auto-draft"})
_REMEMBERED_LISTS = 16
_NO_FILTERS = frozenset({"page", "per_page", "offset", "context"})


class Page(msgspec.Struct, frozen=True):
    """One page of a list."""

    entries: list[Entry]
    total: int
    pages: int
    number: int


class Lists:
    """Answers list queries over one shop; remembers sorted lists until their kind changes."""

    def __init__(self, shop: Shop, switches: Switches) -> None:
        self._shop = shop
        self._switches = switches
        self._remembered: OrderedDict[str, list[Entry]] = OrderedDict()

    def page(self, kind: str, params: dict[str, Any], parent: int | None = None) -> Page:
        """The page that cleaned ``params`` ask for, within the children of ``parent`` when given."""
        rows = self._rows(kind, params, parent)
        per_page, number = params["per_page"], params["page"]
        # offset overrules page (woocommerce-observed: paging).
        start = (number - 1) * per_page if params["offset"] is None else params["offset"]
        total = len(rows)
        if start >= total and not self._counts_past_the_end(kind, number):
            total = 0
        return Page(rows[start : start + per_page], total, ceil(total / per_page), number)

    def _counts_past_the_end(self, kind: str, number: int) -> bool:
        """Order tables tell 0 beyond the last page, posts and users count again (woocommerce-observed: paging)."""
        if kind in ("customers", "taxes", "webhooks"):
            return True
        # Posts count again only for a page, not for an offset (class-wc-rest-crud-controller.php get_objects).
        return number > 1 and not self._in_order_tables(kind)

    def _in_order_tables(self, kind: str) -> bool:
        return kind in ("orders", "refunds") and self._switches.storage == "hpos"

    def _rows(self, kind: str, params: dict[str, Any], parent: int | None) -> list[Entry]:
        filters = {name: value for name, value in params.items() if name not in _NO_FILTERS}
        versions = (self._shop.versions[kind], self._shop.versions["variations"])
        key = repr((kind, versions, parent, self._switches.storage, sorted(filters.items())))
        if key not in self._remembered:
            self._remembered[key] = self._select(kind, filters, parent)
            if len(self._remembered) > _REMEMBERED_LISTS:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(key)
        return self._remembered[key]

    def _select(self, kind: str, filters: dict[str, Any], parent: int | None) -> list[Entry]:
        entries: Iterable[Entry] = self._shop.kinds[kind].values()
        if kind == "products" and filters["sku"]:
            # A search by SKU finds variations too (class-wc-rest-products-controller.php).
            entries = [*entries, *self._with_own_sku()]
        tests = list(self._tests(kind, filters, parent))
        chosen = [entry for entry in entries if all(test(entry) for test in tests)]
        return self._sorted(kind, chosen, filters)

    def _with_own_sku(self) -> Iterator[Entry]:
        """Variations without a SKU show their parent's, but are not found by it (recorded: variation 113)."""
        for entry in self._shop.kinds["variations"].values():
            parent = self._shop.find("products", entry.facts.parent_id)
            if parent is None or entry.facts.sku != parent.facts.sku:
                yield entry

    def _tests(self, kind: str, filters: dict[str, Any], parent: int | None) -> Iterator[Callable[[Entry], bool]]:
        if parent is not None:
            yield lambda entry: entry.facts.parent_id == parent
        yield from _status_tests(kind, filters)
        yield from _number_tests(filters)
        yield from _text_tests(kind, filters)
        yield from self._date_tests(kind, filters)

    def _date_tests(self, kind: str, filters: dict[str, Any]) -> Iterator[Callable[[Entry], bool]]:
        """Both bounds are exclusive, at one-second resolution (woocommerce-observed: dates)."""
        for name, column in (("after", "date_created"), ("before", "date_created"),
                             ("modified_after", "date_modified"), ("modified_before", "date_modified")):  # fmt: skip
            value = filters.get(name)
            if value is None:
                continue
            gmt = filters["dates_are_gmt"]
            if not gmt and self._in_order_tables(kind):
                column, bound = f"{column}_gmt", dates.gmt_text(value, self._shop.zone)
            else:
                column, bound = f"{column}_gmt" if gmt else column, dates.local_text(value, self._shop.zone)
            yield _bound_test(column, bound, later=name.endswith("after"))

    def _sorted(self, kind: str, entries: list[Entry], filters: dict[str, Any]) -> list[Entry]:
        orderby, backwards = filters["orderby"], filters["order"] == "desc"
        if orderby == "include" and filters["include"]:
            places = {number: place for place, number in enumerate(filters["include"])}
            return sorted(entries, key=lambda entry: places[entry.facts.id])
        if self._in_order_tables(kind) and orderby in ("title", "slug", "include"):
            # Order tables know neither and then sort by nothing: the primary key (OrdersTableQuery.php).
            return sorted(entries, key=lambda entry: entry.facts.id)
        rank = self._rank(kind, orderby)
        # Equal ranks are broken by id, in the same direction (woocommerce-observed: paging).
        return sorted(entries, key=lambda entry: (rank(entry.facts), entry.facts.id), reverse=backwards)

    def _rank(self, kind: str, orderby: str) -> Callable[[Facts], Any]:
        gmt = self._in_order_tables(kind)
        ranks: dict[str, Callable[[Facts], Any]] = {
            "date": lambda facts: (facts.date_created_gmt if gmt else facts.date_created) or "",
            "registered_date": lambda facts: facts.date_created or "",
            "modified": lambda facts: (facts.date_modified_gmt if gmt else facts.date_modified) or "",
            # Users are sorted by the name they are shown under, which is the login unless someone changed it.
            "name": lambda facts: facts.username,
            "title": lambda facts: facts.name,
            "slug": lambda facts: facts.slug,
            "price": lambda facts: float(facts.price or 0),
            "popularity": lambda facts: facts.total_sales,
            "rating": lambda facts: float(facts.average_rating or 0),
            "order": lambda facts: facts.order,
            "priority": lambda facts: facts.priority,
        }
        return ranks.get(orderby, lambda facts: facts.id)


def _bound_test(column: str, bound: str, *, later: bool) -> Callable[[Entry], bool]:
    def within(entry: Entry) -> bool:
        stamp = getattr(entry.facts, column) or ""
        return stamp > bound if later else stamp < bound

    return within


def _status_tests(kind: str, filters: dict[str, Any]) -> Iterator[Callable[[Entry], bool]]:
    wanted = filters.get("status")
    if kind == "orders":
        # "any" beside other statuses is still just "any" (woocommerce-observed: paging).
        if not wanted or "any" in wanted:
            yield lambda entry: entry.facts.status not in _HIDDEN
        else:
            chosen = frozenset(wanted)
            yield lambda entry: entry.facts.status in chosen
    elif kind in ("products", "variations"):
        if wanted == "any":
            yield lambda entry: entry.facts.status not in _HIDDEN
        else:
            yield lambda entry: entry.facts.status == wanted
    elif kind == "webhooks" and wanted != "all":
        yield lambda entry: entry.facts.status == wanted
    elif kind == "customers" and filters["role"] != "all":
        yield lambda entry: entry.facts.role == filters["role"]


def _number_tests(filters: dict[str, Any]) -> Iterator[Callable[[Entry], bool]]:
    for name, column, included in (
        ("include", "id", True), ("exclude", "id", False), ("parent", "parent_id", True),
        ("parent_exclude", "parent_id", False),
    ):  # fmt: skip
        if filters.get(name):
            yield _member_test(frozenset(filters[name]), column, included=included)
    if filters.get("customer") is not None:
        yield lambda entry: entry.facts.customer_id == filters["customer"]
    if filters.get("product") is not None:
        yield lambda entry: filters["product"] in _products_of(entry)


def _member_test(numbers: frozenset[int], column: str, *, included: bool) -> Callable[[Entry], bool]:
    return lambda entry: (getattr(entry.facts, column) in numbers) is included


def _products_of(entry: Entry) -> set[int]:
    lines = php.decode(php.split(entry.body)["line_items"])
    return {number for line in lines for number in (line["product_id"], line["variation_id"])}


def _text_tests(kind: str, filters: dict[str, Any]) -> Iterator[Callable[[Entry], bool]]:
    for name, column in (("type", "type"), ("slug", "slug"), ("code", "code"), ("class", "class_"), ("email", "email")):
        if filters.get(name):
            yield _equality_test(column, filters[name])
    if filters.get("sku"):
        wanted = {item.strip() for item in filters["sku"].split(",")}
        yield lambda entry: entry.facts.sku in wanted
    if filters.get("search"):
        yield _search_test(kind, filters["search"].lower())


def _equality_test(column: str, wanted: str) -> Callable[[Entry], bool]:
    return lambda entry: getattr(entry.facts, column) == wanted


def _search_test(kind: str, wanted: str) -> Callable[[Entry], bool]:
    """A plain search: addresses and ids of orders, names and SKUs of products, names and mails of customers."""
    if kind == "orders":
        return lambda entry: wanted in str(entry.facts.id) or wanted in _searchable(entry)
    return lambda entry: wanted in _named(entry.facts)


def _named(facts: Facts) -> str:
    return f"{facts.name} {facts.sku or ''} {facts.email} {facts.username}".lower()


def _searchable(entry: Entry) -> str:
    slices = php.split(entry.body)
    addresses = [php.decode(slices[name]) for name in ("billing", "shipping")]
    return " ".join(str(value) for address in addresses for value in address.values()).lower()
