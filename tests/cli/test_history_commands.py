"""What was done, figures and housekeeping from the terminal."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from cli.caller import login_name
from db.ledger import save_links
from db.ledger.record_log import log_entries
from db.session import tenant_session
from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from domain.writes import Link
from tests.cli.conftest import Ended
from tests.operations.people import audited, in_database

Unisync = Callable[..., Ended]

ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="794")
INVOICE = RecordKey(connection="books", kind=Kind.INVOICE, id="145")
RUN = uuid4()


@pytest.fixture
def noted(ledger_engine: Engine) -> None:
    """An order that was refused first and is an invoice now."""
    refused = Entry(ORDER, Operation.CREATE, Became.FAILED, Level.ERROR, code="quickbooks.name", message="name taken")
    written = Entry(ORDER, Operation.CREATE, Became.CREATED, milliseconds=812.5, details={"target": "invoice:145"})
    for entry in (refused, written):
        with tenant_session(ledger_engine, "default") as session:
            log_entries(session, RUN, "books", [entry])
    with tenant_session(ledger_engine, "default") as session:
        save_links(session, [Link(source=ORDER, target=INVOICE, fingerprint="p", version="0")])


def test_the_history_is_a_table_json_or_csv(unisync: Unisync, noted: None) -> None:
    told = unisync("history")
    assert told.code == 0
    assert "shop:order:794" in told.out
    assert "name taken" in told.out
    (error,) = json.loads(unisync("history", "--level", "error", "--json").out)
    assert (error["run"], error["code"]) == (str(RUN), "quickbooks.name")
    rows = list(csv.DictReader(StringIO(unisync("history", "--csv", "--kind", "order").out)))
    assert [row["result"] for row in rows] == ["created", "failed"]
    assert len(json.loads(unisync("history", "--limit", "1", "--json").out)) == 1
    assert "Nothing of the kind" in unisync("history", "--text", "nothing like that").out


@pytest.mark.parametrize("record", ["shop:order:794", "books:invoice:145"])
def test_the_story_of_a_record_begins_with_the_earliest(unisync: Unisync, noted: None, record: str) -> None:
    told = unisync("history", "--record", record).out
    events = json.loads(unisync("history", "--record", record, "--json").out)["events"]

    assert told.index("It could not be created in books: name taken") < told.index(
        "was created in books as invoice 145"
    )
    assert [event["text"] for event in events] == [
        "It could not be created in books: name taken.",
        "It was created in books as invoice 145.",
        "It stands in books, invoice 145.",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--record", "order 794"), "'order 794' names no record; write connection, kind and id like shop:order:794"),
        (("--record", "shop:thing:7"), "names no record"),
        (("--record", "shop:order:1"), "nothing is known of this record"),
        (("--kind", "thing"), "--kind cannot be used"),
        (("--run", "7"), "--run cannot be used"),
        (("--since", "yesterday"), "is no time with a zone"),
    ],
)
def test_a_wrong_word_is_named(unisync: Unisync, words: tuple[str, ...], sentence: str) -> None:
    ended = unisync("history", *words)
    assert ended.code == 2
    assert sentence in ended.err


def test_figures_are_shown_also_when_there_are_none(unisync: Unisync, ledger_engine: Engine) -> None:
    assert "Runs: none" in unisync("metrics").out
    in_database(
        ledger_engine,
        "INSERT INTO unisync.calls (tenant, connection, purpose, count) VALUES ('default', 'books', 'read', 4200)",
    )
    assert "4,200" in unisync("metrics").out
    assert json.loads(unisync("metrics", "--json").out)["calls"][0]["reads"] == 4200


def test_what_is_over_is_counted_first_and_deleted_when_asked(
    unisync: Unisync, ledger_engine: Engine, noted: None
) -> None:
    in_database(ledger_engine, "UPDATE unisync.record_log SET at = at - interval '1000 days' WHERE result = 'failed'")
    away = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    entries = "entries of the record log"

    assert json.loads(unisync("purge", "--dry-run", "--json", **away).out)["deleted"][entries] == 1
    assert entries in unisync("purge", **away).out
    assert "Nothing is over." in unisync("purge", **away).out
    assert in_database(ledger_engine, "SELECT result FROM unisync.record_log") == [("created",)]
    who = {(actor, action) for actor, action, _, _ in audited(ledger_engine)}
    assert who == {(f"operator:{login_name()}", "housekeeping.run")}
    ended = unisync("purge", UNISYNC_RETENTION_AUDIT_DAYS="1")
    assert (ended.code, "UNISYNC_RETENTION_AUDIT_DAYS cannot be used" in ended.err) == (2, True)
