"""The route from a WooCommerce shop into a Supabase or other Postgres warehouse."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from domain.keys import Kind
from domain.sync import Mode, SyncReport
from flows.conduct import conduct
from flows.hooks import HOOKS

ROUTE = "woocommerce-to-supabase"

KINDS = (Kind.TAX_RATE, Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND)
"""What the route carries, in the order in which it does."""


@flow(name=ROUTE, flow_run_name="{tenant}: {source} to {target}, {mode}", persist_result=False, **HOOKS)
def woocommerce_to_supabase(
    tenant: Annotated[str, Field(description="Whose shop and warehouse")] = "default",
    source: Annotated[str, Field(description="Name of the WooCommerce connection to read")] = "shop",
    target: Annotated[str, Field(description="Name of the Postgres connection to write")] = "warehouse",
    kinds: Annotated[list[Kind] | None, Field(description="What to carry; everything when left out")] = None,
    mode: Annotated[Mode, Field(description="Everything, or only what changed since")] = Mode.INCREMENTAL,
    since: Annotated[
        datetime | None, Field(description="Incremental only: changes after this moment, with its zone")
    ] = None,
    ids: Annotated[list[str] | None, Field(description="Only these records of one kind")] = None,
    dry_run: Annotated[bool, Field(description="Find out what would change and write nothing")] = False,
    allow_removals: Annotated[
        bool, Field(description="Mark records as deleted even if implausibly many are gone from the shop")
    ] = False,
) -> SyncReport | State[object]:
    """Carry products, variations, stock, customers, orders, refunds and tax rates of a shop into Postgres.

    Nothing is written twice: what the warehouse already holds in the same form is left untouched. Records that cannot
    be read or stored are named in the artifact `sync-problems` and tried again by the next run.
    """
    return conduct(ROUTE, KINDS, locals())
