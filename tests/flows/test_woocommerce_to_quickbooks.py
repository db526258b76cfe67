"""A whole shop walks into the books, by a real Prefect flow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import ledger
from db.session import tenant_session
from domain.errors import Misconfigured
from domain.keys import Kind
from domain.sync import Tally
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.flows.books import connect_books, paid, post, requests, totals
from tests.flows.conftest import TENANT, run, written

pytestmark = pytest.mark.prefect

EXPECTED = Path(__file__).parent.parent / "mapping" / "expected_postings.csv"


@pytest.fixture
def books(installation: None) -> Iterator[QuickBooksTwin]:
    """A company in the euro zone without multi-currency."""
    with QuickBooksTwin.start(company="eu") as twin:
        yield twin


def expected() -> list[dict[str, str]]:
    with EXPECTED.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_order_and_refund_ends_as_the_table_says_and_the_books_come_to_the_cent(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    report = post(mode="full")

    assert report.tallies[Kind.REFUND] == Tally(read=61, created=30, skipped=31)
    found = outcomes(ledger_engine)
    rows = {(row["kind"], row["id"]): row for row in expected()}
    assert {key: found.get(key) for key in rows} == {
        key: ("posted", "") if row["outcome"] == "posted" else (row["outcome"], row["code"])
        for key, row in rows.items()
    }
    invoices = {f"WC-{row['id']}": row["posted"] for key, row in rows.items() if row["document"] == "invoice"}
    receipts = {f"WC-R{row['id']}": row["posted"] for key, row in rows.items() if row["document"] == "refund_receipt"}
    assert totals(books, "Invoice") == {number: Decimal(total) for number, total in invoices.items()}
    assert totals(books, "RefundReceipt") == {number: Decimal(total) for number, total in receipts.items()}
    assert sum(totals(books, "Invoice").values()) == Decimal("730325.97") + Decimal("3.00")


def outcomes(engine: Engine) -> dict[tuple[str, str], tuple[str, str]]:
    """What became of each order and refund, by the ledger: posted, skipped or a problem, with its code."""
    queries = {
        "posted": "SELECT kind, source_id, '' FROM unisync.links WHERE role = 'document' AND state = 'live'",
        "skipped": "SELECT kind, source_id, code FROM unisync.skips",
        "problem": "SELECT kind, source_id, code FROM unisync.problems WHERE state = 'open'",
    }
    with tenant_session(engine, TENANT) as session:
        return {
            (kind, number): (outcome, code)
            for outcome, query in queries.items()
            for kind, number, code in session.execute(text(query))
        }


def test_a_second_run_sends_no_write_and_makes_at_most_one_read_call(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    post(mode="full")
    books.log.reset()
    for mode in ("incremental", "full"):
        assert set(written(post(mode=mode))) <= {Kind.ORDER}
    assert requests(books)[0] == 0
    assert requests(books)[1] <= 1


def test_a_paid_order_is_paid_in_the_books_and_its_edit_changes_the_same_document(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    post(kinds=["order"], ids=["128"])
    assert (totals(books, "Invoice"), paid(books)) == ({"WC-128": Decimal("5.94")}, Decimal("5.94"))

    shop.world.edit("orders", 128, {"customer_note": "Please ring twice"})
    assert post(kinds=["order"], ids=["128"]).tallies[Kind.ORDER] == Tally(read=1, updated=1)

    (invoice,) = books.world.all("Invoice")
    assert invoice["CustomerMemo"] == {"value": "Please ring twice"}
    assert (totals(books, "Invoice"), paid(books)) == ({"WC-128": Decimal("5.94")}, Decimal("5.94"))


def test_a_dry_run_foretells_the_postings_and_posts_nothing(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    foretold = post(mode="full", dry_run=True)
    assert requests(books)[0] == 0
    assert post(mode="full").tallies == foretold.tallies


def test_a_refund_waits_for_its_order_and_follows_it_once_the_policy_is_mended(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books, tax_codes={"1": "2"}, statuses=["completed"])
    first = post(mode="full")
    assert first.tallies[Kind.REFUND].waiting > 0
    assert first.tallies[Kind.ORDER].failed > 1

    connect_books(ledger_engine, books)
    post(mode="incremental")

    rows = {(row["kind"], row["id"]): row for row in expected() if row["outcome"] == "posted"}
    assert len(totals(books, "Invoice")) == sum(1 for kind, _ in rows if kind == "order")
    assert len(totals(books, "RefundReceipt")) == sum(1 for kind, _ in rows if kind == "refund")
    assert {key for key, (outcome, _) in outcomes(ledger_engine).items() if outcome == "posted"} >= set(rows)


def test_a_company_with_foreign_currencies_gets_the_foreign_orders_too(
    shop: Twin, ledger_engine: Engine, installation: None
) -> None:
    with QuickBooksTwin.start(company="eu", multicurrency=True) as books:
        connect_books(ledger_engine, books)
        tally = post(mode="full", kinds=["order"]).tallies[Kind.ORDER]
        currencies = {document["CurrencyRef"]["value"] for document in books.world.all("Invoice")}
    assert tally.created > 102
    assert {"EUR", "USD", "GBP"} <= currencies


def test_a_posted_order_that_is_deleted_in_the_shop_is_named_every_night_and_never_in_the_way(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    post(mode="full")
    shop.world.delete("orders", 128)

    for mode in ("full", "full", "incremental"):
        report = post(mode=mode)
        assert report.tallies[Kind.ORDER].failed <= 2
        with tenant_session(ledger_engine, TENANT) as session:
            named = {str(each.key): each.code for each in ledger.open_problems(session, 10)}
        assert named["shop:order:128"] == "posted_then_withdrawn"
    assert totals(books, "Invoice")["WC-128"] == Decimal("5.94")
    assert post(kinds=["order"], ids=["128"]).tallies[Kind.ORDER] == Tally(read=1, failed=1)


def test_an_order_that_was_skipped_is_posted_once_the_company_allows_its_currency(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    post(mode="full", kinds=["order"])
    books.world.turn_on_multicurrency()
    forget_the_company(ledger_engine)

    assert post(mode="incremental", kinds=["order"]).tallies[Kind.ORDER].created > 0
    assert "USD" in {document["CurrencyRef"]["value"] for document in books.world.all("Invoice")}


def forget_the_company(engine: Engine) -> None:
    """Let the day pass for which the description of a company is kept."""
    with tenant_session(engine, TENANT) as session:
        session.execute(
            text("UPDATE unisync.snapshots SET taken_at = taken_at - interval '2 days' WHERE subject = 'company'")
        )


def test_a_route_refuses_a_connection_of_another_kind(shop: Twin, books: QuickBooksTwin, ledger_engine: Engine) -> None:
    connect_books(ledger_engine, books)
    with pytest.raises(Misconfigured, match="needs a quickbooks connection where warehouse leads to supabase"):
        post(mode="full", target="warehouse")
    with pytest.raises(Misconfigured, match="needs a supabase connection where books leads to quickbooks"):
        run(mode="full", target="books")
    assert requests(books)[0] == 0
