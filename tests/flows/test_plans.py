"""Dry runs that are kept, and runs that write nothing beyond what was confirmed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from config.requests import build_request, flow_parameters
from db import ledger
from db.ledger.plans import list_writes, load_plan
from db.ledger.problems import list_problems
from db.session import tenant_session
from domain.access import Role
from domain.errors import FatalError, Misconfigured
from domain.keys import Kind
from domain.plans import StoredPlan
from domain.sync import Mode, SyncReport, Tally
from operations.caller import Caller
from operations.local_runs import note_planned_run, note_run
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.flows.books import BOOKS, connect_books, post, totals
from tests.flows.conftest import SHOP, TENANT, Warehouse, run

pytestmark = pytest.mark.prefect

WAREHOUSE_ROUTE = "woocommerce-to-supabase"
BOOKS_ROUTE = "woocommerce-to-quickbooks"


@pytest.fixture
def caller(ledger_engine: Engine) -> Caller:
    """Somebody at the machine's shell."""
    return Caller(ledger_engine, TENANT, "operator:test", Role.ADMIN)


def planned(caller: Caller, route: str, carry: Callable[..., SyncReport], **parameters: Any) -> StoredPlan:
    """Make a dry run and give the plan that it leaves."""
    target = BOOKS if route == BOOKS_ROUTE else "warehouse"
    given = {"tenant": TENANT, "source": SHOP, "target": target, **parameters, "dry_run": True}
    request = note_run(caller, build_request(route, given))
    carry(**flow_parameters(request))
    with caller.ledger() as session:
        plan = load_plan(session, request.request_id)
    assert plan is not None
    return plan


def confirmed(caller: Caller, plan: StoredPlan, carry: Callable[..., SyncReport]) -> SyncReport:
    """Confirm a plan and carry it out."""
    return carry(**flow_parameters(note_planned_run(caller, plan.id, confirmed=True)))


def queued(caller: Caller) -> list[tuple[str, str]]:
    with caller.ledger() as session:
        return [(problem.key.id, problem.code) for _, problem in list_problems(session, 100)]


def test_a_dry_run_keeps_what_it_would_write_and_what_that_comes_to(
    shop: Twin, warehouse: Warehouse, caller: Caller
) -> None:
    plan = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["order", "refund"])

    assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]
    assert plan.counts == {Kind.ORDER: {"create": 321}, Kind.REFUND: {"create": 61}}
    assert (plan.records, plan.removals, plan.hash is not None) == (382, 0, True)
    run(mode="full", kinds=["order"])
    sums = {currency: Decimal() for currency in plan.amounts}
    for (_, currency), (_, total) in warehouse.sums().items():
        sums[currency] += total
    assert {currency: total for currency, total in plan.amounts.items() if currency} == {
        currency: total for currency, total in sums.items() if currency
    }


def test_a_confirmed_run_writes_just_its_plan_and_queues_what_changed_since(
    shop: Twin, warehouse: Warehouse, caller: Caller
) -> None:
    plan = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["order"])
    shop.world.edit("orders", 128, {"customer_note": "after the dry run"})

    report = confirmed(caller, plan, run)

    assert report.tallies == {Kind.ORDER: Tally(read=321, created=320, failed=1)}
    assert queued(caller) == [("128", "plan.changed")]
    assert warehouse.rows("SELECT count(*) FROM commerce.orders WHERE source_id = '128'") == [(0,)]
    # The next run, which nobody has to confirm, writes it.
    assert run(kinds=["order"]).tallies[Kind.ORDER].created == 1
    assert queued(caller) == []


def test_a_plan_is_carried_out_once(shop: Twin, caller: Caller) -> None:
    plan = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["tax_rate"])
    confirmed(caller, plan, run)

    request = build_request(
        WAREHOUSE_ROUTE,
        {
            "tenant": TENANT,
            "source": SHOP,
            "target": "warehouse",
            "mode": "full",
            "kinds": ["tax_rate"],
            "plan": plan.id,
        },
    )
    with pytest.raises(Misconfigured, match="is carried out already"):
        run(**flow_parameters(request))


def test_the_same_dry_run_twice_names_the_same_plan(shop: Twin, caller: Caller) -> None:
    first, second = (planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["product"]) for _ in range(2))
    assert first.hash == second.hash
    shop.world.edit("products", first_product(caller, first), {"name": "Another name"})
    third = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["product"])
    assert third.hash != first.hash


def first_product(caller: Caller, plan: StoredPlan) -> int:
    with caller.ledger() as session:
        return int(list_writes(session, plan.id, 1)[0].key.id)


