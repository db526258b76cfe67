"""What the benchmark believes only after looking: every order of the shop is in the warehouse and the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg

from benchmarks.contest import SHOP, TENANT, Job

_SEEN_AS_TENANT = f"-c unisync.tenant={TENANT}"


def differences(expected: dict[str, Any], job: Job, *, has_ledger: bool) -> list[str]:
    """Compare what a contender wrote with what the shop says it holds; each difference is one sentence."""
    wanted = {
        "count": expected["count"],
        "ids": expected["ids"],
        "totals": {currency: Decimal(total) for currency, total in expected["totals"].items()},
    }
    found = in_warehouse(job)
    wrong = [f"{name} of the orders: {wanted[name]} in the shop, {found[name]} in the warehouse" for name in wanted
             if found[name] != wanted[name]]  # fmt: skip
    if has_ledger:
        wrong += [
            f"the ledger has {rows} rows of {table}, the shop {wanted['count']} orders"
            for table, rows in in_ledger(job).items()
            if rows != wanted["count"]
        ]
    return wrong


def in_warehouse(job: Job) -> dict[str, Any]:
    """Count and sum the orders of the warehouse as the shop does its own."""
    with psycopg.connect(job.warehouse, options=_SEEN_AS_TENANT) as warehouse:
        rows = warehouse.execute(
            "SELECT currency, count(*), sum(source_id::bigint)::bigint, sum(total) FROM commerce.orders"
            " WHERE connection = %s AND deleted_at IS NULL GROUP BY currency",
            [SHOP],
        ).fetchall()
    return {
        "count": sum(count for _, count, _, _ in rows),
        "ids": sum(ids for _, _, ids, _ in rows),
        "totals": {currency: total for currency, _, _, total in rows},
    }


def count_lines(job: Job) -> int:
    """Count the lines of the orders; the shop does not, so contenders are compared with each other."""
    with psycopg.connect(job.warehouse, options=_SEEN_AS_TENANT) as warehouse:
        row = warehouse.execute("SELECT count(*) FROM commerce.order_lines WHERE deleted_at IS NULL").fetchone()
    return int(row[0]) if row else 0


def in_ledger(job: Job) -> dict[str, int]:
    """Count the links and the lines of the log."""
    with psycopg.connect(job.ledger, options=_SEEN_AS_TENANT) as ledger:
        row = ledger.execute(
            "SELECT (SELECT count(*) FROM unisync.links), (SELECT count(*) FROM unisync.record_log)"
        ).fetchone()
    return dict(zip(("links", "record_log"), row or (0, 0), strict=True))
