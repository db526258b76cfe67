"""The benchmark measures both routes, looks at what they wrote, and fails when something is missing."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from benchmarks.__main__ import main
from benchmarks.books import Requests, compare, documents_of, take_requests
from benchmarks.checks import count_lines, differences
from benchmarks.contest import TENANT, WAREHOUSE, Job
from benchmarks.installation import Shop
from benchmarks.machine import cpu_model
from benchmarks.report import CONTENDERS, judge, judge_posting
from cli.demo_checks import Books
from config.settings import CHECKOUT
from connectors.supabase.connector import open_supabase
from domain.errors import FatalError
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.unmeasured import unmeasured

ORDERS = 300
POSTED = 30
EXPECTED = CHECKOUT / "tests" / "mapping" / "expected_postings.csv"


def test_the_command_measures_all_contenders_and_both_postings_and_prints_one_json_object() -> None:
    words = f"--quick --orders {ORDERS} --posted {POSTED} --json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words.split()],
        cwd=CHECKOUT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)

    assert result["ok"]
    assert result["orders"] == ORDERS
    assert result["command"].endswith(words)
    assert result["machine"]["cpu"] == cpu_model()
    assert result["machine"]["postgres"].startswith("18.")
    assert set(result["contenders"]) == set(CONTENDERS)
    for figures in result["contenders"].values():
        (run,) = figures["runs"]
        assert 0 < run["done"] <= run["wall"] < 60
        assert run["cpu"] > 0
        assert 20 < run["peak_rss_mb"] < 400
        assert set(run["beside"]) == {"postgres", "twin", "prefect"}
    assert [row["orders"] for row in result["memory"]] == [ORDERS // 4, ORDERS, ORDERS * 2]
    assert len(result["goals"]) == 7
    assert_everything_was_posted_once(result["posting"])
    # Every run is announced on the other stream: three contenders, ours at two more sizes, and two postings.
    assert len([line for line in done.stderr.splitlines() if " cpu " in line]) == 7


def assert_everything_was_posted_once(posting: dict[str, Any]) -> None:
    first, second = (posting["runs"][name] for name in ("first", "second"))
    invoices = posting["documents"]["Invoice"]["count"]

    assert 0 < invoices < posting["orders"] == POSTED
    assert posting["documents_posted"] == sum(each["count"] for each in posting["documents"].values())
    # Customers and items are written beside the documents.
    assert first["requests"]["writes"] > posting["documents_posted"] > first["requests"]["batches"] > 0
    assert posting["calls_per_order"] == round(first["requests"]["all"] / invoices, 3)
    assert (second["requests"]["writes"], second["requests"]["batches"]) == (0, 0)
    assert second["requests"]["all"] <= 1
    for run in (first, second):
        assert 0 < run["done"] <= run["wall"] < 60
        assert set(run["beside"]) == {"postgres", "shop", "books", "prefect"}
    assert all(goal.is_met for goal in judge_posting(posting))


def test_the_documents_that_a_shop_must_become_are_those_of_the_table_checked_by_hand() -> None:
    with EXPECTED.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["outcome"] == "posted"]
    amounts = {
        entity: [Decimal(row["posted"]) for row in rows if row["document"] == form]
        for entity, form in {"Invoice": "invoice", "RefundReceipt": "refund_receipt"}.items()
    }

    with Twin.start(shop=recorded_shop()) as twin:
        found = documents_of(Shop(pid=0, url=twin.url, key=twin.key, secret=twin.secret))

    assert {entity: found[entity] for entity in amounts} == {
        entity: (len(each), sum(each)) for entity, each in amounts.items()
    }


def test_a_missing_document_and_a_wrong_cent_end_the_benchmark(books: Books) -> None:
    empty = {"Invoice": (0, Decimal(0)), "Payment": (0, Decimal(0)), "RefundReceipt": (0, Decimal(0))}
    assert compare(empty, books, "first run") == empty

    with pytest.raises(FatalError, match=r"after the first run .* Invoice: \(1, Decimal\('5.94'\)\) in the shop, \(0"):
        compare({**empty, "Invoice": (1, Decimal("5.94"))}, books, "first run")
    with pytest.raises(FatalError, match="Payment: "):
        compare({**empty, "Payment": (0, Decimal("0.01"))}, books, "second run")


def test_requests_are_told_apart_in_the_log_of_the_books(books: Books) -> None:
    company = f"{books.url}/v3/company/{books.realm}"
    http = httpx.Client(headers={"Authorization": f"Bearer {books.access_token}", "Accept": "application/json"})
    items = [
        {"bId": str(number), "operation": "create", "Customer": {"DisplayName": f"Anna {number}"}} for number in (1, 2)
    ]
    with http:
        http.get(f"{company}/query", params={"query": "select * from Customer"})
        http.post(f"{company}/batch", json={"BatchItemRequest": items}).raise_for_status()
        http.post(f"{books.url}/oauth2/v1/tokens/bearer")

    assert take_requests(books) == Requests(all=3, batches=1, writes=2, reads=1, sign_ins=1, throttled=0)
    assert take_requests(books) == Requests(all=0, batches=0, writes=0, reads=0, sign_ins=0, throttled=0)


@pytest.fixture
def books() -> Iterator[Books]:
    """A company in the euro zone, with nothing in it."""
    with QuickBooksTwin.start(company="eu") as twin, httpx.Client(timeout=10) as http:
        tokens = twin.tokens()
        pair = (tokens["access_token"], tokens["refresh_token"])
        yield Books(twin.url, twin.realm, twin.client_id, twin.client_secret, *pair, http=http)


def test_an_empty_warehouse_and_ledger_are_told_from_those_that_hold_the_orders(
    warehouse_url: str, ledger_url: str
) -> None:
    with open_supabase(TENANT, WAREHOUSE, {}, {"url": warehouse_url}) as target:
        target.prepare()
    job = Job(url="", key="", secret="", ledger=ledger_url, warehouse=warehouse_url)

    wrong = differences({"count": 2, "ids": 25, "totals": {"EUR": "12.50"}}, job, has_ledger=True)

    assert [sentence.partition(" ")[0] for sentence in wrong] == ["count", "ids", "totals", "the", "the"]
    assert count_lines(job) == 0
    assert differences({"count": 0, "ids": 0, "totals": {}}, job, has_ledger=True) == []


def test_goals_are_held_against_the_medians() -> None:
    middle = {"ours": {"wall": 6.0}, "naive": {"wall": 12.0}, "floor": {"wall": 2.0}}
    slow = {"ours": {"wall": 6.1}, "naive": {"wall": 6.0}, "floor": {"wall": 2.0}}

    assert [goal.is_met for goal in judge(middle, {40_000: 230.0, 5_000: 200.0, 20_000: 400.0})] == [True] * 4
    assert [goal.is_met for goal in judge(slow, {40_000: 401.0, 5_000: 200.0, 20_000: 210.0})] == [False] * 4


def test_a_second_posting_that_writes_or_asks_twice_misses_its_goals() -> None:
    quiet = {"requests": {"writes": 0, "reads": 1, "throttled": 0}}
    busy = {"requests": {"writes": 1, "reads": 2, "throttled": 1}}

    assert [goal.is_met for goal in judge_posting({"runs": {"first": quiet, "second": quiet}})] == [True] * 3
    assert [goal.is_met for goal in judge_posting({"runs": {"first": busy, "second": busy}})] == [False] * 3


@pytest.mark.parametrize(
    "arguments", [["--orders", "3"], ["--runs", "0"], ["--posted", "3"], ["--orders", "many"], ["--fast"]]
)
def test_a_wrong_option_is_refused_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err
