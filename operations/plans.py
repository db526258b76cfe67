"""Plans of dry runs: what would be written, page by page, and what it takes to have it written."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from config.coverage import would_cover
from config.sandbox import request_in_use
from db.ledger.plans import list_writes, load_plan
from db.ledger.sync_settings import load_sync_settings, save_most_amount
from domain.access import Permission
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.plans import PlannedWrite, StoredPlan
from domain.refusals import Unknown
from domain.sync import SyncRequest
from operations.caller import Caller

MOST_RECORDS = 10
"""What somebody may have written at once without a confirmation, in records."""

MOST_AMOUNT = Decimal(1000)
"""The same in any one currency, unless the tenant chose another amount."""

Part = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]


class Plan(StoredPlan):
    """A plan, and how many confirmations it takes to have it carried out.

    ``would_cover``: once it was carried out and somebody had confirmed it, schedules and webhooks may follow that may
    not yet. A plan that needs no confirmation can be confirmed all the same.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77",
                    "request": {
                        "tenant": "default", "route": "woocommerce-to-quickbooks", "source": "shop", "target": "books",
                        "kinds": ["order", "refund"], "mode": "full", "dry_run": True,
                    },
                    "hash": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                    "counts": {"order": {"create": 12}, "customer": {"create": 9}},
                    "amounts": {"EUR": "1428.00"},
                    "records": 12,
                    "removals": 0,
                    "tallies": {"order": {"read": 40, "created": 12, "unchanged": 28}},
                    "created_at": "2026-03-01T08:00:00Z",
                    "expires_at": "2026-03-02T08:00:00Z",
                    "confirmed_at": None,
                    "confirmed_by": None,
                    "used_by": None,
                    "confirmations_needed": 1,
                    "would_cover": False,
                }
            ]
        },
    )  # fmt: skip

    confirmations_needed: int
    would_cover: bool


class Limits(BaseModel):
    """What may be written at once without a confirmation; the amount counts in any one currency."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"records": 10, "amount": "1000.00"}]})

    records: int
    amount: Decimal


def show_plan(caller: Caller, plan_id: UUID) -> Plan:
    """Give the summary of a plan.

    Raises:
        Unknown: the tenant has none with this id.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return summary(session, finished_plan(session, plan_id))


def list_plan_writes(caller: Caller, plan_id: UUID, page: PageRequest) -> Listing[PlannedWrite]:
    """Give what the plan would write, by connection, kind, id and role; raises as ``show_plan`` does."""
    caller.require(Permission.VIEW)
    after = decode_cursor(page.cursor, tuple[Part, Part, Part, Part]) if page.cursor else None
    with caller.ledger() as session:
        finished_plan(session, plan_id)
        found = list_writes(session, plan_id, page.limit + 1, after)
    items, more = tuple(found[: page.limit]), len(found) > page.limit
    last = items[-1] if more else None
    return Listing(
        items=items,
        next_cursor=encode_cursor((last.key.connection, last.key.kind, last.key.id, last.role)) if last else None,
    )


def may_cover(caller: Caller, request: SyncRequest) -> bool:
    """Whether schedules and webhooks may follow this run only if somebody confirms it.

    Raises:
        Misconfigured: sandbox mode is on and nothing stands in for a connection.
    """
    with caller.ledger() as session:
        return would_cover(session, request_in_use(session, request))


def show_limits(caller: Caller) -> Limits:
    """Give what may be written at once without a confirmation."""
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return limits_of(session)


def change_limits(caller: Caller, amount: Decimal) -> Limits:
    """Choose the amount that may be written at once without a confirmation."""
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        save_most_amount(session, amount)
        caller.note(session, "sync.limit", "amount", amount=str(amount))
        return limits_of(session)


def limits_of(session: Session) -> Limits:
    """Give what the tenant of the session may write unconfirmed."""
    chosen = load_sync_settings(session).most_amount
    return Limits(records=MOST_RECORDS, amount=MOST_AMOUNT if chosen is None else chosen)


def summary(session: Session, plan: StoredPlan) -> Plan:
    """Give the plan with the number of confirmations that it takes: two where something is removed."""
    limits = limits_of(session)
    needed = 2 if plan.is_destructive else int(plan.exceeds(limits.records, limits.amount))
    return Plan(**dict(plan), confirmations_needed=needed, would_cover=would_cover(session, plan.request))


def finished_plan(session: Session, plan_id: UUID) -> StoredPlan:
    """Give the plan.

    Raises:
        Unknown: the tenant has none with this id, or its dry run has not ended.
    """
    plan = load_plan(session, plan_id)
    if plan is None or plan.hash is None:
        raise Unknown("there is no finished plan with this id; GET /api/sync/status tells how its dry run stands")
    return plan
