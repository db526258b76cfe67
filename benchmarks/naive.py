"""Contender B: what one writes on a weekend: page after page, one upsert per row, one commit per page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
from psycopg import sql
from psycopg.types.json import Json

from benchmarks.contest import ORDERS_PER_API_PAGE, SHOP, TENANT, Job, compete
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

Order = dict[str, Any]


def work(job: Job) -> None:
    """Copy all orders and their lines, one after the other."""
    save_order, save_line = (
        statement("orders", ORDER_COLUMNS, ORDER_KEY),
        statement("order_lines", LINE_COLUMNS, LINE_KEY),
    )
    with (
        httpx.Client(base_url=f"{job.url}/wp-json/wc/v3", auth=(job.key, job.secret), timeout=60) as http,
        psycopg.connect(job.warehouse, options=f"-c unisync.tenant={TENANT} -c TimeZone=UTC") as warehouse,
    ):
        for page in pages(http):
            for order in page:
                warehouse.execute(save_order, order_row(order))
                for line in line_rows(order):
                    warehouse.execute(save_line, line)
            warehouse.commit()


def pages(http: httpx.Client) -> Iterator[list[Order]]:
    """Turn the pages until one is empty."""
    number = 1
    query: dict[str, str | int] = {"status": "any", "orderby": "id", "order": "asc", "per_page": ORDERS_PER_API_PAGE}
    while page := http.get("orders", params={**query, "page": number}).raise_for_status().json():
        yield page
        number += 1


def statement(table: str, columns: list[str], key: list[str]) -> bytes:
    """Give the upsert of one row, ready made: psycopg would put the pieces together anew for every row."""
    values = sql.SQL("VALUES ({}, {})").format(TENANT, sql.SQL(", ").join([sql.Placeholder()] * len(columns)))
    return upsert(table, columns, key, values).as_bytes()


def order_row(order: Order) -> list[object]:
    """Pick the values of ``ORDER_COLUMNS``."""
    addresses = [order[role].get(field, "") for role in ("billing", "shipping") for field in ADDRESS_FIELDS.values()]
    return [SHOP, order["id"], *(order[field] for field in ORDER_FIELDS.values()), *addresses, Json(order)]


def line_rows(order: Order) -> Iterator[list[object]]:
    """Pick the values of ``LINE_COLUMNS`` of each line."""
    for name, fields in LINE_FIELDS.items():
        for line in order[name]:
            values = [line[fields[column]] if column in fields else None for column in LINE_VALUES]
            yield [SHOP, order["id"], LINE_TYPES[name], line["id"], *values]


if __name__ == "__main__":
    compete(lambda: work)
