"""Which records policy keeps out, and by which rules."""

from __future__ import annotations

from sqlalchemy import Engine, text

from db.ledger import forget_skips, outdated_skips, save_skips
from db.session import tenant_session
from domain.keys import Kind, RecordKey
from domain.writes import Skipped


def skipped(number: int, code: str = "status") -> Skipped:
    key = RecordKey(connection="shop", kind=Kind.ORDER, id=str(number))
    return Skipped(key=key, code=code, reason="Orders in this status are not posted.")


def save(engine: Engine, rules: str, *page: Skipped) -> None:
    with tenant_session(engine, "default") as session:
        save_skips(session, "books", page, rules)


def outdated(engine: Engine, rules: str, limit: int = 9) -> list[str]:
    with tenant_session(engine, "default") as session:
        return outdated_skips(session, "shop", Kind.ORDER, "books", rules, limit)


def test_other_rules_bring_back_what_former_rules_kept_out(ledger_engine: Engine) -> None:
    save(ledger_engine, "old", skipped(1), skipped(2))
    save(ledger_engine, "new", skipped(2))
    assert outdated(ledger_engine, "new") == ["1"]
    assert outdated(ledger_engine, "old") == ["2"]
    assert outdated(ledger_engine, "newest", limit=1) == ["1"]


def test_a_record_that_is_no_longer_kept_out_is_forgotten(ledger_engine: Engine) -> None:
    save(ledger_engine, "old", skipped(1), skipped(2))
    with tenant_session(ledger_engine, "default") as session:
        forget_skips(session, "books", [skipped(1).key])
        forget_skips(session, "books", [])
    assert outdated(ledger_engine, "new") == ["2"]


def test_a_skip_that_stands_already_is_not_written_again(ledger_engine: Engine) -> None:
    save(ledger_engine, "rules", skipped(1))
    with tenant_session(ledger_engine, "default") as session:
        before = session.execute(text("SELECT xmin::text FROM unisync.skips")).scalar_one()
    save(ledger_engine, "rules", skipped(1))
    save(ledger_engine, "rules")
    with tenant_session(ledger_engine, "default") as session:
        assert session.execute(text("SELECT xmin::text FROM unisync.skips")).scalar_one() == before
