"""Finding what was done with records, and taking it home as a file; also when there is a lot of it."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, event

from db import embedded
from db.ledger.history import list_history, parts_of, record_history
from db.ledger.traces import sources_of
from db.session import open_engine
from domain.access import PERMISSIONS, Role
from domain.history import Became, Level, Operation
from domain.keys import Kind, RecordKey
from domain.listing import PageRequest
from domain.refusals import Forbidden, Unusable
from operations.caller import Caller
from operations.history import HistoryFilter, export_csv, export_json_lines, search
from tests.operations.people import admin, in_database, make_tenants

RUN = UUID("00000000-0000-0000-0000-000000000001")
START = datetime(2026, 1, 1, tzinfo=UTC)
FILL = """
INSERT INTO unisync.record_log
    (tenant, run_id, at, target_connection, source_connection, kind, source_id, role, operation, result, level, code,
     message, milliseconds, belongs_to, details)
SELECT {tenant}, ('00000000-0000-0000-0000-' || lpad((n / 1000)::text, 12, '0'))::uuid,
    timestamptz '2026-01-01 00:00+00' + n * interval '10 seconds',
    CASE WHEN n % 2 = 0 THEN 'books' ELSE 'warehouse' END, 'shop', CASE WHEN n % 10 = 0 THEN 'refund' ELSE 'order' END,
    (n % 20000)::text, 'document', 'create', CASE WHEN n % 500 = 7 THEN 'failed' ELSE 'created' END,
    CASE WHEN n % 500 = 7 THEN 'error' ELSE 'info' END, CASE WHEN n % 500 = 7 THEN 'quickbooks.name' END,
    CASE WHEN n % 500 = 7 THEN 'its name is taken, number ' || n END, 1.5,
    CASE WHEN n % 10 = 0 THEN (n % 20000 - 1)::text END, '{{}}'
FROM generate_series(1, {rows}) AS n
"""


BEGAN = f"""
INSERT INTO unisync.runs (tenant, id, request, state, started_at, finished_at) VALUES
    ('default', '{RUN}', '{{}}', 'completed', '2026-01-01 02:00+00', '2026-01-01 06:00+00')
