"""Everything known of one record, in one order and plain words."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import Engine

from db.ledger.record_log import log_entries
from db.session import tenant_session
from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from operations.timeline import MOST, EventSort, Timeline, timeline
from tests.operations.people import admin, in_database, make_tenants

ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="794")
REFUND = RecordKey(connection="shop", kind=Kind.REFUND, id="801")
RUN = "00000000-0000-0000-0000-000000000001"
INSERTS = f"""
INSERT INTO unisync.arrivals
    (tenant, connection, topic, kind, record_id, body_hash, state, count, first_seen, last_seen, message)
VALUES ('default', 'shop', 'order.updated', 'order', '794', 'h1', 'done', 3, '2026-01-01', '2026-01-01', ''),
    ('default', 'books', 'Invoice.Update', 'invoice', '145', 'h2', 'failed', 1, '2026-01-09', '2026-01-09', 'gone');
INSERT INTO unisync.plans (tenant, id, request, created_at, expires_at)
VALUES ('default', '{RUN}', '{{"target": "books"}}', '2026-01-02', '2026-01-03');
INSERT INTO unisync.plan_writes
    (tenant, plan_id, source_connection, kind, source_id, role, action, fingerprint, amount, currency)
VALUES ('default', '{RUN}', 'shop', 'order', '794', 'payment', 'create', 'p', 119.00, 'EUR');
INSERT INTO unisync.problems
    (tenant, target_connection, source_connection, kind, source_id, code, message, fate, advice, state, count,
     first_seen, last_seen, run_id, reason, decided_by, decided_at)
VALUES ('default', 'books', 'shop', 'order', '794', 'tax', 'rate 3 has no tax code', 'skip', 'Add 3.', 'resolved', 4,
        '2026-01-03', '2026-01-05', '{RUN}', NULL, NULL, NULL),
    ('default', 'other-books', 'shop', 'order', '794', 'tax', 'no code', 'retry', NULL, 'ignored', 1,
        '2026-01-03 01:00', '2026-01-03', '{RUN}', 'posted by hand', 'user:ann', '2026-01-04');
INSERT INTO unisync.intents
    (tenant, id, target_connection, source_connection, kind, source_id, role, action, request_id, body, position,
     target_kind, target_id, fingerprint, state, total, sent_at, settled_at)
VALUES ('default', '{RUN}', 'books', 'shop', 'order', '794', 'document', 'create', 'r-1', '{{}}', 1, 'invoice', '',
        'p', 'settled', 119.00, '2026-01-06', '2026-01-06'),
    ('default', '00000000-0000-0000-0000-000000000002', 'books', 'shop', 'order', '794', 'payment', 'create', 'r-2',
        '{{}}', 1, 'payment', '', 'p', 'open', NULL, '2026-01-07', NULL);
INSERT INTO unisync.links
    (tenant, source_connection, target_connection, kind, source_id, role, target_kind, target_id, fingerprint, state,
     updated_at)
VALUES ('default', 'shop', 'books', 'order', '794', 'document', 'invoice', '145', 'p', 'live', '2026-01-06 01:00'),
    ('default', 'shop', 'warehouse', 'order', '794', 'document', 'order', '794', 'p', 'undone', '2026-01-08');
