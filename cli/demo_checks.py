"""What the demo believes only after looking: the shop as it counts itself, and the warehouse as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

import httpx
import psycopg
from psycopg import sql

from domain.sync import SyncReport

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
        """Do what a shop owner does in a day: edit, refund, trash, restore, sell."""
        ids = self._completed_orders(5)
        actions = [
            {"action": "edit", "kind": "orders", "id": ids[0], "fields": {"customer_note": "Please ring twice"}},
            {"action": "refund", "id": ids[1], "amount": "1.00", "reason": "goodwill"},
            {"action": "trash", "kind": "orders", "id": ids[2]},
            {"action": "insert", "kind": "orders", "like": ids[3], "fields": {"status": "processing"}},
            {"action": "edit", "kind": "orders", "id": ids[4], "fields": {"status": "on-hold"}},
        ]
        self.http.post(f"{self.url}/_control/world", json={"actions": actions}).raise_for_status()

    def _completed_orders(self, count: int) -> list[int]:
        query = {"status": "completed", "orderby": "id", "order": "asc", "per_page": str(count), "_fields": "id"}
        answer = self.http.get(f"{self.url}/wp-json/wc/v3/orders", params=query, auth=(self.key, self.secret))
        return [order["id"] for order in answer.raise_for_status().json()]


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


def violations(report: SyncReport, shop: Shop, warehouse: Warehouse) -> list[str]:
    """Compare the run with the shop's own count and with the warehouse; each difference is one sentence."""
    wrong = [
        f"{kind}: the outcomes of {tally.read} records do not add up" for kind, tally in report.tallies.items()
        if not tally.is_balanced or tally.failed
    ]  # fmt: skip
    held = shop.checksum()
    counts = {table: (held[name]["count"], warehouse.count(table)) for table, name in TABLES.items()}
    wrong += [
        f"the shop has {theirs} {table}, the warehouse {ours}"
        for table, (theirs, ours) in counts.items()
        if theirs != ours
    ]
    totals = {currency: Decimal(total) for currency, total in held["orders"]["totals"].items()}
    if warehouse.order_totals() != totals:
        wrong.append(f"the orders of the shop sum to {totals}, those of the warehouse to {warehouse.order_totals()}")
    return wrong
