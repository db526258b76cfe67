"""What may be deleted once it is over, and what may not whatever is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from db.ledger.purging import RULES
from db.models.notifications import DeliveryState
from db.session import meter_session, purge_session
from domain.retention import Retention
from operations import purging
from operations.purging import purge_ledger
from tests.db.conftest import NO_RIGHT, UNOWNED, Filled, outcome
from tests.operations.people import in_database

PURGED = {rule.table.name for rule in RULES}
FOR_GOOD = {
    "tenants", "connections", "links", "watermarks", "leases", "names", "snapshots", "throttles", "skips",
    "users", "memberships", "tokens", "connection_health", "webhooks", "webhook_switches",
    "confirmed_pairs", "schedules", "sync_settings", "notification_configs", "switched_off_targets", "streaks",
}  # fmt: skip
"""What is never over."""

METERED = {"tenants": 4, "runs": 2, "problems": 2, "calls": 2, "arrivals": 2, "intents": 2}
"""How many rows the meter sees in the tables that it counts."""

STILL_NEEDED = {
    "runs", "problems", "intents", "arrivals", "audit_log", "record_log", "sync_requests", "plans", "plan_writes",
    "login_attempts", "idempotency_keys",
}  # fmt: skip
"""In a ledger where everything was made a moment ago: under way, owed, in doubt, waiting, or too young."""

OF_NOBODY = {"users": "name", "login_attempts": "address", "watched_minutes": "minute"}
"""A column of each table that belongs to no tenant."""

RUN = "INSERT INTO unisync.runs (tenant, id, request, state, started_at, finished_at) VALUES ('default', "
OLD, OLDER, YOUNG = "now() - interval '900 days'", "now() - interval '901 days'", "now() - interval '20 days'"


def test_the_purge_may_delete_from_these_tables_only_and_change_nothing(filled: Filled) -> None:
    every = filled.rows.keys() | UNOWNED
    with purge_session(filled.engine) as session:
        deleted = {table: outcome(session, f"DELETE FROM unisync.{table}") for table in every}
        changed = {
            table: outcome(session, f"UPDATE unisync.{table} SET {column} = {column}")
            for table in every
            for column in (OF_NOBODY.get(table, filled.owner(table)),)
        }
    open_to_it = {table for table, result in deleted.items() if result != NO_RIGHT}
    assert open_to_it >= PURGED
    assert open_to_it & FOR_GOOD == set()
    assert {deleted[table] for table in STILL_NEEDED} == {0}
    assert set(changed.values()) == {NO_RIGHT}


def test_the_purge_reads_neither_payloads_nor_messages(filled: Filled) -> None:
    with purge_session(filled.engine) as session:
        for column in (
            "intents.body", "record_log.message", "problems.message", "audit_log.actor", "arrivals.topic",
            "runs.request", "sync_requests.request",
        ):  # fmt: skip
            table, _, name = column.partition(".")
            assert outcome(session, f"SELECT {name} FROM unisync.{table}") == NO_RIGHT


def test_the_meter_counts_these_tables_of_all_tenants_and_sees_nothing_else(filled: Filled) -> None:
    with meter_session(filled.engine) as session:
        seen = {table: outcome(session, f"SELECT 1 FROM unisync.{table}") for table in filled.rows.keys() | UNOWNED}
        for column in ("intents.body", "problems.message", "runs.error", "runs.request", "arrivals.record_id"):
            table, _, name = column.partition(".")
            assert outcome(session, f"SELECT {name} FROM unisync.{table}") == NO_RIGHT
        assert outcome(session, "DELETE FROM unisync.calls") == NO_RIGHT
    assert {table: count for table, count in seen.items() if count != NO_RIGHT} == METERED


def test_the_meter_sees_nothing_of_what_it_does_not_count(filled: Filled) -> None:
    for change in (
        "problems SET state = 'resolved'",
        "arrivals SET state = 'done'",
        "intents SET state = 'failed'",
        """runs SET request = '{"dry_run": true}'""",
    ):
        filled.admin.execute(f"UPDATE unisync.{change}".encode())
    with meter_session(filled.engine) as session:
        for table in ("problems", "arrivals", "intents", "runs"):
            assert outcome(session, f"SELECT 1 FROM unisync.{table}") == 0


def test_what_is_a_day_old_can_be_deleted_if_somebody_wants_to_keep_no_more(ledger_engine: Engine) -> None:
    in_database(
        ledger_engine,
        "INSERT INTO unisync.record_log (tenant, run_id, at, target_connection, source_connection, kind, source_id,"
        " role, operation, result) SELECT 'default', '00000000-0000-0000-0000-000000000001',"
        " now() - n * interval '1 hour', 'books', 'shop', 'order', n::text, 'document', 'create', 'created'"
        " FROM (VALUES (23), (25)) AS ages (n)",
    )
    assert purge_ledger(ledger_engine, Retention(record_log_days=1)).deleted["entries of the record log"] == 1
    in_database(
        ledger_engine,
        "INSERT INTO unisync.calls (tenant, connection, day, purpose, count)"
        " SELECT 'default', 'shop', current_date - n, 'read', 1 FROM generate_series(58, 66) AS n",
    )
    purge_ledger(ledger_engine, Retention(count_days=62))
    left = in_database(ledger_engine, "SELECT current_date - day FROM unisync.calls ORDER BY day DESC")
    assert [age for (age,) in left] == [58, 59, 60, 61]


def test_a_young_ledger_loses_nothing(filled: Filled) -> None:
    before = filled.contents()
    foreseen = purge_ledger(filled.engine, Retention(), dry_run=True)
    assert filled.contents() == before
    done = purge_ledger(filled.engine, Retention())
    assert done.deleted == foreseen.deleted
    # Made to expire at once. The samples of days grow old.
    gone = {what for what, count in done.deleted.items() if count} - {"counts of calls", "counts of webhooks"}
    assert gone == {"sessions", "consents that nobody gave"}


def test_the_last_completed_run_of_every_route_stays_and_so_does_what_came_after_it(ledger_engine: Engine) -> None:
    runs = [
        ("books", "completed", OLDER), ("books", "completed", OLD), ("books", "failed", OLD + " + interval '1 hour'"),
        ("warehouse", "completed", OLDER), ("warehouse", "failed", OLDER + " - interval '1 hour'"),
        ("other", "failed", OLD),
        ("recent", "completed", YOUNG), ("recent", "completed", "now()"),
    ]  # fmt: skip
    for number, (target, state, at) in enumerate(runs, start=1):
        request = f'{{"route": "r", "source": "shop", "target": "{target}"}}'
        run_id = f"'00000000-0000-0000-0000-{number:012}'"
        in_database(ledger_engine, f"{RUN}{run_id}, '{request}', '{state}', {at}, {at})")

    assert purge_ledger(ledger_engine, Retention()).deleted["runs"] == 2
    left = in_database(ledger_engine, "SELECT right(id::text, 1) FROM unisync.runs ORDER BY id")
    assert [int(number) for (number,) in left] == [2, 3, 4, 6, 7, 8]


def test_what_was_sent_to_books_goes_once_something_newer_stands_there(ledger_engine: Engine) -> None:
    sent = [
        ("1", "settled", "60 days"), ("1", "settled", "50 days"), ("1", "settled", "5 days"),
        ("2", "settled", "60 days"), ("2", "failed", "50 days"),
        ("3", "settled", "500 days"), ("3", "open", "500 days"),
        ("4", "settled", "20 days"), ("4", "settled", "10 days"),
    ]  # fmt: skip
    for number, (order, state, age) in enumerate(sent, start=1):
        in_database(
            ledger_engine,
            "INSERT INTO unisync.intents (tenant, id, target_connection, source_connection, kind, source_id, role,"
            " action, request_id, body, position, target_kind, target_id, fingerprint, state, settled_at) VALUES"
            f" ('default', '00000000-0000-0000-0000-{number:012}', 'books', 'shop', 'order', '{order}', 'document',"
            f" 'update', 'r', '{{}}', 1, 'invoice', '1', 'p', '{state}', now() - interval '{age}')",
        )

    assert purge_ledger(ledger_engine, Retention()).deleted["what was sent to books"] == 4
    left = in_database(ledger_engine, "SELECT right(id::text, 1) FROM unisync.intents ORDER BY id")
    assert [int(number) for (number,) in left] == [3, 4, 7, 8, 9]


@pytest.mark.parametrize(("state", "stays"), [("open", True), ("ignored", True), ("resolved", False)])
def test_a_problem_goes_only_when_it_is_solved(ledger_engine: Engine, state: str, stays: bool) -> None:
    in_database(
        ledger_engine,
        "INSERT INTO unisync.problems (tenant, target_connection, source_connection, kind, source_id, code, message,"
        " fate, run_id, state, last_seen) VALUES ('default', 'books', 'shop', 'order', '1', 'c', 'm', 'skip',"
        f" '00000000-0000-0000-0000-000000000001', '{state}', {OLD})",
    )
    purge_ledger(ledger_engine, Retention())
    assert bool(in_database(ledger_engine, "SELECT 1 FROM unisync.problems")) is stays


@pytest.mark.parametrize("state", ["pending", "done", "ignored", "failed"])
def test_webhooks_go_when_they_are_old_even_those_that_nothing_ever_carried(ledger_engine: Engine, state: str) -> None:
    for age in ("31 days", "29 days"):
        in_database(
            ledger_engine,
            "INSERT INTO unisync.arrivals (tenant, connection, topic, kind, record_id, body_hash, state, last_seen)"
            f" VALUES ('default', 'shop', 'order.updated', 'order', '1', '{age}', '{state}', now() - interval '{age}')",
        )
    assert purge_ledger(ledger_engine, Retention()).deleted["webhooks"] == 1
    assert in_database(ledger_engine, "SELECT body_hash FROM unisync.arrivals") == [("29 days",)]


def test_the_purge_neither_reads_what_people_are_told_nor_deletes_what_they_are_still_to_hear(filled: Filled) -> None:
    with purge_session(filled.engine) as session:
        for table, column in (("events", "event"), ("incidents", "event"), ("notification_history", "notice")):
            assert outcome(session, f"SELECT {column} FROM unisync.{table}") == NO_RIGHT
            assert outcome(session, f"DELETE FROM unisync.{table}") == 0


def test_what_people_were_told_goes_when_it_is_over_and_old(ledger_engine: Engine) -> None:
    """Of what is old, only what waits for nothing; of what is over, only what is old."""
    for number, (state, at) in enumerate([("judged", OLD), ("judged", YOUNG), ("pending", OLD)]):
        in_database(
            ledger_engine,
            "INSERT INTO unisync.events (tenant, type, cause, event, state, at)"
            f" VALUES ('default', 't', '{number}', '{{}}', '{state}', {at})",
        )
    for state, at in [(state, at) for state in DeliveryState for at in (OLD, YOUNG)]:
        in_database(
            ledger_engine,
            "INSERT INTO unisync.notification_history (tenant, config_name, channel, target, event_type, stage, notice,"
            f" state, created_at) VALUES ('default', 'c', 'c', 't', 'e', 's', '{{}}', '{state}', {at})",
        )
    for number, (state, at) in enumerate([("resolved", OLD), ("resolved", YOUNG), ("open", OLD)]):
        incident = f"'00000000-0000-0000-0000-{number:012}'"
        over = "now()" if state == "resolved" else "NULL"
        in_database(
            ledger_engine,
            "INSERT INTO unisync.incidents (tenant, id, type, cause, event, state, last_at, resolved_at)"
            f" VALUES ('default', {incident}, 't', '{number}', '{{}}', '{state}', {at}, {over});"
            "INSERT INTO unisync.incident_tellings (tenant, incident_id, config_id, told)"
            f" VALUES ('default', {incident}, {incident}, '{{}}')",
        )

    foreseen = purge_ledger(ledger_engine, Retention(), dry_run=True).deleted
    deleted = purge_ledger(ledger_engine, Retention()).deleted
    assert {what: count for what, count in deleted.items() if count} == {
        "events": 1,
        "what people were told of incidents": 1,
        "incidents": 1,
        "notices": 3,
    }
    assert deleted == foreseen
    left = in_database(
        ledger_engine, f"SELECT state FROM unisync.notification_history WHERE created_at < {OLD} + interval '1 day'"
    )
    assert {state for (state,) in left} == {"pending", "failed", "put_off"}
    told = "SELECT right(incident_id::text, 1) FROM unisync.incident_tellings ORDER BY 1"
    assert in_database(ledger_engine, told) == [("1",), ("2",)]


def test_much_is_deleted_in_lots_and_only_what_is_over(ledger_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "ROWS_AT_ONCE", 10)
    in_database(
        ledger_engine,
        "INSERT INTO unisync.record_log (tenant, run_id, at, target_connection, source_connection, kind, source_id,"
        " role, operation, result) SELECT 'default', '00000000-0000-0000-0000-000000000001',"
        " now() - n * interval '10 days', 'books', 'shop', 'order', n::text, 'document', 'create', 'created'"
        " FROM generate_series(1, 60) AS n",
    )
    done = purge_ledger(ledger_engine, Retention(record_log_days=255))

    assert done.deleted["entries of the record log"] == 35
    (left,) = in_database(ledger_engine, "SELECT count(*), max(source_id::int) FROM unisync.record_log")
    assert left == (25, 25)


def test_the_audit_log_cannot_be_forgotten_before_its_time_even_by_mistake(ledger_engine: Engine) -> None:
    with pytest.raises(ValueError, match="greater than or equal to 90"):
        Retention(audit_days=1)
    in_database(
        ledger_engine,
        "INSERT INTO unisync.audit_log (tenant, actor, action, subject, outcome, at)"
        f" VALUES ('default', 'a', 'b', 'c', 'done', {YOUNG}), ('default', 'a', 'b', 'c', 'done', {OLD})",
    )
    with purge_session(ledger_engine) as session:
        session.execute(text("DELETE FROM unisync.audit_log"))
    assert in_database(ledger_engine, f"SELECT at > {OLD} + interval '1 day' FROM unisync.audit_log") == [(True,)]