INSERT INTO unisync.skips (tenant, target_connection, source_connection, kind, source_id, code, reason, rules, at)
VALUES ('default', 'books', 'shop', 'refund', '801', 'nothing_to_post', 'Nothing was given back.', 'r', '2026-01-10');
"""

STORY = [
    "shop told of it by webhook 3 times (order.updated); it was carried.",
    "A dry run would create it in books (payment), 119.00 EUR.",
    "It is owed to books: rate 3 has no tax code. It was tried 4 times, last at 2026-01-05 00:00 UTC.",
    "It is owed to other-books: no code.",
    "user:ann decided to leave it: posted by hand.",
    "It is no longer owed to books.",
    "To create it in books was asked for; it was done, total 119.00.",
    "It stands in books, invoice 145.",
    "To create it in books (payment) was asked for; nobody knows yet what became of it.",
    "It no longer stands in warehouse, order 794.",
    "books told of it by webhook (Invoice.Update); it could not be carried: gone.",
    "It is left out of books: Nothing was given back.",
]


@pytest.fixture
def known(ledger_engine: Engine) -> Engine:
    """A ledger that knows an order from everywhere, and a refund of it."""
    in_database(ledger_engine, "SET timezone = 'UTC';" + INSERTS)
    return ledger_engine


def log(engine: Engine, *entries: Entry) -> None:
    for entry in entries:
        with tenant_session(engine, "default") as session:
            log_entries(session, uuid4(), "books", [entry])


def told(story: Timeline) -> list[str]:
    return [event.text for event in story.events]


def test_what_every_table_knows_is_told_in_the_order_in_which_it_happened(known: Engine) -> None:
    log(known, Entry(REFUND, Operation.PLAN, Became.SKIPPED, code="x", message="why", belongs_to="794"))
    story = timeline(admin(known), ORDER)

    assert told(story) == [*STORY, "It is left out of books: why."]
    assert story.related == ("shop:refund:801",)
    assert {event.record for event in story.events if event.sort is EventSort.SKIP} == {"shop:refund:801"}
    assert {event.level for event in story.events if "rate 3" in event.text} == {Level.ERROR}


def test_the_log_is_told_in_words(ledger_engine: Engine) -> None:
    log(
        ledger_engine,
        Entry(ORDER, Operation.READ, Became.FAILED, message="it is not JSON"),
        Entry(ORDER, Operation.PLAN, Became.FAILED, message="no tax code"),
        Entry(ORDER, Operation.PLAN, Became.WAITING, message="it waits until shop:order:1 is written"),
        Entry(ORDER, Operation.UPDATE, Became.FAILED, role="payment", message="closed"),
        Entry(ORDER, Operation.UPDATE, Became.UPDATED, role="document", details={"target": "invoice:145"}),
        Entry(ORDER, Operation.CREATE, Became.UNCHANGED, role="document"),
        Entry(ORDER, Operation.REMOVE, Became.REMOVED, role="document"),
    )
    assert told(timeline(admin(ledger_engine), ORDER)) == [
        "It could not be read for books: it is not JSON.",
        "It was not written to books: no tax code.",
        "It is not written to books yet: it waits until shop:order:1 is written.",
        "It could not be updated in books (payment): closed.",
        "It was updated in books as invoice 145.",
        "It was found in place in books.",
        "It was marked as deleted in books.",
    ]


def test_a_refund_leads_to_its_order_and_to_the_other_refunds(ledger_engine: Engine) -> None:
    parts = [REFUND, REFUND.model_copy(update={"id": "802"})]
    log(ledger_engine, *(Entry(part, Operation.CREATE, Became.CREATED, belongs_to="794") for part in parts))
    log(ledger_engine, Entry(ORDER, Operation.CREATE, Became.CREATED))

    assert timeline(admin(ledger_engine), parts[0]).related == ("shop:order:794", "shop:refund:802")


def test_of_a_very_long_story_the_newest_is_told_and_that_there_is_more(ledger_engine: Engine) -> None:
    many = [Entry(ORDER, Operation.UPDATE, Became.UPDATED)] * (MOST + 1)
    with tenant_session(ledger_engine, "default") as session:
        log_entries(session, uuid4(), "books", many)

    story = timeline(admin(ledger_engine), ORDER)
    assert (len(story.events), story.is_complete) == (MOST, False)


def test_another_tenants_record_of_the_same_name_is_another(known: Engine) -> None:
    make_tenants(known, "other")
    log(known, Entry(REFUND, Operation.CREATE, Became.CREATED))
    with tenant_session(known, "other") as session:
        log_entries(session, uuid4(), "books", [Entry(ORDER, Operation.CREATE, Became.CREATED)])

    assert told(timeline(admin(known, "other"), ORDER)) == ["It was created in books."]