def test_removals_that_are_implausible_need_a_confirmed_plan(shop: Twin, warehouse: Warehouse, caller: Caller) -> None:
    run(mode="full", kinds=["order"])
    for (number,) in warehouse.rows("SELECT source_id::int FROM commerce.orders ORDER BY 1 LIMIT 40"):
        shop.world.delete("orders", number)
    with pytest.raises(Misconfigured, match="allow_removals needs the parameter plan"):
        run(mode="full", kinds=["order"], allow_removals=True)

    plan = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["order"], allow_removals=True)
    assert (plan.removals, plan.is_destructive, warehouse.counts()["orders"]) == (40, True, 321)

    confirmed(caller, plan, run)
    assert warehouse.counts()["orders"] == 281


def test_a_run_within_its_limits_writes_and_a_larger_one_writes_nothing(
    shop: Twin, warehouse: Warehouse, caller: Caller
) -> None:
    few = {"kinds": ["order"], "ids": ["128"], "most_records": 10}
    run(**few, most_amount=Decimal(100_000))
    assert warehouse.counts()["orders"] == 1

    with pytest.raises(FatalError, match=r"1 records of .* which is more than is done unconfirmed, so nothing was"):
        run(**few | {"ids": ["129"]}, most_amount=Decimal("0.01"))
    with pytest.raises(FatalError, match="2 records"):
        run(**few | {"ids": ["129", "130"], "most_records": 1}, most_amount=Decimal(100_000))
    shop.world.delete("orders", 128)
    with pytest.raises(FatalError, match="remove 1"):
        run(**few, most_amount=Decimal(100_000))

    assert warehouse.counts()["orders"] == 1
    with caller.ledger() as session:
        assert [each.tallies for each in ledger.list_runs(session, 3)] == [{}, {}, {}]


def test_a_document_that_is_not_confirmed_takes_what_leans_on_it_along(
    shop: Twin, ledger_engine: Engine, caller: Caller
) -> None:
    with QuickBooksTwin.start("eu") as books:
        connect_books(ledger_engine, books)
        plan = planned(caller, BOOKS_ROUTE, post, mode="full", kinds=["order"])
        number = paid_order(caller, plan)
        shop.world.edit("orders", number, {"number": f"{number}-B"})

        report = confirmed(caller, plan, post)

        assert (str(number), "plan.changed") in queued(caller)
        assert str(number) not in totals(books, "Invoice")
        assert report.tallies[Kind.ORDER].created == plan.tallies[Kind.ORDER].created - 1
        payments = {str(payment["PaymentRefNum"]) for payment in books.world.all("Payment")}
        assert payments.isdisjoint({str(number), f"{number}-B"})


def paid_order(caller: Caller, plan: StoredPlan) -> int:
    with caller.ledger() as session:
        return next(int(each.key.id) for each in list_writes(session, plan.id, 5000) if each.role == "payment:1")


def test_a_filtered_run_carries_what_fits_moves_no_watermark_and_removes_nothing(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    run(mode="full", kinds=["order"])
    warehouse.connection.execute("DELETE FROM commerce.orders WHERE source_id <> '128'")
    shop.world.delete("orders", 128)
    with tenant_session(ledger_engine, TENANT) as session:
        before = ledger.watermark(session, SHOP, "warehouse", Kind.ORDER)

    report = run(mode=Mode.FULL, kinds=["order"], statuses=["completed"])

    others = "FROM commerce.orders WHERE source_id <> '128'"
    assert warehouse.rows(f"SELECT DISTINCT status {others}") == [("completed",)]
    assert warehouse.rows(f"SELECT count(*) {others}") == [(report.tallies[Kind.ORDER].created,)]
    assert warehouse.rows("SELECT deleted_at FROM commerce.orders WHERE source_id = '128'") == [(None,)]
    with tenant_session(ledger_engine, TENANT) as session:
        assert ledger.watermark(session, SHOP, "warehouse", Kind.ORDER) == before


def test_a_plan_that_was_tampered_with_is_not_carried_out(shop: Twin, warehouse: Warehouse, caller: Caller) -> None:
    plan = planned(caller, WAREHOUSE_ROUTE, run, mode="full", kinds=["tax_rate"])
    request = note_planned_run(caller, plan.id, confirmed=True)
    with caller.ledger() as session:
        writes = list_writes(session, plan.id, 1)
        change_print(session, plan.id, writes[0].key.id)
    with pytest.raises(Misconfigured, match="is not what was confirmed"):
        run(**flow_parameters(request))


def change_print(session: Session, plan_id: UUID, record: str) -> None:
    session.execute(
        text("UPDATE unisync.plan_writes SET fingerprint = 'x' WHERE plan_id = :plan AND source_id = :record"),
        {"plan": plan_id, "record": record},
    )
