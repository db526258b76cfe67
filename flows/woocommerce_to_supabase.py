"""The route from a WooCommerce shop into a Supabase or other Postgres warehouse."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from config.routes import WOOCOMMERCE_TO_SUPABASE, WarehouseKind
from domain.sync import Mode, SyncReport
from flows.conduct import conduct
from flows.hooks import HOOKS
from flows.route import Route
from mapping.plan import plan_removals
from tasks.map import map_page

# So many records are worth the task runs that carry them; the source reads so many at once.
ROUTE = Route(
    WOOCOMMERCE_TO_SUPABASE, map_page, plan_removals, records_at_once=2000, rules=lambda run: "everything is carried"
)


@flow(
    name=WOOCOMMERCE_TO_SUPABASE, flow_run_name="{tenant}: {source} to {target}, {mode}", persist_result=False, **HOOKS
)
def woocommerce_to_supabase(
    tenant: str = "default",
    source: str = "shop",
    target: str = "warehouse",
    kinds: list[WarehouseKind] | None = None,
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
    """Carry products, variations, stock, customers, orders, refunds and tax rates of a shop into Postgres.

    Nothing is written twice: what the warehouse already holds in the same form is left untouched. Records that cannot
    be read or stored are named in the artifact `sync-problems` and tried again by the next run.

    Args:
        tenant: Whose shop and warehouse.
        source: Name of the WooCommerce connection to read.
        target: Name of the Postgres connection to write.
        kinds: What to carry; everything when left out.
        mode: Full carries everything; incremental what changed since the last complete run.
        since: Incremental only: changes after this moment, with its zone.
        ids: Only these records; needs exactly one kind.
        statuses: Only records in one of these statuses, as the shop spells them.
        created_from: Only records created at this moment or later, with its zone.
        created_until: Only records created before this moment.
        changed_from: Only records changed at this moment or later.
        changed_until: Only records changed before this moment.
        dry_run: Find out what would change and write nothing.
        allow_removals: Mark records as deleted even if implausibly many are gone from the shop; needs a plan.
        plan: The confirmed plan of a dry run, beyond which nothing is written; set by who confirms it.
        most_records: End before anything is written if it would be more records than this.
        most_amount: End before anything is written if it would come to more than this in any currency.
        request_id: The request that this run carries out; set by the service.
        schedule: The schedule that started this run; set by the service.
    """
    return conduct(ROUTE, locals())
