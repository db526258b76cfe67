"""The audit log: every tenant reads its own, page by page or as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.ledger.audit import record_run_start
from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Forbidden, Unusable
from operations import audit
from operations.audit import AuditFilter, export_audit_csv, export_audit_json_lines, list_audit
from operations.caller import Caller
from operations.spreadsheet import csv_lines
from tests.operations.people import admin, audited, in_database, make_tenants, operator

ALL = AuditFilter()


def note(caller: Caller, action: str, subject: str = "it", **details: Any) -> None:
    with caller.ledger() as session:
        caller.note(session, action, subject, **details)


def subjects(engine: Engine, wanted: AuditFilter, tenant: str = "default") -> list[str]:
    return [each.subject for each in list_audit(admin(engine, tenant), wanted, PageRequest()).items]


def test_a_tenant_reads_its_own_log_newest_first(ledger_engine: Engine) -> None:
    make_tenants(ledger_engine, "berlin")
    for tenant in ("default", "berlin"):
        note(operator(ledger_engine, tenant), "thing.make", f"of {tenant}")
    note(operator(ledger_engine), "thing.lose", "later")

    assert subjects(ledger_engine, ALL) == ["later", "of default"]
    assert subjects(ledger_engine, ALL, "berlin") == ["of berlin"]


def test_what_is_asked_for_may_be_narrowed_in_every_way_at_once(ledger_engine: Engine) -> None:
    note(operator(ledger_engine), "a", "by operator")
    note(admin(ledger_engine), "a", "by admin")
    note(admin(ledger_engine), "b", "other action")
    with admin(ledger_engine).ledger() as session:
        admin(ledger_engine).note(session, "a", "refused", outcome="refused")
    in_database(ledger_engine, "UPDATE unisync.audit_log SET at = at - interval '1 day' WHERE subject = 'by operator'")
    noon = datetime.now(UTC) - timedelta(hours=12)

    assert subjects(ledger_engine, AuditFilter(actor="operator:test")) == ["by operator"]
    assert subjects(ledger_engine, AuditFilter(action="a")) == ["refused", "by admin", "by operator"]
    assert subjects(ledger_engine, AuditFilter(outcome="refused")) == ["refused"]
    assert subjects(ledger_engine, AuditFilter(since=noon, action="a")) == ["refused", "by admin"]
    assert subjects(ledger_engine, AuditFilter(until=noon)) == ["by operator"]
    assert subjects(ledger_engine, AuditFilter(until=noon, outcome="refused")) == []


def test_any_time_may_be_asked_for(ledger_engine: Engine) -> None:
    note(operator(ledger_engine), "a", "now")
    # Where Python's calendar ends, in zones in which Postgres' goes on.
    earliest = datetime.min.replace(tzinfo=timezone(timedelta(hours=23)))
    latest = datetime.max.replace(tzinfo=timezone(timedelta(hours=-23)))

    assert subjects(ledger_engine, AuditFilter(since=earliest, until=latest)) == ["now"]
    assert subjects(ledger_engine, AuditFilter(since=latest)) == []


def test_pages_follow_on_each_other_while_more_is_noted(ledger_engine: Engine) -> None:
    for number in range(5):
        note(operator(ledger_engine), "count", str(number))
    first = list_audit(admin(ledger_engine), ALL, PageRequest(limit=2))
    note(operator(ledger_engine), "count", "meanwhile")
    second = list_audit(admin(ledger_engine), ALL, PageRequest(limit=2, cursor=first.next_cursor))
    third = list_audit(admin(ledger_engine), ALL, PageRequest(limit=2, cursor=second.next_cursor))

    assert [[each.subject for each in page.items] for page in (first, second, third)] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert third.next_cursor is None
    with pytest.raises(Unusable):
        list_audit(admin(ledger_engine), ALL, PageRequest(cursor="WyJhIl0"))


def test_a_file_holds_every_entry_however_many_there_are(
    ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_AT_ONCE", 2)
    for number in range(5):
        note(operator(ledger_engine), "count", str(number), number=number)

    rows = list(csv.DictReader(io.StringIO("".join(export_audit_csv(admin(ledger_engine), ALL)))))
    objects = [json.loads(line) for line in export_audit_json_lines(admin(ledger_engine), ALL)]
    assert [row["subject"] for row in rows] == [each["subject"] for each in objects] == ["4", "3", "2", "1", "0"]
    assert [json.loads(row.pop("details")) for row in rows] == [each.pop("details") for each in objects]
    assert rows == [{name: str(cell) for name, cell in each.items()} for each in objects]
    assert objects[0]["at"].endswith("Z")


def test_an_empty_log_is_a_file_with_a_heading_only(ledger_engine: Engine) -> None:
    assert list(export_audit_csv(admin(ledger_engine), ALL)) == [
        "id,at,actor,action,subject,outcome,address,request_id,details\r\n"
    ]
    assert list(export_audit_json_lines(admin(ledger_engine), ALL)) == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_only_who_may_read_the_log_does_and_a_file_is_not_even_begun(ledger_engine: Engine, role: Role) -> None:
    caller = Caller(ledger_engine, "default", "user:eve@example.org", role)
    with pytest.raises(Forbidden, match="read_audit"):
        list_audit(caller, ALL, PageRequest())
    for export in (export_audit_csv, export_audit_json_lines):
        with pytest.raises(Forbidden, match="read_audit"):
            export(caller, ALL)
    assert audited(ledger_engine) == [("user:eve@example.org", "refused", "read_audit", "refused")] * 3


def test_whatever_is_sent_can_be_noted_and_what_details_tell_of_strangers_is_masked(ledger_engine: Engine) -> None:
    caller = Caller(ledger_engine, "default", "user:ann@example.org", Role.ADMIN, address="x\0", request_id="\ud800")
    note(
        caller,
        "problem.ignore",
        "\0\ud800",
        reason="tell jo@example.com \ud800",
        many=[1, {"\0": None}],
        at=UUID(int=1),
    )

    (entry,) = list_audit(admin(ledger_engine), ALL, PageRequest()).items
    assert (entry.actor, entry.subject, entry.address) == ("user:ann@example.org", "\ufffd?", "x\ufffd")
    assert entry.details == {
        "reason": "tell <e-mail> ?",
        "many": [1, {"\ufffd": None}],
        "at": "00000000-0000-0000-0000-000000000001",
    }


def test_a_run_started_in_prefects_own_pages_is_noted_as_such(ledger_engine: Engine) -> None:
    with admin(ledger_engine).ledger() as session:
        record_run_start(
            session, run_id=UUID(int=7), route="woocommerce-to-supabase", started_by="prefect:ui", flow_run_id="f1"
        )

    (entry,) = list_audit(admin(ledger_engine), ALL, PageRequest()).items
    assert (entry.actor, entry.action, entry.subject) == ("prefect:ui", "sync.run", str(UUID(int=7)))
    assert entry.details == {"route": "woocommerce-to-supabase", "flow_run_id": "f1"}


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_of_a_file_begins_a_formula_and_nothing_else_is_changed(cells: list[str]) -> None:
    (row,) = list(csv.reader(io.StringIO("".join(list(csv_lines(["a"], [cells]))[1:]), newline="")))

    assert len(row) == len(cells)
    for written, cell in zip(row, cells, strict=True):
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert written in (cell, f"'{cell}")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        (-1, "-1"),
        (None, ""),
        ("a", "a"),
    ],
)
def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(cell: object, written: str) -> None:
    assert list(csv_lines(["a"], [[cell, "b"]])) == ["a\r\n", f"{written},b\r\n"]
