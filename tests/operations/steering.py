"""What tests of steering share: connections that nobody calls, plans without a dry run, and what Prefect was asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from config.requests import build_request
from config.wiring import open_vault
from db import ledger
from db.ledger.plans import add_writes, finish_plan, open_plan
from db.ledger.sync_requests import save_request
from db.vault import bound_to
from domain.access import Permission
from domain.keys import Kind, RecordKey, System
from domain.requests import RequestState
from domain.writes import Action, Write
from operations.caller import Caller

ROUTE = "woocommerce-to-supabase"
SHOP = "shop"
WAREHOUSE = "warehouse"


def connect(
    caller: Caller, name: str = SHOP, system: System = System.WOOCOMMERCE, enabled: bool = True, **place: Any
) -> None:
    """Store a connection to something that is not there."""
    vault = open_vault()
    sealed = vault.seal({}, bound_to=bound_to(caller.tenant, name))
    settings = place or {"url": f"https://{name}.example"}
    with caller.ledger() as session:
        ledger.save_connection(session, name, system, settings, sealed, vault.key_id, enabled=enabled)


def order(number: int) -> RecordKey:
    return RecordKey(connection=SHOP, kind=Kind.ORDER, id=str(number))


def write(number: int, amount: str | None = "10.00", action: Action = Action.CREATE) -> Write:
    return Write(
        action=action,
        source=order(number),
        target=RecordKey(connection=WAREHOUSE, kind=Kind.ORDER, id=str(number)),
        fingerprint=f"print-{number}",
        expected_total=None if amount is None else Decimal(amount),
        currency="EUR",
    )


def plan(
    caller: Caller, writes: Iterable[Write], permission: Permission = Permission.RUN_SYNC, **parameters: Any
) -> UUID:
    """Leave a plan behind, as a dry run would."""
    plan_id = uuid4()
    given = {"tenant": caller.tenant, "source": SHOP, "target": WAREHOUSE, "mode": "full", "kinds": ["order"]}
    request = build_request(ROUTE, {**given, **parameters, "dry_run": True})
    with caller.ledger() as session:
        save_request(session, plan_id, request, RequestState.STARTED, actor=caller.actor, permission=permission)
        open_plan(session, plan_id, request, timedelta(days=1))
        add_writes(session, plan_id, list(writes))
        finish_plan(session, plan_id, request, {})
    return plan_id


def asked_of_prefect(api: str) -> list[dict[str, Any]]:
    """The flow runs that Prefect was asked for and that are still known to it."""
    runs: list[dict[str, Any]] = (
        httpx.post(
            f"{api}/flow_runs/filter",
            json={"deployments": {"name": {"any_": ["on-demand"]}}, "sort": "EXPECTED_START_TIME_ASC"},
            timeout=30,
        )
        .raise_for_status()
        .json()
    )
    return runs


def let_time_pass(ledger_url: str, table: str, column: str, span: str) -> None:
    """As if so much time had passed since the rows were written."""
    with psycopg.connect(ledger_url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        connection.execute(f"UPDATE unisync.{table} SET {column} = {column} - interval '{span}'")
