"""What shops tell: proved to be theirs, stored once, and refused where it is forged, cut off or long overtaken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from connectors.signature import sign
from db.ledger.webhooks import save_webhooks
from db.session import tenant_session
from domain.refusals import Clash, Unauthenticated, Unknown, Unusable
from operations.arrivals import Accepted
from operations.caller import Caller
from operations.webhook_secrets import keep_secret
from operations.webhooks import show_webhooks, switch
from tests.operations.arriving import (
    FORM,
    SHOP,
    counts,
    deliver,
    inbox,
    let_time_pass,
    settle,
    store_shop,
    tell,
)
from tests.recorded_webhooks import SECRET, recorded_webhook, recorded_webhooks

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def address(installation: None, ledger_engine: Engine) -> UUID:
    """The id in the address of a shop that signs as the recorded one did."""
    return store_shop(ledger_engine)


def order(number: int, at: datetime, **more: object) -> dict[str, object]:
    return {"id": number, "date_modified_gmt": at.strftime("%Y-%m-%dT%H:%M:%S"), **more}


def test_every_recorded_delivery_is_taken_and_names_its_record(ledger_engine: Engine, address: UUID) -> None:
    for recorded in recorded_webhooks():
        deliver(ledger_engine, address, recorded)

    found = inbox(ledger_engine)
    told = [recorded for recorded in recorded_webhooks() if recorded.topic != "ping"]
    assert [topic for topic, *_ in found] == [recorded.topic for recorded in told]
    assert {(kind, state) for _, kind, _, state, _ in found} == {
        ("order", "pending"), ("product", "pending"), ("variation", "pending"), ("customer", "pending"),
    }  # fmt: skip
    assert counts(ledger_engine) == {"received": len(told)}


def test_a_greeting_is_taken_unsigned_and_stores_nothing(ledger_engine: Engine, address: UUID, boss: Caller) -> None:
    assert deliver(ledger_engine, address, recorded_webhooks("ping")[0]) == Accepted()

    assert inbox(ledger_engine) == []
    assert show_webhooks(boss, SHOP).greeted_at is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"body": recorded_webhook(11).body.replace(b'"processing"', b'"completed"', 1)},
        {"body": recorded_webhook(11).body[:-100]},
        {"body": b""},
        {"signature": ""},
        {"signature": "Zm9yZ2Vk"},
        {"signature": "\u00e4\ud800"},
        {"signature": sign(recorded_webhook(11).body, "another secret")},
        {"content_type": FORM},
    ],
    ids=["forged", "cut off", "empty", "unsigned", "wrong", "no base64", "another's", "as a form"],
)
def test_what_is_forged_cut_off_or_unsigned_is_refused_and_counted(
    ledger_engine: Engine, address: UUID, changes: dict[str, object]
) -> None:
    if changes == {"content_type": FORM}:
        changes = {**changes, "signature": ""}
    with pytest.raises(Unauthenticated):
        deliver(ledger_engine, address, recorded_webhook(11), **changes)

    assert inbox(ledger_engine) == []
    assert counts(ledger_engine) == {"refused": 1}


def test_an_address_that_is_nobodys_is_unknown(ledger_engine: Engine, address: UUID) -> None:
    with pytest.raises(Unknown):
        deliver(ledger_engine, uuid4(), recorded_webhook(11))
    assert inbox(ledger_engine) == []


def test_what_one_shop_signed_does_not_count_at_the_address_of_another(ledger_engine: Engine, address: UUID) -> None:
    other = store_shop(ledger_engine, name="other-shop", secret="a secret of its own")

    with pytest.raises(Unauthenticated):
        deliver(ledger_engine, other, recorded_webhook(11))


def test_the_same_bytes_twice_are_one_arrival(ledger_engine: Engine, address: UUID) -> None:
    first, second = (deliver(ledger_engine, address, recorded_webhook(16)) for _ in range(2))

    assert (first, second) == (Accepted(stored=1), Accepted(repeated=1))
    assert inbox(ledger_engine) == [("order.updated", "order", "528", "pending", 2)]


def test_three_orders_under_one_delivery_id_are_three_arrivals(ledger_engine: Engine, address: UUID) -> None:
    batch = [recorded_webhook(number) for number in (29, 30, 31)]
    assert len({recorded.headers["X-WC-Webhook-Delivery-ID"] for recorded in batch}) == 1

    for recorded in batch:
        deliver(ledger_engine, address, recorded)

    assert [number for _, _, number, _, _ in inbox(ledger_engine)] == ["435", "434", "433"]


def test_what_was_done_is_looked_at_again_when_it_comes_after_something_else(
    ledger_engine: Engine, address: UUID
) -> None:
    """On shops with the former order storage the stamp does not move, so a record changed back looks as it did."""
    for status in ("processing", "on-hold"):
        tell(ledger_engine, address, "order.updated", order(7, NOON, status=status))
    settle(ledger_engine)

    tell(ledger_engine, address, "order.updated", order(7, NOON, status="on-hold"))
    assert [state for *_, state, _ in inbox(ledger_engine)] == ["done", "done"]
    tell(ledger_engine, address, "order.updated", order(7, NOON, status="processing"))
    assert [state for *_, state, _ in inbox(ledger_engine)] == ["pending", "done"]


def test_what_is_thrown_away_a_second_time_is_looked_at_again(ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.deleted", {"id": 7})
    settle(ledger_engine)
    let_time_pass(ledger_engine, timedelta(minutes=11))

    tell(ledger_engine, address, "order.deleted", {"id": 7})

    assert inbox(ledger_engine) == [("order.deleted", "order", "7", "pending", 2)]


def test_what_was_overtaken_by_seconds_is_taken_and_what_was_long_ago_is_refused(
    ledger_engine: Engine, address: UUID
) -> None:
    tell(ledger_engine, address, "order.updated", order(7, NOON))

    assert tell(ledger_engine, address, "order.created", order(7, NOON - timedelta(seconds=2))) == Accepted(stored=1)
    with pytest.raises(Clash, match="long ago"):
        tell(ledger_engine, address, "order.updated", order(7, NOON - timedelta(hours=2)))
    assert len(inbox(ledger_engine)) == 2
    assert counts(ledger_engine) == {"received": 2, "stale": 1}


@pytest.mark.parametrize(
    ("topic", "record"),
    [
        ("coupon.created", {"id": 3}),
        ("action.woocommerce_add_to_cart", {"action": "woocommerce_add_to_cart", "arg": "x"}),
        ("order.updated", {"code": "woocommerce_rest_shop_order_invalid_id", "data": {"status": 404}}),
        ("order.updated", {"id": "7; DROP TABLE"}),
        ("\x00", {"id": 3}),
    ],
)
def test_what_names_nothing_that_is_synced_is_noted_and_left(
    ledger_engine: Engine, address: UUID, topic: str, record: dict[str, object]
) -> None:
    assert tell(ledger_engine, address, topic, record) == Accepted(ignored=1)
    assert [state for *_, state, _ in inbox(ledger_engine)] == ["ignored"]


@pytest.mark.parametrize("body", [b"[1]", b"7", b'{"id": 7', b"\xff\xfe"])
def test_what_is_signed_but_no_object_cannot_be_used(ledger_engine: Engine, address: UUID, body: bytes) -> None:
    with pytest.raises(Unusable):
        deliver(ledger_engine, address, recorded_webhook(11), body=body, signature=sign(body, SECRET))


def test_the_former_secret_counts_while_another_takes_its_place_and_then_no_more(
    ledger_engine: Engine, address: UUID
) -> None:
    with tenant_session(ledger_engine, "default") as session:
        keep_secret(session, "default", SHOP, "the new one")
    with pytest.raises(Unauthenticated):
        tell(ledger_engine, address, "order.updated", {"id": 1}, secret=SECRET)

    with tenant_session(ledger_engine, "default") as session:
        save_webhooks(session, SHOP, former_until=datetime.now(UTC) + timedelta(hours=1))
    assert tell(ledger_engine, address, "order.updated", {"id": 1}, secret=SECRET) == Accepted(stored=1)
    assert tell(ledger_engine, address, "order.updated", {"id": 2}, secret="the new one") == Accepted(stored=1)
    with tenant_session(ledger_engine, "default") as session:
        save_webhooks(session, SHOP, former_until=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        tell(ledger_engine, address, "order.updated", {"id": 3}, secret=SECRET)


def test_while_webhooks_are_off_what_comes_is_answered_and_noted_but_not_kept_waiting(
    ledger_engine: Engine, address: UUID, boss: Caller
) -> None:
    switch(boss, is_on=False)
    assert deliver(ledger_engine, address, recorded_webhook(16)) == Accepted(ignored=1)
    assert inbox(ledger_engine) == [("order.updated", "order", "528", "ignored", 1)]

    switch(boss, is_on=True)
    deliver(ledger_engine, address, recorded_webhook(16))
    assert inbox(ledger_engine) == [("order.updated", "order", "528", "pending", 2)]


def test_a_delivery_is_stored_well_within_a_second(ledger_engine: Engine, address: UUID) -> None:
    slowest = 0.0
    for number in range(50):
        began = perf_counter()
        tell(ledger_engine, address, "order.updated", order(number, NOON, note="x" * 20_000))
        slowest = max(slowest, perf_counter() - began)
    assert slowest < 1
