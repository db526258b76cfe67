"""Notices in the ledger: claimed by one at a time, and nothing leaves the history but what was put off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db.ledger.deliveries import StoredNotice, claim_notice, save_notice, save_untold, settle_notice, take_put_off
from db.ledger.events import StoredEvent, save_event
from db.models.notifications import DeliveryState
from db.session import tenant_session

NOON = datetime(2026, 7, 16, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ID = UUID(int=1)


def notice(**changes: Any) -> StoredNotice:
    known: dict[str, Any] = {
        "config_id": ID,
        "config_name": "people",
        "channel": "slack",
        "target": "slack",
        "incident_id": ID,
        "event_type": "sync_failed",
        "stage": "opened",
        "notice": {},
        "state": DeliveryState.PENDING,
        "created_at": NOON,
        "next_at": NOON,
    }
    return StoredNotice(**known | changes)


def test_a_claimed_notice_is_given_to_nobody_else_until_the_claim_runs_out(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_notice(session, notice())
    with tenant_session(ledger_engine, "default") as one, tenant_session(ledger_engine, "default") as other:
        first = claim_notice(one, NOON, NOON + MINUTE)
        assert first is not None
        # Held by a transaction that has not ended, and afterwards by the claim.
        assert claim_notice(other, NOON, NOON + MINUTE) is None
    with tenant_session(ledger_engine, "default") as session:
        assert claim_notice(session, NOON, NOON + MINUTE) is None
        second = claim_notice(session, NOON + MINUTE, NOON + 2 * MINUTE)
        assert second is not None
        assert (first.attempts, second.attempts) == (1, 2)
        assert not settle_notice(session, first, state=DeliveryState.FAILED)
        assert settle_notice(session, second, state=DeliveryState.DELIVERED)
        assert claim_notice(session, NOON + 9 * MINUTE, NOON + 10 * MINUTE) is None


def test_what_was_never_tried_comes_first_and_notices_of_an_incident_keep_their_order(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        tried = save_notice(session, notice(attempts=1, state=DeliveryState.FAILED))
        later = save_notice(session, notice())
        other = save_notice(session, notice(target="another"))
        claimed = [claim_notice(session, NOON, NOON + MINUTE) for _ in range(3)]

    assert [each.id if each else None for each in claimed] == [other, tried, None]
    assert later not in [each.id for each in claimed if each]


def test_what_is_not_due_and_what_is_to_be_left_alone_is_not_claimed(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_notice(session, notice(next_at=NOON + MINUTE))
        assert claim_notice(session, NOON, NOON + MINUTE) is None
        assert claim_notice(session, NOON + MINUTE, NOON + 2 * MINUTE, [ID]) is None
        assert claim_notice(session, NOON + MINUTE, NOON + 2 * MINUTE) is not None


def test_what_is_not_told_for_one_reason_is_one_entry_that_counts(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        for why in ("muted", "muted", "silenced", "muted"):
            save_untold(session, notice(state=DeliveryState.SUPPRESSED, target="", why=why))
        counts = session.execute(text("SELECT why, count FROM unisync.notification_history ORDER BY 1")).all()

    assert [tuple(row) for row in counts] == [("muted", 3), ("silenced", 1)]


def test_only_what_was_put_off_can_leave_the_history(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        save_notice(session, notice(state=DeliveryState.DELIVERED))
        save_untold(session, notice(state=DeliveryState.PUT_OFF, target="", why="quiet hours"))
        assert session.execute(text("DELETE FROM unisync.notification_history")).rowcount == 1  # type: ignore[attr-defined]
        save_untold(session, notice(state=DeliveryState.PUT_OFF, target="", why="quiet hours", count=4))
        assert take_put_off(session, ID, ID) == 4
        left = session.scalars(text("SELECT state FROM unisync.notification_history")).all()

    assert left == ["delivered"]


@pytest.mark.parametrize("run_id", [ID, None])
def test_of_a_run_each_event_is_told_once(ledger_engine: Engine, run_id: UUID | None) -> None:
    told = StoredEvent(type="sync_failed", cause="sync_failed///", run_id=run_id, event={}, at=NOON)
    with tenant_session(ledger_engine, "default") as session:
        saved = [save_event(session, told), save_event(session, told)]

    assert saved == ([True, False] if run_id else [True, True])
