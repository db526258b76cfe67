"""The route from a WooCommerce shop into the books of a QuickBooks Online company."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

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
    statuses: list[str] | None = None,
    created_from: datetime | None = None,
    created_until: datetime | None = None,
    changed_from: datetime | None = None,
    changed_until: datetime | None = None,
    dry_run: bool = False,
    allow_removals: bool = False,
    plan: UUID | None = None,
    most_records: int | None = None,
    most_amount: Decimal | None = None,
    request_id: UUID | None = None,
    schedule: str | None = None,
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
        statuses: Only records in one of these statuses, as the shop spells them.
        created_from: Only records created at this moment or later, with its zone.
        created_until: Only records created before this moment.
        changed_from: Only records changed at this moment or later.
        changed_until: Only records changed before this moment.
        dry_run: Find out what would be posted and post nothing.
        allow_removals: Go on even if implausibly many records are gone from the shop; needs a plan.
        plan: The confirmed plan of a dry run, beyond which nothing is written; set by who confirms it.
        most_records: End before anything is written if it would be more records than this.
        most_amount: End before anything is written if it would come to more than this in any currency.
        request_id: The request that this run carries out; set by the service.
        schedule: The schedule that started this run; set by the service.
    """
    return conduct(ROUTE, locals())
