"""What the demo believes only after looking: the shop as it counts itself, and the warehouse as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, LiteralString, Self

import httpx
import psycopg
from psycopg import sql

from config.wiring import open_ledger
from db import ledger
from db.session import tenant_session
from domain.sync import SyncReport

SHOP = "shop"
BOOKS = "books"

# Tables of the warehouse, and what the shop calls their records.
TABLES = {
    "tax_rates": "taxes",
    "products": "products",
    "variations": "variations",
    "customers": "customers",
    "orders": "orders",
    "refunds": "refunds",
}


@dataclass(frozen=True)
class Shop:
    """The twin, steered through its control endpoint."""

    url: str
    key: str
    secret: str = field(repr=False)
    http: httpx.Client = field(repr=False)

    def checksum(self) -> dict[str, dict[str, Any]]:
        """Give what the shop holds, counted by itself."""
        answer = self.http.get(f"{self.url}/_control/checksum").raise_for_status()
        return {name: dict(figures) for name, figures in answer.json().items()}

    def edit(self) -> None:
        """Do what a shop owner does in a day: edit, refund, throw away, get paid, sell."""
        completed, pending = self._orders("completed", 3), self._orders("pending", 2)
        actions = [
            {"action": "edit", "kind": "orders", "id": completed[0], "fields": {"customer_note": "Please ring twice"}},
            {"action": "refund", "id": completed[1], "amount": "1.00", "reason": "goodwill"},
            {"action": "insert", "kind": "orders", "like": completed[2], "fields": {"status": "processing"}},
            {"action": "trash", "kind": "orders", "id": pending[0]},
            {"action": "edit", "kind": "orders", "id": pending[1], "fields": {"status": "processing"}},
        ]
        self.http.post(f"{self.url}/_control/world", json={"actions": actions}).raise_for_status()

    def _orders(self, status: str, count: int) -> list[int]:
        """Give some orders of a status, in euros and of some value, so that they concern the books too."""
        query = {"status": status, "orderby": "id", "order": "asc", "per_page": "100", "_fields": "id,currency,total"}
        answer = self.http.get(f"{self.url}/wp-json/wc/v3/orders", params=query, auth=(self.key, self.secret))
        orders = answer.raise_for_status().json()
        return [each["id"] for each in orders if each["currency"] == "EUR" and Decimal(each["total"]) > 1][:count]


@dataclass(frozen=True)
class Books:
    """The QuickBooks twin, counted through its control endpoint."""

    url: str
    realm: str
    client_id: str
    client_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    http: httpx.Client = field(repr=False)

    def totals(self, entity: str, currency: str) -> tuple[int, Decimal]:
        """Give number and sum of the documents of an entity in a currency."""
        held = self.http.get(f"{self.url}/_control/checksum").raise_for_status().json()[self.realm][entity]
        return int(held["count"]), Decimal(held["totals"].get(currency, "0"))

    def writes(self) -> int:
        """Count the writes that were asked for so far."""
        requests = self.http.get(f"{self.url}/_control/log").raise_for_status().json()["requests"]
        return sum(int(request["items"]) for request in requests)


@dataclass(frozen=True)
class Warehouse:
    """The warehouse, seen as its tenant sees it."""

    connection: psycopg.Connection[tuple[Any, ...]]
    shop: str

    @classmethod
    @contextmanager
    def opened(cls, url: str, tenant: str, shop: str) -> Iterator[Self]:
        """Look into the warehouse at ``url`` with the eyes of ``tenant``, at what came from ``shop``."""
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT set_config('unisync.tenant', %s, false)", [tenant])
            yield cls(connection, shop)

    def count(self, table: str) -> int:
        """Count the rows that are not marked as deleted."""
        query = sql.SQL("SELECT count(*) FROM {} WHERE connection = %s AND deleted_at IS NULL")
        return int(self._rows(query.format(sql.Identifier("commerce", table)), [self.shop])[0][0])

    def order_totals(self) -> dict[str, Decimal]:
        """Sum the orders per currency."""
        query = sql.SQL(
            "SELECT currency, sum(total) FROM commerce.orders"
            " WHERE connection = %s AND deleted_at IS NULL GROUP BY currency"
        )
        return dict(self._rows(query, [self.shop]))

    def row_versions(self) -> dict[str, str]:
        """Give a print of every table that changes as soon as any row gets a new version, even an equal one."""
        query = sql.SQL("SELECT md5(string_agg(source_id || ':' || xmin::text, ',' ORDER BY source_id)) FROM {}")
        return {
            table: self._rows(query.format(sql.Identifier("commerce", table)))[0][0]
            for table in [*TABLES, "order_lines", "stock"]
        }

    def _rows(self, query: sql.SQL | sql.Composed, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(query, parameters))

    def posting_orders(self) -> tuple[int, Decimal]:
        """Give number and sum of the orders that should stand in the books of a company in the euro zone."""
        return self._counted("SELECT count(*), coalesce(sum(o.total), 0) FROM commerce.orders AS o WHERE {}")

    def posting_refunds(self) -> tuple[int, Decimal]:
        """Give number and sum of the refunds of those orders."""
        return self._counted(
            "SELECT count(*), coalesce(sum(r.amount), 0) FROM commerce.refunds AS r"
            " JOIN commerce.orders AS o ON (o.connection, o.source_id) = (r.connection, r.order_id) WHERE {}"
        )

    def _counted(self, query: LiteralString) -> tuple[int, Decimal]:
        ((count, total),) = self._rows(sql.SQL(query).format(_POSTS), [self.shop])
        return count, total


_POSTS = sql.SQL(
    "o.connection = %s AND o.deleted_at IS NULL AND o.currency = 'EUR' AND o.total > 0"
    " AND o.status IN ('completed', 'processing', 'refunded')"
)


def unexplained(report: SyncReport) -> list[str]:
    """Find records of a run that are nowhere accounted for, or that failed without being named with a reason."""
    wrong = [f"{kind}: {tally} does not add up" for kind, tally in report.tallies.items() if not tally.is_balanced]
    request = report.request
    with open_ledger() as engine, tenant_session(engine, request.tenant) as session:
        named = Counter(problem.key.kind for problem in ledger.open_problems(session, 10_000))
    failed = {kind: tally.failed for kind, tally in report.tallies.items()}
    wrong += [
        f"{count} {kind} failed, {named[kind]} are named" for kind, count in failed.items() if count > named[kind]
    ]
    return wrong


def warehouse_differences(shop: Shop, warehouse: Warehouse) -> list[str]:
    """Compare the warehouse with the shop's own count; each difference is one sentence."""
    held = shop.checksum()
    counts = {table: (held[name]["count"], warehouse.count(table)) for table, name in TABLES.items()}
    wrong = [
        f"the shop has {theirs} {table}, the warehouse {ours}"
        for table, (theirs, ours) in counts.items()
        if theirs != ours
    ]
    totals = {currency: Decimal(total) for currency, total in held["orders"]["totals"].items()}
    if warehouse.order_totals() != totals:
        wrong.append(f"the orders of the shop sum to {totals}, those of the warehouse to {warehouse.order_totals()}")
    return wrong


def books_differences(warehouse: Warehouse, books: Books) -> list[str]:
    """Compare the books with the orders that should be in them, number and sum to the cent."""
    pairs = {
        "invoices": (warehouse.posting_orders(), books.totals("Invoice", "EUR")),
        "refund receipts": (warehouse.posting_refunds(), books.totals("RefundReceipt", "EUR")),
    }
    return [
        f"{name}: the shop says {ours}, the books {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs
    ]
