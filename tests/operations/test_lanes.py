"""Where what arrived has to go, and what makes it wait; which records that makes, each once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from db.ledger.links import save_links
from db.models.arrivals import ArrivalState
from db.session import tenant_session
from domain.keys import Kind, RecordKey
from domain.listing import PageRequest
from domain.writes import Link
from operations.caller import Caller
from operations.lanes import Lane, Step, close, delay, fail, find_work, finish, lanes_of
from operations.webhooks import list_arrivals, show_webhooks, switch
from tests.operations.arriving import SHOP, cover, inbox, let_time_pass, store_books, store_shop, tell
from tests.operations.people import in_database

TENANT, BOOKS, WAREHOUSE = "default", "books", "warehouse"
TO_BOOKS = Lane(TENANT, SHOP, BOOKS, WOOCOMMERCE_TO_QUICKBOOKS, (Kind.ORDER, Kind.REFUND))
TO_WAREHOUSE = Lane(
    TENANT,
    SHOP,
    WAREHOUSE,
    WOOCOMMERCE_TO_SUPABASE,
    (Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND),
)


@pytest.fixture
def address(installation: None, ledger_engine: Engine) -> UUID:
    """A shop that confirmed runs once carried into the warehouse and into a set of books."""
    store_books(ledger_engine, "111")
    found = store_shop(ledger_engine)
    cover(ledger_engine, TO_BOOKS)
    cover(ledger_engine, TO_WAREHOUSE)
    return found


def set_connection(engine: Engine, name: str, change: str) -> None:
    with tenant_session(engine, TENANT) as session:
        session.execute(text(f"UPDATE unisync.connections SET {change} WHERE name = :name"), {"name": name})


def open_to(boss: Caller, connection: str = SHOP) -> tuple[tuple[Lane, ...], str]:
    with boss.ledger() as session:
        found = lanes_of(session, connection)
    return found.open, found.waits_because


def steps(engine: Engine, lane: Lane) -> dict[Kind, tuple[str, ...]]:
    work = find_work(engine, lane)
    return {} if work is None else {step.kind: step.ids for step in work.steps}


def carry(engine: Engine, lane: Lane) -> None:
    """As if the target of the lane had been given all that it lacks."""
    work = find_work(engine, lane)
    assert work is not None
    finish(engine, lane, work, "flow-run")


def try_in_vain(engine: Engine, lane: Lane, times: int) -> None:
    """Let carrying fail so often."""
    for attempt in range(times):
        work = find_work(engine, lane)
        assert work is not None, attempt
        fail(engine, lane, work, "it broke")


def test_what_arrives_goes_wherever_a_confirmed_run_once_went(boss: Caller, address: UUID) -> None:
    assert open_to(boss) == ((TO_BOOKS, TO_WAREHOUSE), "")


@pytest.mark.parametrize("change", ["state = 'reconnect'", "enabled = false"])
def test_what_leads_to_books_that_cannot_be_used_waits_and_the_rest_goes_on(
    boss: Caller, address: UUID, ledger_engine: Engine, change: str
) -> None:
    set_connection(ledger_engine, BOOKS, change)
    opened, because = open_to(boss)
    assert opened == (TO_WAREHOUSE,)
    assert "books cannot be used" in because


def test_of_a_shop_that_cannot_be_used_everything_waits(boss: Caller, address: UUID, ledger_engine: Engine) -> None:
    set_connection(ledger_engine, SHOP, "enabled = false")
    assert open_to(boss)[0] == ()


def test_while_webhooks_are_off_everything_waits(boss: Caller, address: UUID) -> None:
    switch(boss, is_on=False)
    assert open_to(boss) == ((), "webhooks are switched off")


def test_books_are_looked_into_by_themselves(boss: Caller, address: UUID) -> None:
    assert open_to(boss, BOOKS) == ((Lane(TENANT, BOOKS, BOOKS),), "")


def test_fifty_tellings_of_one_order_are_one_record_to_carry(ledger_engine: Engine, address: UUID) -> None:
    for number in range(50):
        tell(ledger_engine, address, "order.updated", {"id": 7, "edit": number})
    let_time_pass(ledger_engine, timedelta(seconds=5))

    assert steps(ledger_engine, TO_BOOKS) == {Kind.ORDER: ("7",)}


def test_an_order_brings_its_refunds_after_itself(ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7, "refunds": [{"id": 8}, {"id": 9}]})
    tell(ledger_engine, address, "order.updated", {"id": 7, "refunds": [{"id": 8}], "edit": 1})

    for lane in (TO_BOOKS, TO_WAREHOUSE):
        work = find_work(ledger_engine, lane)
        assert work is not None
        assert work.steps == (Step(Kind.ORDER, ("7",)), Step(Kind.REFUND, ("8", "9")))


def test_each_kind_goes_where_it_is_taken(ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "product.updated", {"id": 1, "type": "simple"})
    tell(ledger_engine, address, "product.updated", {"id": 2, "type": "variation"})
    tell(ledger_engine, address, "customer.updated", {"id": 3})

    assert steps(ledger_engine, TO_BOOKS) == {}
    assert steps(ledger_engine, TO_WAREHOUSE) == {
        Kind.PRODUCT: ("1",), Kind.VARIATION: ("2",), Kind.CUSTOMER: ("3",),
    }  # fmt: skip


def test_what_was_deleted_is_looked_after_only_where_it_is_known(
    boss: Caller, ledger_engine: Engine, address: UUID
) -> None:
    """Of a deleted product only the id is told, which may be that of a variation."""
    known = RecordKey(connection=SHOP, kind=Kind.VARIATION, id="2")
    link = Link(source=known, target=known.model_copy(update={"connection": WAREHOUSE}), fingerprint="f", version=None)
    with boss.ledger() as session:
        save_links(session, [link])
    for number in (1, 2):
        tell(ledger_engine, address, "product.deleted", {"id": number})
    tell(ledger_engine, address, "order.deleted", {"id": 2})

    assert steps(ledger_engine, TO_WAREHOUSE) == {Kind.VARIATION: ("2",)}


def test_it_is_done_when_every_target_has_it(boss: Caller, ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    for lane, state in ((TO_WAREHOUSE, "pending"), (TO_BOOKS, "done")):
        carry(ledger_engine, lane)
        assert [each[3] for each in inbox(ledger_engine)] == [state]
        assert find_work(ledger_engine, lane) is None
    assert show_webhooks(boss, SHOP).pending == 0


def test_what_is_told_once_more_while_it_is_carried_is_carried_once_more(ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    work = find_work(ledger_engine, TO_BOOKS)
    assert work is not None

    tell(ledger_engine, address, "order.updated", {"id": 7})
    finish(ledger_engine, TO_BOOKS, work, None)

    assert steps(ledger_engine, TO_BOOKS) == {Kind.ORDER: ("7",)}


def test_whoever_has_it_already_is_told_again_while_another_still_waits(ledger_engine: Engine, address: UUID) -> None:
    """A record that is changed and changed back is told of in the same words."""
    tell(ledger_engine, address, "order.updated", {"id": 7, "status": "processing"})
    tell(ledger_engine, address, "order.updated", {"id": 7, "status": "on-hold"})
    carry(ledger_engine, TO_WAREHOUSE)

    tell(ledger_engine, address, "order.updated", {"id": 7, "status": "on-hold"})
    assert find_work(ledger_engine, TO_WAREHOUSE) is None
    tell(ledger_engine, address, "order.updated", {"id": 7, "status": "processing"})
    assert steps(ledger_engine, TO_WAREHOUSE) == {Kind.ORDER: ("7",)}


def test_a_target_that_was_disconnected_is_waited_for_no_more(
    boss: Caller, ledger_engine: Engine, address: UUID
) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    carry(ledger_engine, TO_WAREHOUSE)
    in_database(ledger_engine, f"DELETE FROM unisync.connections WHERE name = '{BOOKS}'")

    assert open_to(boss) == ((TO_WAREHOUSE,), "")
    with boss.ledger() as session:
        close(session, SHOP, lanes_of(session, SHOP))
    assert [each[3] for each in inbox(ledger_engine)] == [ArrivalState.DONE]


def test_a_lane_waits_a_moment_for_more_but_not_for_ever(ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    work = find_work(ledger_engine, TO_WAREHOUSE)
    assert work is not None
    assert 0 < work.ready_in <= 1

    let_time_pass(ledger_engine, timedelta(seconds=4))
    tell(ledger_engine, address, "order.updated", {"id": 7, "edit": 2})
    work = find_work(ledger_engine, TO_WAREHOUSE)
    assert work is not None
    assert work.ready_in == 0


def test_what_fails_without_end_is_given_up_for_that_target_alone_and_said(
    ledger_engine: Engine, address: UUID, boss: Caller
) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    try_in_vain(ledger_engine, TO_WAREHOUSE, 4)
    try_in_vain(ledger_engine, TO_BOOKS, 5)

    assert find_work(ledger_engine, TO_BOOKS) is None
    assert [each[3] for each in inbox(ledger_engine)] == [ArrivalState.PENDING]
    carry(ledger_engine, TO_WAREHOUSE)
    assert [each[3] for each in inbox(ledger_engine)] == [ArrivalState.FAILED]
    assert show_webhooks(boss, SHOP).failed == 1
    (shown,) = list_arrivals(boss, SHOP, PageRequest()).items
    assert (shown.message, shown.attempts, shown.done_at) == ("books: it broke", 9, None)


def test_what_a_person_cancelled_is_left_to_the_schedules_for_that_target_alone(
    ledger_engine: Engine, address: UUID
) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    work = find_work(ledger_engine, TO_BOOKS)
    assert work is not None
    fail(ledger_engine, TO_BOOKS, work, "Ann cancelled it", most_attempts=1)

    assert find_work(ledger_engine, TO_BOOKS) is None
    assert steps(ledger_engine, TO_WAREHOUSE) == {Kind.ORDER: ("7",)}


def test_what_was_given_up_is_tried_anew_when_it_is_told_once_more(ledger_engine: Engine, address: UUID) -> None:
    for lane in (TO_BOOKS, TO_WAREHOUSE):
        tell(ledger_engine, address, "order.updated", {"id": 7})
        try_in_vain(ledger_engine, lane, 5)
        assert find_work(ledger_engine, lane) is None

    assert steps(ledger_engine, TO_BOOKS) == {Kind.ORDER: ("7",)}
    carry(ledger_engine, TO_BOOKS)
    assert [each[3] for each in inbox(ledger_engine)] == [ArrivalState.FAILED]
    tell(ledger_engine, address, "order.updated", {"id": 7})
    for lane in (TO_BOOKS, TO_WAREHOUSE):
        carry(ledger_engine, lane)
    assert [each[3] for each in inbox(ledger_engine)] == [ArrivalState.DONE]


def test_why_something_waits_is_said_until_it_is_carried(boss: Caller, ledger_engine: Engine, address: UUID) -> None:
    tell(ledger_engine, address, "order.updated", {"id": 7})
    work = find_work(ledger_engine, TO_BOOKS)
    assert work is not None
    delay(ledger_engine, TO_BOOKS, work, "QuickBooks is busy")
    assert [each.message for each in list_arrivals(boss, SHOP, PageRequest()).items] == ["books: QuickBooks is busy"]

    for lane in (TO_WAREHOUSE, TO_BOOKS):
        carry(ledger_engine, lane)
    assert [each.message for each in list_arrivals(boss, SHOP, PageRequest()).items] == [""]
