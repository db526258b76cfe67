"""The recorded shop, read by the connector and posted to a German company that keeps its books in EUR only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from connectors.woocommerce.connector import open_woocommerce
from domain.keys import Kind
from domain.records import Order, Record, Refund
from mapping.posting_plan import plan_postings
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.connectors.contract import records, walk
from tests.mapping.books import BOOKS, EUR_COMPANY, EUR_POLICY, SHOP, document_total

EXPECTED = Path(__file__).with_name("expected_postings.csv")
COLUMNS = ("kind", "id", "status", "currency", "total", "outcome", "code", "document", "posted")
UNLISTED = ("trash", "checkout-draft")
Row = tuple[str, ...]


def read_shop() -> tuple[list[Record], list[Record]]:
    """All orders and refunds of the recorded shop, those in the trash and drafts too."""
    with Twin.start(shop=recorded_shop()) as twin:
        credentials = {"consumer_key": twin.key, "consumer_secret": twin.secret}
        with open_woocommerce("default", SHOP, {"url": twin.url}, credentials) as shop:
            return records(walk(shop, Kind.ORDER)), records(walk(shop, Kind.REFUND))


def outcome_rows(orders: Sequence[Record], refunds: Sequence[Record]) -> list[Row]:
    """What becomes of each of the 308 listed orders and 61 refunds, and for which total."""
    plan = plan_postings(orders, refunds, target=BOOKS, links={}, policy=EUR_POLICY, company=EUR_COMPANY)
    fates: dict[tuple[Kind, str], Row] = {}
    for write in plan.writes:
        if write.role == "document":
            fates[write.source.kind, write.source.id] = ("posted", "", write.target.kind, str(document_total(write)))
    for kept in plan.skipped:
        fates[kept.key.kind, kept.key.id] = ("skipped", kept.code, "", "")
    for problem in plan.problems:
        fates[problem.key.kind, problem.key.id] = ("problem", problem.code, "", "")
    for waiting in plan.waiting:
        fates[waiting.key.kind, waiting.key.id] = ("waiting", str(waiting.on.key), "", "")
    listed = [record for record in orders if isinstance(record.body, Order) and record.body.status not in UNLISTED]
    return [*_rows(listed, orders, fates), *_rows(refunds, orders, fates)]


def _rows(shown: Sequence[Record], orders: Sequence[Record], fates: dict[tuple[Kind, str], Row]) -> Iterator[Row]:
    known = {record.key.id: record.body for record in orders if isinstance(record.body, Order)}
    for record in sorted(shown, key=lambda record: int(record.key.id)):
        body = record.body
        order = known[body.order_id] if isinstance(body, Refund) else body
        assert isinstance(order, Order)
        total: Decimal = body.amount if isinstance(body, Refund) else order.total
        fate = fates[record.key.kind, record.key.id]
        yield (str(record.key.kind), record.key.id, order.status, order.currency, str(total), *map(str, fate))


def as_csv(rows: Sequence[Row]) -> str:
    """The table as it is committed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()
