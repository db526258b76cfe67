"""Contender C: the same bookkeeping and no product, which is the least that anything like ours must do.

Pages are fetched side by side while those before are written; an order is decoded, hashed, staged by COPY and merged;
a link and a line of the log go into the ledger. No Prefect, no records, no check of anything, no error is handled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
from psycopg import Connection, sql

from benchmarks.contest import ORDERS_PER_API_PAGE, SHOP, TENANT, WAREHOUSE, Job, compete
from benchmarks.orders import (
    ADDRESS_FIELDS,
    LINE_COLUMNS,
    LINE_FIELDS,
    LINE_KEY,
    LINE_TYPES,
    LINE_VALUES,
    ORDER_COLUMNS,
    ORDER_FIELDS,
    ORDER_KEY,
    upsert,
)
from connectors.woocommerce.bound import MOST
from connectors.woocommerce.walk import PAGES_AT_ONCE

Row = tuple[object, ...]

# As ours stages: kept whole beside its row, a payload is staged faster than compressed or moved out.
_STAGING: LiteralString = """
    CREATE TEMP TABLE staging_orders (LIKE commerce.orders) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS;
    ALTER TABLE staging_orders ALTER COLUMN raw SET STORAGE EXTERNAL, ALTER COLUMN tenant DROP NOT NULL;
    CREATE TEMP TABLE staging_order_lines (LIKE commerce.order_lines) ON COMMIT DELETE ROWS;
    ALTER TABLE staging_order_lines ALTER COLUMN tenant DROP NOT NULL
"""
_LINKS: LiteralString = """
    INSERT INTO unisync.links AS held (source_connection, target_connection, kind, source_id, role, target_kind,
        target_id, fingerprint, version, state)
    SELECT %(shop)s, %(warehouse)s, 'order', id, 'document', 'order', id, print, version, 'live'
    FROM unnest(%(ids)s::text[], %(prints)s::text[], %(versions)s::text[]) AS page (id, print, version)
    ON CONFLICT (tenant, source_connection, target_connection, kind, source_id, role) DO UPDATE
    SET fingerprint = excluded.fingerprint, version = excluded.version, updated_at = now()
    WHERE held.fingerprint IS DISTINCT FROM excluded.fingerprint
"""
_LOG: LiteralString = """
    INSERT INTO unisync.record_log
        (run_id, target_connection, source_connection, kind, source_id, role, operation, result)
    SELECT %(run)s, %(warehouse)s, %(shop)s, 'order', id, 'document', 'create', 'created'
    FROM unnest(%(ids)s::text[]) AS page (id)
