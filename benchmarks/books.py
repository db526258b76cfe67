"""The route into the books: what one run and a second one ask of QuickBooks, and whether the sums are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Self

import httpx

from benchmarks.installation import Installation, Shop, pid_of, running_shop
from benchmarks.naive import pages
from benchmarks.processes import Run, measure_run
from benchmarks.report import announce
from cli.demo_checks import Books
from cli.demo_stage import connect_books, running_books
from domain.errors import FatalError

CURRENCY = "EUR"
"""Of the company, which keeps no other; orders in others are left out."""
POSTING_STATUSES = ("completed", "processing", "refunded")

Documents = dict[str, tuple[int, Decimal]]
"""Number and sum of the documents, by what QuickBooks calls them."""


@dataclass(frozen=True)
class Requests:
    """What was asked of QuickBooks: batches hold ``writes``, everything else but a renewed token is a read."""

    all: int
    batches: int
    writes: int
    reads: int
    sign_ins: int
    throttled: int

    @classmethod
    def counted(cls, log: Sequence[Mapping[str, Any]]) -> Self:
        """Count the lines of a request log."""
        batches = sum(line["items"] > 0 for line in log)
        sign_ins = sum(line["kind"] == "oauth" for line in log)
        return cls(
            all=len(log),
            batches=batches,
            writes=sum(line["items"] for line in log),
            reads=len(log) - batches - sign_ins,
            sign_ins=sign_ins,
            throttled=sum(line["status"] == httpx.codes.TOO_MANY_REQUESTS for line in log),
        )


@dataclass(frozen=True)
class Posted:
    """A shop of ``orders`` posted once and once more: the documents of the first run, and the cost of both."""

    orders: int
    documents: Documents
    connecting: Requests
    first: tuple[Run, Requests]
    second: tuple[Run, Requests]

    @property
    def calls_per_order(self) -> float:
        """Requests of the first run, of any kind, for each order that is now in the books."""
        return round(self.first[1].all / self.documents["Invoice"][0], 3)

    def for_programs(self) -> dict[str, Any]:
        """Give all figures as plain values."""
        runs = {"first": self.first, "second": self.second}
        return {
            "orders": self.orders,
            "documents": {
                entity: {"count": count, "total": str(total)} for entity, (count, total) in self.documents.items()
            },
            "documents_posted": sum(count for count, _ in self.documents.values()),
            "calls_per_order": self.calls_per_order,
            "connecting": asdict(self.connecting),
            "runs": {name: {**asdict(run), "requests": asdict(requests)} for name, (run, requests) in runs.items()},
        }


def post_twice(installation: Installation, orders: int) -> Posted:
    """Post a generated shop to an empty company, and all of it once more, each time in a process of its own.

    Raises:
        FatalError: a run failed, or the books do not hold what the shop sold.
    """
    with running_shop(orders) as shop, running_books() as books, installation.job(shop, prepared=False) as job:
        with installation.entered(job):
            connect_books(books)
        connecting = take_requests(books)
        bystanders = installation.bystanders(shop=shop.pid, books=pid_of("simulators.quickbooks"))
        runs = []
        for occasion in ("first run", "second run"):
            run = measure_run("posting", job, installation.environment(job), bystanders)
            announce("posting", f"{occasion}, {orders:,} orders", run)
            runs.append((run, take_requests(books)))
            documents = compare(documents_of(shop), books, occasion)
    return Posted(orders, documents, connecting, runs[0], runs[1])


def take_requests(books: Books) -> Requests:
    """Count what was asked of the books since the last time."""
    log = f"{books.url}/_control/log"
    lines = books.http.get(log).raise_for_status().json()["requests"]
    books.http.delete(log).raise_for_status()
    return Requests.counted(lines)


def documents_of(shop: Shop) -> Documents:
    """Work out from the shop's own answers, without the product, which documents its orders must have become."""
    with httpx.Client(base_url=f"{shop.url}/wp-json/wc/v3", auth=(shop.key, shop.secret), timeout=60) as http:
        posting = [order for page in pages(http) for order in page if posts(order)]
    sales = [Decimal(order["total"]) for order in posting]
    payments = [Decimal(order["total"]) for order in posting if order["date_paid_gmt"]]
    refunds = [-Decimal(refund["total"]) for order in posting for refund in order["refunds"]]
    amounts = {"Invoice": sales, "Payment": payments, "RefundReceipt": refunds}
    return {entity: (len(each), sum(each, Decimal())) for entity, each in amounts.items()}


def posts(order: Mapping[str, Any]) -> bool:
    """Whether an order belongs into the books by the policy that suggests itself."""
    return order["currency"] == CURRENCY and order["status"] in POSTING_STATUSES and Decimal(order["total"]) > 0


def compare(wanted: Documents, books: Books, occasion: str) -> Documents:
    """Give the documents that the books hold.

    Raises:
        FatalError: they are not those of the shop, in number and to the cent.
    """
    found = {entity: books.totals(entity, CURRENCY) for entity in wanted}
    wrong = [
        f"{entity}: {wanted[entity]} in the shop, {found[entity]} in the books"
        for entity in wanted
        if found[entity] != wanted[entity]
    ]
    if wrong:
        raise FatalError(f"after the {occasion} the books do not hold what the shop sold: {'; '.join(wrong)}")
    return found
