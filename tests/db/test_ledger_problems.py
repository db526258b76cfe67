"""The queue of records that are still owed."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db.ledger import open_problem_ids, open_problems, resolve_problems, save_problems
from db.session import tenant_session
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem

FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))


def order(number: int) -> RecordKey:
    return RecordKey(connection="shop", kind=Kind.ORDER, id=str(number))


def problem(number: int, code: str = "numeric", message: str = "too large", advice: str | None = None) -> Problem:
    return Problem(code=code, message=message, fate=Fate.RETRY, key=order(number), advice=advice)


def queue(engine: Engine, run_id: UUID, *page: Problem) -> None:
    with tenant_session(engine, "default") as session:
        save_problems(session, run_id, "warehouse", page)


def resolve(engine: Engine, run_id: UUID, *keys: RecordKey) -> None:
    with tenant_session(engine, "default") as session:
        resolve_problems(session, "warehouse", keys, run_id)


def counts(session: Session) -> list[tuple[object, ...]]:
    question = "SELECT source_id, code, state, count, first_seen < last_seen FROM unisync.problems ORDER BY source_id"
    return [tuple(row) for row in session.execute(text(question))]


def test_a_problem_met_again_is_counted_and_keeps_its_beginning(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST, problem(1))
    queue(ledger_engine, SECOND, problem(1, code="other"), problem(2))

    with tenant_session(ledger_engine, "default") as session:
        assert counts(session) == [("1", "other", "open", 2, True), ("2", "numeric", "open", 1, False)]


def test_a_resolved_problem_leaves_the_queue_and_begins_anew_when_it_comes_back(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST, problem(1), problem(2))
    resolve(ledger_engine, SECOND, order(1), order(3))
    with tenant_session(ledger_engine, "default") as session:
        assert open_problem_ids(session, "shop", Kind.ORDER, "warehouse", 10) == ["2"]
    queue(ledger_engine, THIRD, problem(1))

    with tenant_session(ledger_engine, "default") as session:
        assert counts(session) == [("1", "numeric", "open", 1, False), ("2", "numeric", "open", 1, False)]


def test_resolving_what_is_resolved_changes_nothing(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST, problem(1))
    resolve(ledger_engine, SECOND, order(1))
    with tenant_session(ledger_engine, "default") as session:
        before = session.execute(text("SELECT xmin, run_id FROM unisync.problems")).one()
    resolve(ledger_engine, THIRD, order(1))

    with tenant_session(ledger_engine, "default") as session:
        assert session.execute(text("SELECT xmin, run_id FROM unisync.problems")).one() == before


def test_those_tried_longest_ago_have_their_turn_first(ledger_engine: Engine) -> None:
    for number in (3, 1, 2):
        queue(ledger_engine, uuid4(), problem(number))
    queue(ledger_engine, uuid4(), problem(3))

    with tenant_session(ledger_engine, "default") as session:
        assert open_problem_ids(session, "shop", Kind.ORDER, "warehouse", 2) == ["1", "2"]


@pytest.mark.parametrize(
    ("source", "kind", "target"),
    [
        ("other", Kind.ORDER, "warehouse"),
        ("shop", Kind.PRODUCT, "warehouse"),
        ("shop", Kind.ORDER, "other"),
    ],
)
def test_queues_are_kept_apart(ledger_engine: Engine, source: str, kind: Kind, target: str) -> None:
    queue(ledger_engine, FIRST, problem(1))

    with tenant_session(ledger_engine, "default") as session:
        resolve_problems(session, target, [RecordKey(connection=source, kind=kind, id="1")], SECOND)
        assert open_problem_ids(session, source, kind, target, 10) == []
        assert open_problem_ids(session, "shop", Kind.ORDER, "warehouse", 10) == ["1"]


def test_a_run_lists_the_problems_that_it_met_and_that_are_still_open(ledger_engine: Engine) -> None:
    told = problem(3, advice="lower the price")
    queue(ledger_engine, FIRST, problem(1), problem(2), told, problem(4))
    queue(ledger_engine, SECOND, problem(1))
    resolve(ledger_engine, SECOND, order(2))

    with tenant_session(ledger_engine, "default") as session:
        assert open_problems(session, 10, FIRST) == [told, problem(4)]
        assert open_problems(session, 1, FIRST) == [told]
        assert open_problems(session, 10, SECOND) == [problem(1)]


def test_text_that_postgres_cannot_store_does_not_spoil_the_page(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST, problem(1, message="a\x00b\ud800c" + "x" * 5_000), problem(1, message="a\x00b\ud800c"))

    with tenant_session(ledger_engine, "default") as session:
        assert [found.message for found in open_problems(session, 1, FIRST)] == ["a\ufffdb?c"]


def test_an_empty_page_is_no_error(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST)
    resolve(ledger_engine, FIRST)


def test_a_problem_that_finding_the_record_in_place_does_not_mend_stays_open(ledger_engine: Engine) -> None:
    queue(ledger_engine, FIRST, problem(1, code="total.differs"), problem(2))
    with tenant_session(ledger_engine, "default") as session:
        resolve_problems(session, "warehouse", [order(1), order(2)], SECOND, but_not=["total.differs"])
        assert [found.key for found in open_problems(session, 9)] == [order(1)]
    resolve(ledger_engine, THIRD, order(1))
    with tenant_session(ledger_engine, "default") as session:
        assert open_problems(session, 9) == []
