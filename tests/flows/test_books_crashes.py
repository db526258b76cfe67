"""Runs that are killed while they post: the next one finds out what the books hold; nothing stands there twice.

A sample of the moments, one of each sort; tests/connectors/quickbooks enumerates those within a batch.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from config.settings import CHECKOUT
from domain.keys import Kind
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin
from tests.flows.books import connect_books, let_time_pass, paid, post, requests, totals
from tests.flows.conftest import wait_until, written
from tests.flows.test_crashes import held_up, waits_for
from tests.unmeasured import unmeasured

# What a run after a crash does, and more, is measured in the tests of posting.
pytestmark = [pytest.mark.prefect, pytest.mark.no_cover]

POSTED = Decimal("730328.97")


@pytest.fixture
def books(installation: None) -> Iterator[QuickBooksTwin]:
    with QuickBooksTwin.start(company="eu") as twin:
        yield twin


def start_posting() -> subprocess.Popen[bytes]:
    code = "from flows.woocommerce_to_quickbooks import woocommerce_to_quickbooks as run; run(mode='full')"
    return subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, env=unmeasured(), stderr=subprocess.DEVNULL)


def assert_that_one_more_run_converges(books: QuickBooksTwin, engine: Engine) -> None:
    let_time_pass(engine)
    post(mode="full")
    assert len(totals(books, "Invoice")) == 102
    assert sum(totals(books, "Invoice").values()) == POSTED
    assert len(totals(books, "RefundReceipt")) == 30
    names = [customer["DisplayName"] for customer in books.world.all("Customer")]
    assert len(names) == len(set(names))
    settled = paid(books)
    books.log.reset()
    assert set(written(post(mode="full"))) <= {Kind.ORDER}
    assert (requests(books)[0], paid(books)) == (0, settled)


@pytest.mark.parametrize(("batch", "honours"), [(1, True), (4, False), (8, False), (14, True)])
def test_killed_after_the_work_and_before_the_answer(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine, batch: int, honours: bool
) -> None:
    books.switches.honours_request_ids = honours
    connect_books(ledger_engine, books)
    process = start_posting()
    books.faults.after(path="/batch", nth=batch, perform=process.kill)
    assert process.wait(60) < 0
    assert_that_one_more_run_converges(books, ledger_engine)


@pytest.mark.parametrize("batch", [8])
def test_killed_before_the_batch_arrived(shop: Twin, books: QuickBooksTwin, ledger_engine: Engine, batch: int) -> None:
    connect_books(ledger_engine, books)
    books.faults.add(path="/batch", nth=batch, cut="before")
    process = start_posting()
    wait_until(lambda: not books.faults.pending())
    process.kill()
    process.wait(60)
    assert_that_one_more_run_converges(books, ledger_engine)


@pytest.mark.parametrize("table", ["unisync.links", "unisync.record_log"])
def test_killed_while_it_commits_what_was_done(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine, ledger_url: str, table: str
) -> None:
    connect_books(ledger_engine, books)
    with held_up(ledger_url, table):
        process = start_posting()
        wait_until(lambda: waits_for(ledger_url, table))
        process.kill()
        process.wait(60)
    assert_that_one_more_run_converges(books, ledger_engine)
