"""What is known of records and runs once a whole shop has walked into warehouse and books."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from domain.access import Role
from domain.keys import Kind, RecordKey
from domain.masking import personal_words
from domain.refusals import Forbidden, Unknown
from operations.caller import Caller
from operations.metrics import metrics
from operations.prometheus import exposition
from operations.timeline import EventSort, timeline
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import slices
from simulators.woocommerce.server import Twin
from tests.flows.books import connect_books, post
from tests.flows.conftest import run
from tests.operations.people import in_database, operator

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(240)]

LOGS = {
    "record_log": "code, message, details, source_id, role",
    "problems": "code, message, advice, source_id",
    "skips": "code, reason, source_id",
    "runs": "request, error, tallies",
    "audit_log": "actor, action, subject, details",
}


@pytest.fixture
def books(installation: None) -> Iterator[QuickBooksTwin]:
    """A company in the euro zone without multi-currency."""
    with QuickBooksTwin.start(company="eu") as twin:
        yield twin


def people() -> set[str]:
    """Names, addresses and numbers of everybody who ever bought something in the recorded shop."""
    lists = ("customers", "orders-p1", "orders-p2", "orders-p3", "orders-p4")
    told = {word for name in lists for record in slices(name) for word in personal_words(record.decode())}
    return {word for word in told if len(word) > 2 and not word.isdecimal()}


def test_nothing_that_is_logged_tells_who_the_customers_are(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    # Without tax codes most orders fail and most refunds wait, each with a sentence.
    connect_books(ledger_engine, books, tax_codes={"1": "2"}, statuses=["completed"])
    run(mode="full")
    post(mode="full")
    connect_books(ledger_engine, books)
    post(mode="full")

    found = people()
    kept = "\n".join(
        text
        for table, columns in LOGS.items()
        for (text,) in in_database(ledger_engine, f"SELECT ROW({columns})::text FROM unisync.{table}")
    )
    assert len(found) > 100
    assert len(kept) > 100_000
    assert [word for word in found if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", kept, re.IGNORECASE)] == []


def test_the_story_of_an_order_goes_through_all_systems_and_runs(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    run(mode="full", kinds=["order", "refund"])
    post(mode="full")
    ((refund, order),) = in_database(
        ledger_engine,
        "SELECT source_id, belongs_to FROM unisync.record_log"
        " WHERE kind = 'refund' AND target_connection = 'books' AND result = 'created' ORDER BY id LIMIT 1",
    )
    ((invoice, total),) = in_database(
        ledger_engine,
        "SELECT l.target_id, i.total FROM unisync.links l JOIN unisync.intents i USING (tenant, source_id, role)"
        f" WHERE source_id = '{order}' AND l.target_kind = 'invoice'",
    )
    caller = operator(ledger_engine)

    story = timeline(caller, RecordKey(connection="shop", kind=Kind.ORDER, id=order))
    told = [(event.record, event.sort, event.text) for event in story.events]
    assert (f"shop:order:{order}", EventSort.LOG, "It was created in warehouse.") in told
    assert (f"shop:order:{order}", EventSort.LOG, f"It was created in books as invoice {invoice}.") in told
    assert (f"shop:order:{order}", EventSort.LINK, f"It stands in books, invoice {invoice}.") in told
    sent = f"To create it in books was asked for; it was done, total {total}."
    assert (f"shop:order:{order}", EventSort.INTENT, sent) in told
    assert f"shop:refund:{refund}" in story.related
    assert any(record == f"shop:refund:{refund}" and "books as refund_receipt" in text for record, _, text in told)
    assert [event.at for event in story.events] == sorted(event.at for event in story.events)
    assert story.is_complete

    # The same story, wherever somebody begins: at the refund, or at the document in the books.
    for start in (("shop", Kind.REFUND, refund), ("books", Kind.INVOICE, invoice)):
        key = RecordKey(connection=start[0], kind=start[1], id=start[2])
        again = [(event.record, event.sort, event.text) for event in timeline(caller, key).events]
        assert set(again) >= set(told)
    with pytest.raises(Unknown, match="nothing is known"):
        timeline(caller, RecordKey(connection="shop", kind=Kind.ORDER, id="none"))


def test_figures_say_what_runs_did_and_how_often_systems_were_called(
    shop: Twin, books: QuickBooksTwin, ledger_engine: Engine
) -> None:
    connect_books(ledger_engine, books)
    reports = [run(mode="full", kinds=["order"]), post(mode="full"), post(mode="incremental", kinds=["order"])]
    with pytest.raises(Exception, match="no connection"):
        run(mode="full", source="nowhere")

    found = metrics(operator(ledger_engine))
    orders = next(each for each in found.kinds if each.kind is Kind.ORDER)
    tallies = [report.tallies[Kind.ORDER] for report in reports]
    assert orders.tally == tallies[0] + tallies[1] + tallies[2]
    assert orders.milliseconds.measured >= orders.tally.created
    assert 0 < (orders.milliseconds.p50 or 0) <= (orders.milliseconds.p99 or 0)
    assert (found.runs.by_state, found.runs.success_rate) == ({"completed": 3, "failed": 1}, 0.75)
    assert found.runs.seconds.measured == 3
    assert {(each.source, each.target): (each.last_state, each.last_success_at is None) for each in found.routes} == {
        ("shop", "warehouse"): ("completed", False),
        ("shop", "books"): ("completed", False),
        ("nowhere", "warehouse"): ("failed", True),
    }
    calls = {each.connection: each for each in found.calls}
    sent = [line for line in books.log.lines() if "/v3/company" in line.path]
    assert calls["shop"].reads == len(shop.log.lines())
    assert calls["books"].writes == sum(1 for line in sent if line.items)
    assert calls["books"].reads == sum(1 for line in sent if not line.items)
    assert calls["books"].reads_allowed == 500_000
    assert calls["books"].reads_forecast >= calls["books"].reads
    assert sum(each.count for each in found.owed) == 1
    assert {(each.source, each.target, each.kind) for each in found.progress} == {
        ("shop", "warehouse", Kind.ORDER), ("shop", "books", Kind.ORDER), ("shop", "books", Kind.REFUND),
    }  # fmt: skip
    assert json.loads(found.model_dump_json())["total"]["read"] == found.total.read

    samples = {
        (sample.name, *sorted(sample.labels.items())): Decimal(str(sample.value))
        for family in text_string_to_metric_families(exposition(operator(ledger_engine)).decode())
        for sample in family.samples
    }
    tenant, route = ("tenant", "default"), ("route", "woocommerce-to-quickbooks")
    assert samples["unisync_runs_last_day", route, ("state", "completed"), tenant] == 2
    created = ("unisync_records_last_day", ("kind", "order"), ("result", "created"), route, tenant)
    assert samples[created] == tallies[1].created + tallies[2].created
    assert samples["unisync_failures_open", ("kind", "order"), ("target", "books"), tenant] == 1
    since = ("unisync_seconds_since_success", route, ("source", "shop"), ("target", "books"), tenant)
    assert 0 <= samples[since] < 60
    assert any(name[0] == "process_resident_memory_bytes" for name in samples)
    with pytest.raises(Forbidden):
        exposition(Caller(ledger_engine, "default", "user:x", Role.ADMIN))
