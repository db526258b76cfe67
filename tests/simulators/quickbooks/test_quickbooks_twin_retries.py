"""How often QuickBooks tries to tell, and what goes astray."""

import threading

import pytest

from simulators.quickbooks.switches import Switches
from tests.simulators.quickbooks.books import Books
from tests.simulators.receiver import PATIENCE_SECONDS, Receiver

SHARES = [("webhooks_lost", 0), ("webhooks_doubled", 10), ("webhooks_reordered", 5)]


def test_failures_are_tried_again_byte_for_byte_by_the_twins_clock(told: Books, receiver: Receiver) -> None:
    receiver.status = 500
    told.customer()
    told.twin.courier.flush()
    schedule = [10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600]

    for wait in schedule:
        told.twin.clock.advance(seconds=wait - 1)
        assert told.twin.courier.flush() == []
        told.twin.clock.advance(seconds=1)
        assert [delivery.status for delivery in told.twin.courier.flush()] == [500]
    receiver.status = 200
    told.twin.clock.advance(hours=6)
    told.twin.courier.flush()

    assert [delivery.attempt for delivery in told.twin.courier.deliveries()] == list(range(1, 12))
    assert len({(request.body, request.headers["intuit-signature"]) for request in receiver.take()}) == 1
    assert told.twin.courier.waiting() == []


@pytest.mark.parametrize("status", [202, 204, 302, 401, 503])
def test_only_200_is_an_answer(told: Books, receiver: Receiver, status: int) -> None:
    receiver.status = status
    told.customer()

    told.twin.courier.flush()

    assert [job["attempt"] for job in told.twin.courier.waiting()] == [2]


def test_an_answer_after_the_limit_is_none(told: Books, receiver: Receiver) -> None:
    told.twin.switches.webhooks_answer_seconds = 0.01
    given_up = threading.Event()
    receiver.before = lambda _: given_up.wait(PATIENCE_SECONDS)
    told.customer()

    (delivery,) = told.twin.courier.flush()
    given_up.set()

    assert (delivery.status, len(told.twin.courier.waiting())) == (0, 1)
    assert Switches().webhooks_answer_seconds == 3


@pytest.mark.parametrize(("held_back", "arrived"), [(False, 2), (True, 1)])
def test_later_events_may_wait_for_what_failed(told: Books, receiver: Receiver, held_back: bool, arrived: int) -> None:
    told.twin.switches.webhooks_held_back = held_back
    receiver.status = 500
    told.customer("Anna")
    told.twin.courier.flush()
    told.customer("Berta")

    told.twin.courier.flush()

    assert len(receiver.take()) == arrived
    receiver.status = 200
    told.twin.clock.advance(minutes=1)
    told.twin.courier.flush()
    told.twin.courier.flush()
    assert told.twin.courier.waiting() == []


@pytest.mark.parametrize(
    ("switch", "arrived"), [("webhooks_lost", 0), ("webhooks_doubled", 10), ("webhooks_reordered", 5)]
)
def test_notifications_are_lost_for_good_or_doubled(told: Books, receiver: Receiver, switch: str, arrived: int) -> None:
    told.twin.switches.webhooks_per_post = 2
    setattr(told.twin.switches, switch, 100)
    for number in range(10):
        told.twin.world.create("Customer", {"DisplayName": f"C{number}"})

    told.twin.courier.flush()
    told.twin.clock.advance(days=1)
    told.twin.courier.flush()

    assert len(receiver.take()) == arrived
    assert told.twin.courier.waiting() == []


def test_a_doubled_notification_that_fails_is_tried_again_once(told: Books, receiver: Receiver) -> None:
    told.twin.switches.webhooks_doubled = 100
    receiver.status = 500
    told.customer()

    told.twin.courier.flush()

    assert (len(receiver.take()), len(told.twin.courier.waiting())) == (2, 1)
