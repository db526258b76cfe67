"""From a webhook to the books: the listener carries on what arrives, and whatever gets lost, the end is the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from api.app import create_app
from config.requests import build_request
from config.routes import WOOCOMMERCE_TO_SUPABASE
from config.settings import CHECKOUT, settings
from db.ledger import open_problems
from db.ledger.audit import AuditFilter, list_audit
from db.ledger.sync_requests import save_request
from db.session import tenant_session
from domain.requests import Progress, RequestState
from flows.catch_up import ask_books, look_after_webhooks
from operations.registration import register
from operations.runs import show_run
from operations.webhooks import show_webhooks
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.generated import generated_shop
from simulators.woocommerce.server import Twin
from tests.api.conftest import serving
from tests.flows.arriving import boss, listening, post, run, states, wait_until_carried
from tests.flows.books import connect_books, let_time_pass, totals
from tests.flows.conftest import SHOP, TENANT, Warehouse, connect, wait_until, written
from tests.operations.people import in_database
from tests.unmeasured import unmeasured

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]


@pytest.fixture
def small(installation: None, ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    """A shop of twenty orders that tells a running service what changes, when it is told to."""
    with Twin.start(shop=generated_shop(20)) as twin, serving(create_app(ledger_engine)) as url:
        monkeypatch.setenv("UNISYNC_PUBLIC_URL", url)
        settings.cache_clear()
        twin.switches.webhooks_live = False
        connect(ledger_engine, twin)
        yield twin


@pytest.fixture
def books(installation: None) -> Iterator[QuickBooksTwin]:
    """A company in the euro zone that is never in a hurry."""
    with QuickBooksTwin.start(company="eu") as twin:
        twin.switches.throttles = False
        yield twin


def runs_of(engine: Engine, target: str) -> list[tuple[str, list[str]]]:
    """Kind and ids of every run of named records, in order."""
    with tenant_session(engine, TENANT) as session:
        rows = session.execute(
            text(
                "SELECT request->'kinds'->>0, request->'ids' FROM unisync.runs"
                " WHERE request->>'target' = :target AND jsonb_array_length(request->'ids') > 0 ORDER BY started_at"
            ),
            {"target": target},
        ).all()
    return [(kind, ids) for kind, ids in rows]


def posted(books: QuickBooksTwin) -> list[int]:
    """The orders that stand in the books."""
    return sorted(int(number.removeprefix("WC-")) for number in totals(books, "Invoice"))


def trade(shop: Twin, paid: list[int], price: str) -> None:
    """What happens in a shop: orders come, change, are paid back, thrown away, taken back; goods and people change."""
    edited, refunded, trashed = paid[-3:]
    for _ in range(3):
        shop.world.insert("orders", {"status": "processing"}, like=paid[0])
    shop.courier.flush()
    shop.world.edit("orders", edited, {"customer_note": "please ring twice"})
    shop.world.refund(refunded, "1.00", "broken")
    shop.world.trash("orders", trashed)
    shop.courier.flush()
    for number in sorted(shop.shop.kinds["products"])[:3]:
        shop.world.edit("products", number, {"regular_price": price, "price": price})
    shop.world.restore("orders", trashed)
    shop.world.edit("customers", min(shop.shop.kinds["customers"]), {"first_name": f"Ann {price}"})
    shop.world.insert("orders", {"status": "pending"}, like=paid[0])
    shop.courier.flush()


def test_whatever_is_lost_doubled_or_out_of_order_the_end_is_the_same_after_an_incremental_run(
    small: Twin, books: QuickBooksTwin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    """One installation sees four days, because most of the time goes into setting it up."""
    connect_books(ledger_engine, books)
    run(mode="full")
    post(mode="full")
    register(boss(ledger_engine), SHOP)
    for day, percents in enumerate([(0, 0, 0), (50, 50, 50), (0, 100, 100), (100, 0, 0)]):
        lost, small.switches.webhooks_doubled, small.switches.webhooks_reordered = percents
        small.switches.webhooks_lost = lost
        price, told = f"77.{day}7", sum(states(ledger_engine).values())
        before, refunds = posted(books), len(totals(books, "RefundReceipt"))

        with listening(ledger_engine):
            trade(small, before, price)
            wait_until_carried(ledger_engine)
        arrived = sum(states(ledger_engine).values()) - told
        assert arrived == 0 if lost == 100 else arrived > 0, percents
        for carry in (run, post):
            # Of a day on which nothing was lost, nothing is left for the schedules to find.
            left = written(carry(mode="incremental"))
            assert lost or not left, percents

        assert len(posted(books)) == len(before) + 3, percents
        assert len(totals(books, "RefundReceipt")) == refunds + 1, percents
        assert warehouse.counts()["orders"] == len(small.shop.kinds["orders"]), percents
        changed = warehouse.rows("SELECT count(*) FROM commerce.products WHERE regular_price = %s", price)
        assert changed == [(3,)], percents
        assert states(ledger_engine).keys() == {"done"}, percents
    assert (written(run(mode="full")), written(post(mode="full"))) == ({}, {})


def test_fifty_edits_in_a_row_are_one_run(small: Twin, warehouse: Warehouse, ledger_engine: Engine) -> None:
    run(mode="full")
    register(boss(ledger_engine), SHOP)
    orders = sorted(small.shop.kinds["orders"])[:5]
    for edit in range(50):
        small.world.edit("orders", orders[edit % 5], {"customer_note": f"edit {edit}"})
        small.courier.flush()
    assert states(ledger_engine) == {"pending": 50}

    with listening(ledger_engine):
        wait_until_carried(ledger_engine)

    assert runs_of(ledger_engine, "warehouse") == [("order", [str(number) for number in orders])]
    notes = warehouse.rows("SELECT count(*) FROM commerce.orders WHERE customer_note LIKE 'edit 4%%'")
    assert notes == [(5,)]


def test_a_listener_that_is_killed_at_its_work_is_repaired_by_the_next_one(
    small: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    post(mode="full")
    register(boss(ledger_engine), SHOP)
    before = posted(books)
    small.world.insert("orders", {"status": "processing"}, like=before[0])
    small.courier.flush()
    command = [sys.executable, "-m", "flows.arrivals"]
    process = subprocess.Popen(command, cwd=CHECKOUT, env=unmeasured(), stderr=subprocess.DEVNULL)
    # After the work and before the answer: nobody told the listener that it is done.
    books.faults.after(path="/batch", nth=2, perform=process.kill)
    assert process.wait(60) < 0
    assert states(ledger_engine).keys() == {"pending"}

    let_time_pass(ledger_engine)
    with listening(ledger_engine):
        wait_until_carried(ledger_engine)

    assert len(posted(books)) == len(before) + 1
    assert states(ledger_engine).keys() == {"done"}


def test_while_books_are_withdrawn_the_warehouse_goes_on_and_the_rest_waits(
    small: Twin, books: QuickBooksTwin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    run(mode="full")
    post(mode="full")
    register(boss(ledger_engine), SHOP)
    before = posted(books)
    books.world.disconnect()
    small.world.insert("orders", {"status": "processing"}, like=before[0])
    small.courier.flush()
    with listening(ledger_engine):
        wait_until(lambda: "books cannot be used" in show_webhooks(boss(ledger_engine), SHOP).waits_because)
        wait_until(lambda: warehouse.counts()["orders"] == 21)
        assert "pending" in states(ledger_engine)

        connect_books(ledger_engine, books)
        wait_until_carried(ledger_engine)

    assert len(posted(books)) == len(before) + 1
    with tenant_session(ledger_engine, TENANT) as session:
        assert open_problems(session, 10) == []


def left_behind(engine: Engine) -> UUID:
    """A request that was written down a while ago, just before the service was killed."""
    asked = {"tenant": TENANT, "source": SHOP, "target": "warehouse", "mode": "full"}
    request, request_id = build_request(WOOCOMMERCE_TO_SUPABASE, asked), uuid4()
    with tenant_session(engine, TENANT) as session:
        save_request(session, request_id, request, RequestState.ASKED, actor="user:ann@example.org")
    in_database(engine, "UPDATE unisync.sync_requests SET asked_at = asked_at - interval '2 minutes'")
    return request_id


def test_housekeeping_looks_after_every_shop_asks_all_books_and_hands_over_what_a_crash_left_behind(
    small: Twin, books: QuickBooksTwin, ledger_engine: Engine, on_demand: str
) -> None:
    request_id = left_behind(ledger_engine)
    connect_books(ledger_engine, books)
    post(mode="full", kinds=["order"])
    register(boss(ledger_engine), SHOP)
    hook = next(iter(small.site.webhooks._hooks.values()))
    hook.status = "disabled"
    small.site.webhooks.save(hook)
    invoice = books.world.all("Invoice")[0]
    books.world.edit("Invoice", invoice["Id"], {"TxnDate": "2026-01-01"})

    found = [look_after_webhooks(), ask_books()]

    assert [[(each.connection, each.amiss) for each in some] for some in found] == [[(SHOP, "")], [("books", "")]]
    assert show_webhooks(boss(ledger_engine), SHOP).repairs == 1
    assert show_run(boss(ledger_engine), request_id).state is Progress.SCHEDULED
    with tenant_session(ledger_engine, TENANT) as session:
        started = list_audit(session, AuditFilter(action="housekeeping.run"), None, 9)
    assert [each.subject for each in started] == ["catch-up-with-books", "check-webhooks"]
    with tenant_session(ledger_engine, TENANT) as session:
        assert [problem.code for problem in open_problems(session, 10)] == ["books.changed"]
    # A later walk finds the order as it was, and leaves the problem to the bookkeeper.
    post(mode="full", kinds=["order"])
    with tenant_session(ledger_engine, TENANT) as session:
        assert [problem.code for problem in open_problems(session, 10)] == ["books.changed"]