"""


def fill(engine: Engine, rows: int, tenant: str = "'default'") -> None:
    in_database(engine, FILL.format(rows=rows, tenant=tenant))


@pytest.fixture(scope="module")
def crowded(postgres: embedded.Server, ledger_template: str) -> Iterator[Engine]:
    """A ledger with 100,000 entries of one tenant and as many of another."""
    with a_ledger(postgres, ledger_template, "crowded") as engine:
        make_tenants(engine, "other")
        fill(engine, 100_000)
        fill(engine, 100_000, "'other'")
        in_database(engine, BEGAN)
        in_database(engine, "ANALYZE unisync.record_log")
        yield engine


@pytest.fixture(scope="module")
def caller(postgres: embedded.Server, ledger_template: str) -> Iterator[Caller]:
    """Somebody who looks at 3,000 entries, and changes none."""
    with a_ledger(postgres, ledger_template, "looked_at") as engine:
        fill(engine, 3000)
        yield admin(engine)


@contextmanager
def a_ledger(postgres: embedded.Server, template: str, name: str) -> Iterator[Engine]:
    with psycopg.connect(postgres.admin_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} OWNER {embedded.OWNER} TEMPLATE {template}".encode())
    engine = open_engine(postgres.url(name))
    yield engine
    engine.dispose()


def ids(caller: Caller, **wanted: Any) -> list[int]:
    """Numbers of all entries that fit, from every page of 500."""
    found: list[int] = []
    cursor = None
    while True:
        page = search(caller, HistoryFilter(**wanted), PageRequest(limit=500, cursor=cursor))
        found += [entry.id for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_pages_give_every_entry_once_the_newest_first(caller: Caller) -> None:
    assert ids(caller) == list(range(3000, 0, -1))


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"since": START + timedelta(seconds=20), "until": START + timedelta(seconds=50)}, 3),
        ({"run": RUN}, 1000),
        ({"connection": "books"}, 1500),
        ({"connection": "shop"}, 3000),
        ({"connection": "elsewhere"}, 0),
        ({"kind": Kind.REFUND}, 300),
        ({"record": "44"}, 1),
        ({"operation": Operation.CREATE}, 3000),
        ({"result": Became.FAILED}, 6),
        ({"result": Became.CREATED, "level": Level.INFO}, 2994),
        ({"level": Level.ERROR, "run": RUN}, 2),
        ({"code": "quickbooks.name"}, 6),
        ({"text": "NAME is taken, number 100"}, 1),
        ({"text": "100%"}, 0),
        ({"text": "_"}, 0),
    ],
)
def test_filters_give_just_what_fits(caller: Caller, wanted: dict[str, Any], count: int) -> None:
    assert len(ids(caller, **wanted)) == count


def test_a_cursor_of_another_list_is_refused(caller: Caller) -> None:
    with pytest.raises(Unusable, match="cursor"):
        search(caller, HistoryFilter(), PageRequest(cursor="WzFd"))


def test_who_may_not_look_gets_neither_list_nor_file(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PERMISSIONS, Role.VIEWER, frozenset())
    nobody = Caller(caller.engine, "default", "user:x", Role.VIEWER)
    for verb in (export_csv, export_json_lines):
        with pytest.raises(Forbidden):
            verb(nobody, HistoryFilter())
    with pytest.raises(Forbidden):
        search(nobody, HistoryFilter(), PageRequest())


def test_files_hold_everything_and_nothing_that_a_spreadsheet_calculates(ledger_engine: Engine) -> None:
    fill(ledger_engine, 2)
    in_database(
        ledger_engine, "UPDATE unisync.record_log SET source_id = '=1+1', code = '@x', message = '-1' WHERE id = 2"
    )
    rows = list(csv.DictReader(export_csv(admin(ledger_engine), HistoryFilter())))
    objects = [json.loads(line) for line in export_json_lines(admin(ledger_engine), HistoryFilter())]

    assert [(row["record"], row["code"], row["message"], row["milliseconds"]) for row in rows] == [
        ("'=1+1", "'@x", "'-1", "1.5"),
        ("1", "", "", "1.5"),
    ]
    assert [(one["record"], one["at"], one["details"]) for one in objects] == [
        ("=1+1", "2026-01-01T00:00:20Z", {}),
        ("1", "2026-01-01T00:00:10Z", {}),
    ]


def test_an_export_takes_no_more_memory_at_its_end_than_after_a_page(crowded: Engine) -> None:
    lines = export_json_lines(admin(crowded), HistoryFilter(since=START + timedelta(seconds=750_000)))
    tracemalloc.start()
    peaks = []
    for number, _ in enumerate(lines, start=1):
        if number % 5_000 == 0:
            peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()

    assert len(peaks) == 5
    assert peaks[-1] < 1.1 * peaks[0]


ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="79")
POSITION = (START + timedelta(days=3), 5)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"since": START + timedelta(days=1), "until": START + timedelta(days=2)},
        {"run": RUN},
        {"run": RUN, "kind": Kind.REFUND},
        {"connection": "books"},
        {"kind": Kind.REFUND},
        {"record": "79"},
        {"record": "79", "kind": Kind.ORDER, "connection": "shop"},
        {"result": Became.FAILED},
        {"level": Level.ERROR},
        {"level": Level.WARNING},
        {"code": "quickbooks.name"},
        {"text": "is taken"},
    ],
)
def test_no_search_reads_the_whole_log(crowded: Engine, wanted: dict[str, Any]) -> None:
    with seen(crowded) as plans, admin(crowded).ledger() as session:
        list_history(session, HistoryFilter(**wanted), None, 51)
        list_history(session, HistoryFilter(**wanted), POSITION, 51)
    assert_indexed(plans, 2)


def test_no_timeline_reads_the_whole_log(crowded: Engine) -> None:
    with seen(crowded) as plans, admin(crowded).ledger() as session:
        record_history(session, ORDER, 500)
        assert parts_of(session, ORDER, Kind.REFUND, 100) == [
            ORDER.model_copy(update={"kind": Kind.REFUND, "id": "80"})
        ]
        assert sources_of(session, ORDER) == []
    assert_indexed(plans, 2)


class seen:  # noqa: N801 - reads as a sentence
    """Collects how Postgres carries out what is asked of the record log."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.plans: list[str] = []

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._explain)
        return self.plans

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._explain)

    def _explain(self, _: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if "FROM unisync.record_log" in statement:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            self.plans.append("\n".join(line for (line,) in cursor.fetchall()))


def assert_indexed(plans: list[str], count: int) -> None:
    assert len(plans) == count
    for plan in plans:
        assert "Seq Scan" not in plan, plan
