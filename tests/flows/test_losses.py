"""How many changes no webhook told of: what a walk saw changed, beside what arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from config.settings import settings
from db.ledger import move_watermark
from db.session import tenant_session
from db.vault import new_key
from domain.keys import Kind
from domain.sync import Mode, SyncRequest
from flows.losses import note_losses
from tests.operations.arriving import SHOP, counts, store_shop, tell

TENANT = "default"
BEFORE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNTIL = BEFORE + timedelta(hours=1)
REQUEST = SyncRequest(
    tenant=TENANT, route="woocommerce-to-supabase", source=SHOP, target="warehouse", kinds=(Kind.ORDER,), mode=Mode.FULL
)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, ledger_engine: Engine) -> None:
    """A shop whose webhooks were registered long ago, and whose orders were last walked at noon."""
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()
    address = store_shop(ledger_engine)
    with tenant_session(ledger_engine, TENANT) as session:
        session.execute(text("UPDATE unisync.webhooks SET registered_at = '2026-01-01'"))
        move_watermark(session, SHOP, "warehouse", Kind.ORDER, BEFORE)
    for number, minutes in ((1, 10), (2, 10)):
        tell(ledger_engine, address, "order.updated", {"id": number, "date_modified_gmt": stamp(minutes)})


def stamp(minutes: int) -> str:
    """So many minutes after noon, as a shop writes it."""
    return (BEFORE + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")


def walk(engine: Engine, seen: dict[str, str | None], kind: Kind = Kind.ORDER) -> dict[str, int]:
    """As if a walk had just seen these; what was counted then."""
    with tenant_session(engine, TENANT) as session:
        note_losses(session, REQUEST, kind, seen, UNTIL)
    found = counts(engine)
    return {name: found.get(name, 0) for name in ("changes", "missed")}


def test_a_change_that_nobody_told_of_is_missed(shop: None, ledger_engine: Engine) -> None:
    seen = {"1": stamp(10), "2": stamp(20), "3": stamp(30)}
    # The second was told of once, and changed again ten minutes later.
    assert walk(ledger_engine, seen) == {"changes": 3, "missed": 2}


def test_what_changed_before_or_is_only_just_told_of_does_not_count_yet(shop: None, ledger_engine: Engine) -> None:
    seen = {"3": stamp(-1), "4": stamp(0), "5": stamp(61), "6": None, "7": "unreadable"}
    assert walk(ledger_engine, seen) == {"changes": 0, "missed": 0}


def test_kinds_of_which_a_shop_never_tells_do_not_count(shop: None, ledger_engine: Engine) -> None:
    assert walk(ledger_engine, {"3": stamp(30)}, Kind.REFUND) == {"changes": 0, "missed": 0}


def test_before_webhooks_were_registered_nothing_could_be_missed(shop: None, ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, TENANT) as session:
        session.execute(text("UPDATE unisync.webhooks SET registered_at = :at"), {"at": BEFORE + timedelta(minutes=25)})
    assert walk(ledger_engine, {"2": stamp(20), "3": stamp(30)}) == {"changes": 1, "missed": 1}
    with tenant_session(ledger_engine, TENANT) as session:
        session.execute(text("UPDATE unisync.webhooks SET registered_at = NULL"))
    assert walk(ledger_engine, {"3": stamp(30)}) == {"changes": 1, "missed": 1}


def test_a_first_walk_loses_nothing(shop: None, ledger_engine: Engine) -> None:
    assert walk(ledger_engine, {"3": stamp(30)}, Kind.CUSTOMER) == {"changes": 0, "missed": 0}
