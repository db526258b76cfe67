"""How often a system may be called, by all processes together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import time

from sqlalchemy import Engine

from db.ledger import Limit, postpone_calls, reserve_call
from db.session import tenant_session
from domain.usage import Purpose
from tests.operations.people import in_database

HASTY = (Limit(3, 10.0), Limit(5, 100.0))


def moments(engine: Engine, count: int) -> list[float]:
    """When each of so many calls may be made, in seconds of one clock."""
    found = []
    for _ in range(count):
        with tenant_session(engine, "default") as session:
            wait = reserve_call(session, "books", "calls", HASTY)
            found.append(time() + wait)
    return found


def test_calls_are_free_up_to_the_limit_and_then_wait_for_the_span_to_end(ledger_engine: Engine) -> None:
    first, second, third, fourth, fifth, sixth = moments(ledger_engine, 6)

    assert max(first, second, third) - first < 2
    assert abs(fourth - first - 10) < 1
    assert abs(fifth - second - 10) < 1
    assert abs(sixth - first - 100) < 1


def test_two_processes_together_never_exceed_a_limit(ledger_engine: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(lambda _: moments(ledger_engine, 6), range(2)))
    slots = sorted(slot for half in halves for slot in half)

    for limit in HASTY:
        spans = [later - earlier for earlier, later in zip(slots, slots[limit.calls :], strict=False)]
        assert min(spans) > limit.seconds - 0.5


def test_a_system_that_wants_a_rest_gets_it_from_everybody(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        postpone_calls(session, "books", "calls", 60)
    with tenant_session(ledger_engine, "default") as session:
        wait = reserve_call(session, "books", "calls", HASTY)
        other = reserve_call(session, "other-books", "calls", HASTY)

    assert 59 < wait <= 60
    assert other == 0


def test_a_longer_rest_is_not_cut_by_a_shorter_one(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        postpone_calls(session, "books", "calls", 60)
        postpone_calls(session, "books", "calls", 1)

        assert reserve_call(session, "books", "calls", HASTY) > 59


def test_a_reserved_call_is_counted_by_what_it_is_for_in_the_same_statement(ledger_engine: Engine) -> None:
    for purpose in (Purpose.READ, Purpose.READ, Purpose.WRITE, None):
        with tenant_session(ledger_engine, "default") as session:
            reserve_call(session, "books", "calls", HASTY, purpose)

    assert in_database(ledger_engine, "SELECT connection, purpose, count FROM unisync.calls ORDER BY purpose") == [
        ("books", "read", 2),
        ("books", "write", 1),
    ]
