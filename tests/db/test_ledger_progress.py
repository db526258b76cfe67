"""Watermarks, leases and stored connections."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from db.ledger import (
    acquire_lease,
    drop_watermarks,
    holds_lease,
    list_connections,
    load_connection,
    move_watermark,
    release_lease,
    renew_lease,
    save_connection,
    watermark,
)
from db.session import owner_session, tenant_session
from domain.keys import Kind, System

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = st.builds(
    lambda minutes, zone: (NOON + timedelta(minutes=minutes)).astimezone(zone),
    st.integers(-999_999, 999_999),
    st.timezones(),
)


def take(engine: Engine, holder: str, seconds: float = 300, target: str = "warehouse") -> int | None:
    with tenant_session(engine, "default") as session:
        return acquire_lease(session, target, holder, seconds)


def holds(engine: Engine, token: int) -> bool:
    with tenant_session(engine, "default") as session:
        return holds_lease(session, "warehouse", token)


def wait_for_a_blocked_statement(engine: Engine) -> None:
    """Until some session waits for the lock of another one."""
    question = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with owner_session(engine) as session:
            if session.scalar(question):
                return
    raise AssertionError("nothing waits")


def test_a_watermark_never_goes_back(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        assert watermark(session, "shop", "warehouse", Kind.ORDER) is None
        for hours in (0, 2, 1):
            move_watermark(session, "shop", "warehouse", Kind.ORDER, NOON + timedelta(hours=hours))

        assert watermark(session, "shop", "warehouse", Kind.ORDER) == NOON + timedelta(hours=2)
        assert watermark(session, "shop", "warehouse", Kind.PRODUCT) is None
        assert watermark(session, "warehouse", "shop", Kind.ORDER) is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOMENTS, min_size=1))
def test_a_watermark_is_the_latest_moment_it_was_moved_to_in_any_order_and_zone(
    ledger_engine: Engine, moves: list[datetime]
) -> None:
    with tenant_session(ledger_engine, "default") as session:
        drop_watermarks(session, "shop", "warehouse")
        for to in moves:
            move_watermark(session, "shop", "warehouse", Kind.ORDER, to)

        assert watermark(session, "shop", "warehouse", Kind.ORDER) == max(moves, key=datetime.timestamp)


def test_dropping_watermarks_forgets_all_kinds_of_the_pair_and_no_other(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        for target, kind in (("warehouse", Kind.ORDER), ("warehouse", Kind.PRODUCT), ("other", Kind.ORDER)):
            move_watermark(session, "shop", target, kind, NOON)
        drop_watermarks(session, "shop", "warehouse")

        assert watermark(session, "shop", "warehouse", Kind.ORDER) is None
        assert watermark(session, "shop", "warehouse", Kind.PRODUCT) is None
        assert watermark(session, "shop", "other", Kind.ORDER) == NOON


def test_one_holder_at_a_time_writes_to_a_target(ledger_engine: Engine) -> None:
    token = take(ledger_engine, "first")

    assert token is not None
    assert take(ledger_engine, "second") is None
    assert take(ledger_engine, "second", target="other") is not None
    assert holds(ledger_engine, token)


def test_a_lease_given_back_is_free_at_once_and_its_token_void(ledger_engine: Engine) -> None:
    token = take(ledger_engine, "first")
    assert token is not None
    with tenant_session(ledger_engine, "default") as session:
        assert release_lease(session, "warehouse", token)
        assert not release_lease(session, "warehouse", token)

    assert not holds(ledger_engine, token)
    assert take(ledger_engine, "second") == token + 1


def test_whoever_lapsed_and_was_followed_cannot_settle_renew_or_give_back(ledger_engine: Engine) -> None:
    late, next_one = take(ledger_engine, "late", seconds=0), take(ledger_engine, "next")

    assert late is not None
    assert next_one is not None
    assert next_one > late
    assert not holds(ledger_engine, late)
    with tenant_session(ledger_engine, "default") as session:
        assert not renew_lease(session, "warehouse", late, 300)
        assert not release_lease(session, "warehouse", late)
    assert holds(ledger_engine, next_one)
    assert take(ledger_engine, "third") is None


def test_whoever_lapsed_and_was_not_followed_may_still_settle(ledger_engine: Engine) -> None:
    token = take(ledger_engine, "late", seconds=0)

    assert token is not None
    assert holds(ledger_engine, token)


def test_a_renewed_lease_does_not_lapse(ledger_engine: Engine) -> None:
    token = take(ledger_engine, "first", seconds=0)
    assert token is not None
    with tenant_session(ledger_engine, "default") as session:
        assert renew_lease(session, "warehouse", token, 300)

    assert take(ledger_engine, "second") is None


def test_the_same_holder_may_begin_again_which_voids_its_earlier_token(ledger_engine: Engine) -> None:
    first, again = take(ledger_engine, "run-1"), take(ledger_engine, "run-1")

    assert first is not None
    assert again == first + 1
    assert not holds(ledger_engine, first)


@pytest.mark.parametrize("was_held_before", [False, True])
def test_of_two_that_ask_at_once_one_gets_it(ledger_engine: Engine, was_held_before: bool) -> None:
    if was_held_before:
        take(ledger_engine, "earlier", seconds=0)
    with ThreadPoolExecutor(1) as pool:
        with tenant_session(ledger_engine, "default") as session:
            token = acquire_lease(session, "warehouse", "first", 300)
            second = pool.submit(take, ledger_engine, "second")
            wait_for_a_blocked_statement(ledger_engine)

        assert second.result(timeout=30) is None
    assert token is not None
    assert holds(ledger_engine, token)


def test_nobody_takes_over_while_the_late_holder_settles(ledger_engine: Engine) -> None:
    late = take(ledger_engine, "late", seconds=0)
    assert late is not None
    with ThreadPoolExecutor(1) as pool:
        with tenant_session(ledger_engine, "default") as session:
            assert holds_lease(session, "warehouse", late)
            follower = pool.submit(take, ledger_engine, "next")
            wait_for_a_blocked_statement(ledger_engine)
            assert not follower.done()

        assert follower.result(timeout=30) == late + 1


def test_a_connection_is_found_as_it_was_saved_last(ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        assert load_connection(session, "shop") is None
        save_connection(session, "shop", System.WOOCOMMERCE, {"url": "https://old.example"}, b"\x01old", "key-1")
        save_connection(session, "shop", System.WOOCOMMERCE, {"url": "https://new.example"}, b"\x01new", "key-2")
        save_connection(session, "books", System.SUPABASE, {}, b"\x00", "key-2", enabled=False)
        shop = load_connection(session, "shop")

        assert shop is not None
        assert shop.model_dump(exclude={"created_at", "updated_at"}) == {
            "name": "shop",
            "system": System.WOOCOMMERCE,
            "settings": {"url": "https://new.example"},
            "sealed": b"\x01new",
            "key_id": "key-2",
            "enabled": True,
            "state": "ready",
            "public_only": True,
        }
        assert [(stored.name, stored.enabled) for stored in list_connections(session)] == [
            ("books", False),
            ("shop", True),
        ]
        assert "new'" not in repr(shop).replace("new.example'", "")