"""


def wire(name: str, fields: Mapping[str, str], others: Mapping[str, Any], absent: Iterable[str] = ()) -> Any:
    """Make a type that decodes just these fields, held under the names of their columns; ``absent`` ones are None."""
    members = [(column, Any, msgspec.field(name=field, default="")) for column, field in fields.items()]
    return msgspec.defstruct(name, [*others.items(), *members], namespace=dict.fromkeys(absent), gc=False)


Address = wire("Address", ADDRESS_FIELDS, {})
LINES: dict[str, Any] = {
    name: list[wire(name, fields, {"id": int}, absent={*LINE_VALUES} - {*fields})]  # type: ignore[misc]
    for name, fields in LINE_FIELDS.items()
}
Order = wire("Order", ORDER_FIELDS, {"id": int, "billing": Address, "shipping": Address, **LINES})
ORDER_STAGED = [*ORDER_COLUMNS, "fingerprint"]

rows_of = msgspec.json.Decoder(list[msgspec.Raw]).decode
order_of: Callable[[bytes], Any] = msgspec.json.Decoder(Order).decode
order_values = attrgetter(*ORDER_FIELDS)
address_values = attrgetter(*ADDRESS_FIELDS)
line_values = attrgetter(*LINE_VALUES)
lists_of = attrgetter(*LINE_TYPES)


def work(job: Job) -> None:
    """Copy all orders and their lines, as many at a time as ours."""
    options = f"-c unisync.tenant={TENANT} -c TimeZone=UTC"
    run = uuid4()
    with (
        ThreadPoolExecutor(MOST) as threads,
        httpx.Client(base_url=f"{job.url}/wp-json/wc/v3", auth=(job.key, job.secret), timeout=60) as http,
        psycopg.connect(job.warehouse, options=options) as warehouse,
        psycopg.connect(job.ledger, options=options + " -c role=unisync_app") as ledger,
    ):
        warehouse.execute(_STAGING)
        for answers in batches(http, threads):
            raws = [bytes(raw) for answer in answers for raw in rows_of(answer)]
            orders = [order_of(raw) for raw in raws]
            prints = [blake2b(raw, digest_size=16).hexdigest() for raw in raws]
            store(warehouse, orders, raws, prints)
            remember(ledger, run, orders, prints)


def batches(http: httpx.Client, threads: ThreadPoolExecutor) -> Iterator[list[bytes]]:
    """Give as many pages at a time as ours; while they are worked on, the next ones are fetched."""
    query = {"status": "any", "orderby": "id", "order": "asc"}

    def fetch(page: int) -> bytes:
        return http.get("orders", params={**query, "per_page": ORDERS_PER_API_PAGE, "page": page}).content

    total = int(http.get("orders", params={**query, "per_page": 1, "_fields": "id"}).headers["X-WP-Total"])
    pages = range(1, -(-total // ORDERS_PER_API_PAGE) + 1)
    starts = range(PAGES_AT_ONCE, len(pages), PAGES_AT_ONCE)
    coming = [threads.submit(fetch, page) for page in pages[:PAGES_AT_ONCE]]
    for start in [*starts, len(pages)]:
        present = coming
        coming = [threads.submit(fetch, page) for page in pages[start : start + PAGES_AT_ONCE]]
        yield [answer.result() for answer in present]


def store(warehouse: Connection[Row], orders: Sequence[Any], raws: Sequence[bytes], prints: Sequence[str]) -> None:
    """Stage the orders and their lines, merge them, commit."""
    stage(
        warehouse,
        "orders",
        ORDER_STAGED,
        (
            (SHOP, order.id, *order_values(order), *addresses(order), raw.decode(), fingerprint)
            for order, raw, fingerprint in zip(orders, raws, prints, strict=True)
        ),
    )
    stage(
        warehouse,
        "order_lines",
        LINE_COLUMNS,
        (
            (SHOP, order.id, word, line.id, *line_values(line))
            for order in orders
            for word, lines in zip(LINE_TYPES.values(), lists_of(order), strict=True)
            for line in lines
        ),
    )
    warehouse.execute(merge("orders", ORDER_STAGED, ORDER_KEY, ["fingerprint"]))
    warehouse.execute(merge("order_lines", LINE_COLUMNS, LINE_KEY, ["type", *LINE_VALUES]))
    warehouse.commit()


def addresses(order: Any) -> Row:
    """Give the values of both addresses."""
    return (*address_values(order.billing), *address_values(order.shipping))


def stage(warehouse: Connection[Row], table: str, columns: list[str], rows: Iterable[Row]) -> None:
    """Copy rows into the staging table as text, just as the shop wrote its amounts and times."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(f"staging_{table}"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with warehouse.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def merge(table: str, columns: list[str], key: list[str], compared: list[str]) -> sql.Composed:
    """Give the statement that takes what is staged into the table, where it is new or differs."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    staged = sql.SQL("SELECT {}, {} FROM {}").format(TENANT, names, sql.Identifier(f"staging_{table}"))
    return upsert(table, columns, key, staged, compared)


def remember(ledger: Connection[Row], run: UUID, orders: Sequence[Any], prints: Sequence[str]) -> None:
    """Write a link and a line of the log for every order, commit."""
    values = {
        "shop": SHOP,
        "warehouse": WAREHOUSE,
        "run": run,
        "ids": [str(order.id) for order in orders],
        "prints": list(prints),
        "versions": [order.source_modified_at for order in orders],
    }
    ledger.execute(_LINKS, values)
    ledger.execute(_LOG, values)
    ledger.commit()


if __name__ == "__main__":
    compete(lambda: work)
