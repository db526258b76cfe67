"""A whole shop walks into the warehouse, by a real Prefect flow."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort
from sqlalchemy import Engine

import simulators.woocommerce
from config.routes import ROUTES
from db import ledger
from db.session import tenant_session
from domain.errors import FatalError
from domain.keys import Kind
from domain.problems import Problem
from domain.sync import RunState, Tally
from flows import pages, progress
from simulators.woocommerce.server import Twin
from tests.flows.conftest import SHOP, TENANT, Warehouse, connect, run, written

pytestmark = pytest.mark.prefect

RECORDINGS = Path(simulators.woocommerce.__file__).parent / "recordings"


def test_the_whole_recorded_shop_lands_to_the_cent(shop: Twin, warehouse: Warehouse) -> None:
    report = run(mode="full")

    assert {kind: (tally.read, tally.created, tally.failed) for kind, tally in report.tallies.items()} == {
        Kind.TAX_RATE: (17, 17, 0),
        Kind.PRODUCT: (57, 57, 0),
        Kind.VARIATION: (43, 43, 0),
        Kind.CUSTOMER: (42, 42, 0),
        Kind.ORDER: (308 + 9 + 4, 308 + 9 + 4, 0),
        Kind.REFUND: (61, 61, 0),
    }
    assert warehouse.sums() == recorded_sums()
    posted = [row for (status, _), row in warehouse.sums().items() if status in ("completed", "processing", "refunded")]
    assert sum(count for count, _ in posted) == 186
    euros = [warehouse.sums()[status, "EUR"] for status in ("completed", "processing", "refunded")]
    assert (sum(count for count, _ in euros), sum(total for _, total in euros)) == (111, Decimal("730325.97"))


def recorded_sums() -> dict[tuple[str, str], tuple[int, Decimal]]:
    """Number and sum of the recorded orders by status and currency, out of the recordings themselves."""
    groups: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for file in sorted(RECORDINGS.glob("orders-*.json")):
        for order in json.loads(file.read_bytes()):
            groups[order["status"], order["currency"]].append(Decimal(order["total"]))
    return {group: (len(totals), sum(totals, Decimal())) for group, totals in groups.items()}


def test_a_second_run_sends_no_write_and_touches_no_row(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    run(mode="full")
    before = warehouse.row_versions()
    warehouse.forbid_writes()

    assert written(run(mode="incremental")) == {}
    assert written(run(mode="full")) == {}
    with tenant_session(ledger_engine, TENANT) as session:
        ledger.drop_watermarks(session, SHOP, "warehouse")
    assert written(run(mode="full")) == {}
    assert warehouse.row_versions() == before


def test_a_day_in_the_shop_is_found_by_the_next_incremental_run(shop: Twin, warehouse: Warehouse) -> None:
    run(mode="full")
    shop.clock.advance(hours=1)
    edited, refunded, trashed, model = completed_orders(warehouse, 4)
    shop.world.edit("orders", edited, {"customer_note": "Please ring twice"})
    refund = shop.world.refund(refunded, "1.00", "goodwill")
    shop.world.trash("orders", trashed)
    sold = shop.world.insert("orders", {"status": "processing"}, like=model)

    report = run(mode="incremental")

    assert written(report) == {
        Kind.PRODUCT: Tally(read=3, updated=3),  # the new order took them from their stock
        Kind.ORDER: Tally(read=4, created=1, updated=3),
        Kind.REFUND: Tally(read=1, created=1),
    }
    found = dict(
        warehouse.rows(
            "SELECT source_id, status FROM commerce.orders WHERE source_modified_at > now() - '1 h'::interval"
        )
    )
    assert warehouse.rows("SELECT customer_note FROM commerce.orders WHERE source_id = %s", str(edited)) == [
        ("Please ring twice",)
    ]
    assert warehouse.rows("SELECT order_id, amount FROM commerce.refunds WHERE source_id = %s", str(refund["id"])) == [
        (str(refunded), Decimal("1.00"))
    ]
    assert (found[str(trashed)], found[str(sold["id"])]) == ("trash", "processing")


def completed_orders(warehouse: Warehouse, count: int) -> list[int]:
    rows = warehouse.rows("SELECT source_id::int FROM commerce.orders WHERE status = 'completed' ORDER BY 1")
    return [number for (number,) in rows[:count]]


def test_edits_inserts_and_deletions_during_the_walk_are_all_found(shop: Twin, warehouse: Warehouse) -> None:
    run(mode="full")
    first = completed_orders(warehouse, 11)
    edited, deleted, model = first[:5], first[5:10], first[10]
    shop.clock.advance(hours=1)
    inserted: list[int] = []

    def disturb() -> None:
        for number in edited:
            shop.world.edit("orders", number, {"customer_note": f"changed under way {number}"})
        for number in deleted:
            shop.world.delete("orders", number)
        inserted.extend(shop.world.insert("orders", {"status": "processing"}, like=model)["id"] for _ in range(5))

    shop.faults.after(path=r"/orders\?.*page=2\b", nth=1, perform=disturb)
    report = run(mode="full")

    assert len(inserted) == 5
    assert report.tallies[Kind.ORDER].created == 5
    notes = warehouse.rows("SELECT source_id::int FROM commerce.orders WHERE customer_note LIKE 'changed under way%%'")
    assert sorted(number for (number,) in notes) == sorted(edited)
    gone = warehouse.rows("SELECT source_id::int FROM commerce.orders WHERE deleted_at IS NOT NULL")
    assert sorted(number for (number,) in gone) == sorted(deleted)
    present = {
        number for (number,) in warehouse.rows("SELECT source_id::int FROM commerce.orders WHERE deleted_at IS NULL")
    }
    assert present >= set(inserted)
    assert written(run(mode="full")) == {}


def test_a_record_that_cannot_be_stored_is_named_the_rest_goes_on_and_the_next_run_tries_again(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine, prefect_api: str
) -> None:
    shop.world.edit("orders", 128, {"customer_note": "a NUL \x00 from a broken plugin"})
    report = run(mode="full")

    assert report.tallies[Kind.ORDER] == Tally(read=321, created=320, failed=1)
    (problem,) = problems_of_last_run(ledger_engine)
    assert str(problem.key) == "shop:order:128"
    assert "NUL" in problem.message
    shown = artifacts(prefect_api)
    assert json.loads(shown["sync-problems"]) == [
        {"record": "shop:order:128", "code": problem.code, "why": problem.message, "what to do": problem.advice}
    ]
    assert "| order | 321 | 320 | 0 | 0 | 0 | 1 |" in shown["sync-summary"]

    # The shop mends it without the modified stamp moving, as some plugins do: only the queue knows of it.
    shop.world.edit("orders", 128, {"customer_note": "mended"}, touch=False)
    shop.clock.advance(hours=1)
    assert run(mode="incremental").tallies[Kind.ORDER] == Tally(read=1, created=1)
    assert problems_of_last_run(ledger_engine) == []
    assert written(run(mode="incremental")) == {}


def artifacts(api: str) -> dict[str, Any]:
    """The newest artifact of each key, as the Prefect UI shows them."""
    answer = httpx.post(f"{api}/artifacts/latest/filter", json={}, timeout=30).raise_for_status()
    return {each["key"]: each["data"] for each in answer.json()}


def problems_of_last_run(engine: Engine) -> list[Problem]:
    with tenant_session(engine, TENANT) as session:
        return ledger.open_problems(session, 10, ledger.list_runs(session, 1)[0].id)


def test_a_dry_run_foretells_the_run_and_writes_nothing(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    foretold = run(mode="full", dry_run=True)
    assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]

    assert run(mode="full").tallies == foretold.tallies
    with tenant_session(ledger_engine, TENANT) as session:
        assert [run.request.dry_run for run in ledger.list_runs(session, 9)] == [False, True]


def test_a_row_that_was_lost_in_the_warehouse_is_written_again(shop: Twin, warehouse: Warehouse) -> None:
    run(mode="full")
    warehouse.rows("DELETE FROM commerce.orders WHERE source_id = '128' RETURNING 1")
    assert written(run(mode="full")) == {Kind.ORDER: Tally(read=321, created=1, unchanged=320)}


def test_a_record_asked_for_by_its_id_is_carried_alone(shop: Twin, warehouse: Warehouse) -> None:
    report = run(kinds=["order"], ids=["128", "999999"])
    assert report.tallies == {Kind.ORDER: Tally(read=2, created=1, failed=1)}
    assert warehouse.counts()["orders"] == 1


def test_an_order_deleted_in_the_shop_is_marked_when_it_is_asked_for_by_its_id(
    shop: Twin, warehouse: Warehouse
) -> None:
    run(mode="full")
    shop.world.delete("orders", 128)
    assert run(kinds=["order"], ids=["128"]).tallies == {Kind.ORDER: Tally(read=1, updated=1)}
    assert warehouse.counts()["orders"] == 320


def test_a_shop_that_suddenly_seems_empty_deletes_nothing_until_somebody_says_so(
    shop: Twin, warehouse: Warehouse
) -> None:
    run(mode="full")
    for (number,) in warehouse.rows("SELECT source_id::int FROM commerce.orders ORDER BY 1 LIMIT 40"):
        shop.world.delete("orders", number)

    with pytest.raises(FatalError, match=r"40 of 321 order records are gone from shop; nothing was deleted"):
        run(mode="full", kinds=["order"])
    assert warehouse.counts()["orders"] == 321


def test_a_long_walk_goes_on_in_child_runs_and_fills_its_bar(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(ledger_engine, shop, page_size=10)
    monkeypatch.setattr(pages, "PAGES_PER_FLOW_RUN", 1)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_UPDATES", 0.0)
    report = run(mode="full", kinds=["order"])
    assert report.tallies[Kind.ORDER] == Tally(read=321, created=321)
    assert warehouse.counts()["orders"] == 321
    with get_client(sync_client=True) as client:
        names = {flow_run.name for flow_run in client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=20)}
    assert {name for name in names if name.startswith("order from")}
    assert artifacts(prefect_api)["sync-progress"] == 100.0


def test_a_completed_run_leaves_its_counts_in_its_row(shop: Twin, warehouse: Warehouse, ledger_engine: Engine) -> None:
    report = run(mode="full", kinds=["tax_rate"])
    with tenant_session(ledger_engine, TENANT) as session:
        (closed,) = ledger.list_runs(session, 9)
    assert (closed.state, closed.tallies, closed.error) == (RunState.COMPLETED, report.tallies, None)
    assert closed.finished_at is not None


def test_an_incremental_run_since_a_given_moment_reads_from_there_and_moves_no_watermark(
    shop: Twin, ledger_engine: Engine
) -> None:
    run(mode="full", kinds=["order"])
    with tenant_session(ledger_engine, TENANT) as session:
        before = ledger.watermark(session, SHOP, "warehouse", Kind.ORDER)
    shop.clock.advance(hours=1)
    moment = shop.clock.now()
    shop.clock.advance(minutes=1)
    shop.world.edit("orders", 128, {"customer_note": "just now"})

    assert run(kinds=["order"], since=moment).tallies == {Kind.ORDER: Tally(read=1, updated=1)}
    with tenant_session(ledger_engine, TENANT) as session:
        assert ledger.watermark(session, SHOP, "warehouse", Kind.ORDER) == before


def test_a_cleared_list_of_kinds_means_all_of_them(shop: Twin) -> None:
    assert set(run(mode="full", kinds=[], ids=[], dry_run=True).tallies) == set(ROUTES["woocommerce-to-supabase"].kinds)
