"""What is noted of each record, and what is left out because it says nothing new."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import Engine

from db.ledger import save_problems, save_skips
from db.ledger.calls import count_calls
from db.ledger.history import HistoryEntry, HistoryFilter, list_history
from db.ledger.record_log import log_entries
from db.session import tenant_session
from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.usage import Purpose
from domain.writes import Skipped
from tests.operations.people import in_database

RUN = uuid4()
ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="794")
REFUND = RecordKey(connection="shop", kind=Kind.REFUND, id="801")


def noted(engine: Engine) -> list[HistoryEntry]:
    """The log, the oldest first."""
    with tenant_session(engine, "default") as session:
        return list_history(session, HistoryFilter(), None, 1000)[::-1]


def log(engine: Engine, entries: Sequence[Entry]) -> None:
    with tenant_session(engine, "default") as session:
        log_entries(session, RUN, "books", entries)


def lasting(key: RecordKey, became: Became, code: str, message: str) -> Entry:
    return Entry(key, Operation.PLAN, became, Level.INFO, code=code, message=message, lasting=True)


def test_an_entry_keeps_all_that_is_told(ledger_engine: Engine) -> None:
    details = {"target": "invoice:145", "total": "119.00"}
    done = Entry(ORDER, Operation.CREATE, Became.CREATED, role="document", milliseconds=12.5, details=details)
    refused = Entry(
        REFUND, Operation.CREATE, Became.FAILED, Level.ERROR, "document", "quickbooks.name", "too \x00", None, "794"
    )
    log(ledger_engine, [done, refused])
    log(ledger_engine, [])

    first, second = (entry.model_dump(exclude={"id", "at"}, mode="json") for entry in noted(ledger_engine))
    assert first == {
        "level": "info", "run": str(RUN), "source": "shop", "target": "books", "kind": "order", "record": "794",
        "operation": "create", "role": "document", "result": "created", "code": None, "message": None,
        "milliseconds": 12.5, "belongs_to": None, "details": details,
    }  # fmt: skip
    assert second == first | {
        "level": "error", "kind": "refund", "record": "801", "result": "failed", "code": "quickbooks.name",
        "message": "too \ufffd", "milliseconds": None, "belongs_to": "794", "details": {},
    }  # fmt: skip


def test_what_stands_in_the_queue_already_is_not_noted_again_until_it_says_something_else(
    ledger_engine: Engine,
) -> None:
    problem = Problem(code="tax_unmapped", message="rate 3 has no tax code", fate=Fate.SKIP, key=ORDER)
    same = lasting(ORDER, Became.FAILED, problem.code, problem.message)
    other = lasting(ORDER, Became.FAILED, problem.code, "rate 4 has no tax code")
    for entry in (same, same, other):
        with tenant_session(ledger_engine, "default") as session:
            log_entries(session, RUN, "books", [entry])
            save_problems(session, RUN, "books", [problem.model_copy(update={"message": entry.message})])

    assert [entry.message for entry in noted(ledger_engine)] == [same.message, other.message]


def test_a_skip_is_noted_once_per_target(ledger_engine: Engine) -> None:
    skipped = Skipped(key=ORDER, code="status", reason="Orders in status draft are not posted.")
    entry = lasting(ORDER, Became.SKIPPED, skipped.code, skipped.reason)
    for target in ("books", "books", "other-books"):
        with tenant_session(ledger_engine, "default") as session:
            log_entries(session, RUN, target, [entry])
            save_skips(session, target, [skipped], "rules")

    assert [entry.target for entry in noted(ledger_engine)] == ["books", "other-books"]


def test_what_was_tried_is_noted_every_time(ledger_engine: Engine) -> None:
    tried = Entry(ORDER, Operation.CREATE, Became.FAILED, Level.ERROR, code="rejected", message="it was refused")
    problem = Problem(code="rejected", message="it was refused", fate=Fate.SKIP, key=ORDER)
    for _ in range(2):
        with tenant_session(ledger_engine, "default") as session:
            log_entries(session, RUN, "books", [tried])
            save_problems(session, RUN, "books", [problem])

    assert len(noted(ledger_engine)) == 2


def test_messages_are_masked_where_they_are_kept(ledger_engine: Engine) -> None:
    said = "Ann <ann@example.org> of +49 30 1234567 with ck_0123456789abcdef"
    problem = Problem(code="rejected", message=said, fate=Fate.SKIP, key=ORDER)
    with tenant_session(ledger_engine, "default") as session:
        log_entries(session, RUN, "books", [lasting(ORDER, Became.FAILED, "rejected", said)])
        save_problems(session, RUN, "books", [problem])
        save_skips(session, "books", [Skipped(key=ORDER, code="status", reason=said)], "rules")

    kept = in_database(
        ledger_engine,
        "SELECT message FROM unisync.record_log UNION ALL SELECT message FROM unisync.problems"
        " UNION ALL SELECT reason FROM unisync.skips",
    )
    assert kept == [("Ann <<e-mail>> of <number> with <secret>",)] * 3


def test_calls_of_a_day_add_up(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        for purpose, count in ((Purpose.READ, 7), (Purpose.READ, 3), (Purpose.WRITE, 1)):
            count_calls(session, "shop", purpose, count)

    rows = in_database(ledger_engine, "SELECT connection, purpose, count FROM unisync.calls ORDER BY purpose")
    assert rows == [("shop", "read", 10), ("shop", "write", 1)]
