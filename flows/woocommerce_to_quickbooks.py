"""The route from a WooCommerce shop into the books of a QuickBooks Online company."""

from __future__ import annotations

from datetime import datetime

from prefect import flow
from prefect.client.schemas.objects import State

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, BooksKind
from domain.sync import Mode, SyncReport
from flows.conduct import conduct
from flows.hooks import HOOKS
from flows.route import Route
from mapping.posting_plan import plan_withdrawals
from tasks.map import map_postings, rules_of

# Ten batches of thirty, the most that QuickBooks takes at once.
ROUTE = Route(WOOCOMMERCE_TO_QUICKBOOKS, map_postings, plan_withdrawals, records_at_once=300, rules=rules_of)


@flow(
    name=WOOCOMMERCE_TO_QUICKBOOKS,
    flow_run_name="{tenant}: {source} to {target}, {mode}",
    persist_result=False,
    **HOOKS,
)
def woocommerce_to_quickbooks(
    tenant: str = "default",
    source: str = "shop",
    target: str = "books",
    kinds: list[BooksKind] | None = None,
    mode: Mode = Mode.INCREMENTAL,
    since: datetime | None = None,
    ids: list[str] | None = None,
    dry_run: bool = False,
    allow_removals: bool = False,
) -> SyncReport | State[object]:
    """Post the orders and refunds of a shop to the books: customers, items, invoices, payments and refunds.

    Nothing is posted twice: what was sent and never answered is found out before anything else is sent. Records that
    policy leaves out are counted as skipped, with the reason; those that the books refuse are named in the artifact
    `sync-problems` and tried again by the next run.

    Args:
        tenant: Whose shop and books.
        source: Name of the WooCommerce connection to read.
        target: Name of the QuickBooks connection to post to.
        kinds: What to carry; orders and refunds when left out.
        mode: Full carries everything; incremental what changed since the last complete run.
        since: Incremental only: changes after this moment, with its zone.
        ids: Only these records; needs exactly one kind.
        dry_run: Find out what would be posted and post nothing.
        allow_removals: Go on even if implausibly many records are gone from the shop.
    """
    return conduct(ROUTE, locals())
