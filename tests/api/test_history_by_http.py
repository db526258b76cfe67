"""History and figures by HTTP."""

from __future__ import annotations

import csv
import json
from io import StringIO
from uuid import UUID, uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from db.ledger import close_run, open_run, report_progress, save_problems
from db.ledger.record_log import log_entries
from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.sync import Mode, RunState, SyncRequest, Tally
from tests.api.conftest import Service

ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="7/9 4")
REQUEST = SyncRequest(
    tenant="default",
    route="woocommerce-to-quickbooks",
    source="shop",
    target="books",
    kinds=(Kind.ORDER,),
    mode=Mode.FULL,
)


@pytest.fixture
def run_id(service: Service) -> UUID:
    """A run that wrote one order and failed with another."""
    identity = uuid4()
    problem = Problem(code="quickbooks.name", message="its name is taken", fate=Fate.SKIP, key=ORDER)
    refused = Entry(ORDER, Operation.CREATE, Became.FAILED, Level.ERROR, "document", problem.code, problem.message, 4.0)
    written = Entry(ORDER.model_copy(update={"id": "1"}), Operation.CREATE, Became.CREATED, milliseconds=2.0)
    with service.caller().ledger() as session:
        open_run(session, identity, REQUEST, None)
        log_entries(session, identity, "books", [refused, written])
        save_problems(session, identity, "books", [problem])
        report_progress(session, identity, {Kind.ORDER: Tally(read=2, created=1, failed=1)})
        close_run(session, identity, RunState.COMPLETED)
    return identity


def test_the_history_is_searched_page_by_page(service: Service, run_id: UUID) -> None:
    asked = {"kind": "order", "run": str(run_id), "limit": 1}
    first = service.viewer.get("/api/sync/history", params=asked).json()
    second = service.viewer.get("/api/sync/history", params=asked | {"cursor": first["next_cursor"]}).json()

    assert [entry["record"] for entry in first["items"] + second["items"]] == ["1", "7/9 4"]
    assert second["next_cursor"] is None
    assert second["items"][0]["at"].endswith("Z")
    assert service.viewer.get("/api/sync/history", params={"level": "warning"}).json()["items"] == []


def test_the_history_is_taken_home_as_a_table_or_as_json_lines(service: Service, run_id: UUID) -> None:
    table = service.viewer.get("/api/sync/history/export", params={"level": "error"})
    lines = service.viewer.get("/api/sync/history/export", params={"level": "error", "format": "json"})

    assert table.headers["Content-Type"].startswith("text/csv")
    assert [row["message"] for row in csv.DictReader(StringIO(table.text))] == ["its name is taken"]
    assert [json.loads(line)["run"] for line in lines.text.splitlines()] == [str(run_id)]


def test_the_story_of_a_record_is_told_whatever_its_id(service: Service, run_id: UUID) -> None:
    story = service.viewer.get("/api/sync/history/records/shop/order/1").json()
    assert [event["text"] for event in story["events"]] == ["It was created in books."]
    assert service.viewer.get("/api/sync/history/records/shop/order/none").status_code == 404


def test_figures_are_given_for_a_window(service: Service, run_id: UUID) -> None:
    found = service.viewer.get("/api/sync/metrics", params={"days": 7}).json()
    (order,) = found["kinds"]
    assert (order["tally"]["created"], order["errors"]) == (1, 1)
    assert order["milliseconds"] == {"measured": 2, "p50": 3.0, "p95": 3.9, "p99": 3.98}
    assert found["runs"]["success_rate"] == 1
    assert found["owed"][0]["count"] == 1
    assert service.viewer.get("/api/sync/metrics", params={"days": 0}).status_code == 422


def test_prometheus_reads_the_figures_of_all_tenants_with_the_installers_token(service: Service, run_id: UUID) -> None:
    answer = service.installer.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    (sample,) = families["unisync_failures_open"].samples
    assert (sample.labels, sample.value) == ({"tenant": "default", "target": "books", "kind": "order"}, 1)
    assert service.admin.get("/metrics").status_code == 403
    assert service.nobody.get("/metrics").status_code == 401
