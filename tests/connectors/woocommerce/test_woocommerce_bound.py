"""A shop gets as many calls at once as it can take."""

from __future__ import annotations

from threading import Barrier, Event, Thread

from hypothesis import given
from hypothesis import strategies as st

from connectors.woocommerce.bound import MOST, START, Bound


def test_good_pages_open_the_bound_one_by_one_up_to_the_most() -> None:
    bound = Bound()
    limits = [bound.limit]
    for second in range(6):
        bound.note_page("orders", second, second + 0.5)
        limits.append(bound.limit)

    assert limits == [START, 5, 6, 7, MOST, MOST, MOST]


def test_a_shop_in_distress_gets_half_as_many_calls_down_to_one() -> None:
    bound = Bound()
    limits = []
    for second in range(4):
        bound.note_distress(second, second + 0.5)
        limits.append(bound.limit)

    assert limits == [2, 1, 1, 1]


def test_calls_that_fail_together_halve_the_bound_once() -> None:
    bound = Bound(start=8)
    for end in (1.0, 1.1, 1.2):
        bound.note_distress(0.0, end)

    assert bound.limit == 4


def test_a_page_far_slower_than_the_best_one_halves_the_bound() -> None:
    bound = Bound(start=8)
    bound.note_page("orders", 0, 1.5)
    bound.note_page("orders", 10, 15.9)
    assert bound.limit == 8
    bound.note_page("orders", 20, 26.1)
    assert bound.limit == 4


def test_a_page_is_only_compared_with_pages_of_its_sort() -> None:
    bound = Bound(start=8)
    bound.note_page("orders id", 0, 0.2)
    bound.note_page("orders", 10, 17)

    assert bound.limit == 8


def test_quick_pages_are_never_slow() -> None:
    bound = Bound()
    bound.note_page("orders", 0, 0.01)
    bound.note_page("orders", 1, 2.9)

    assert bound.limit == START + 2


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.floats(0, 1e6, allow_nan=False), st.floats(0, 100, allow_nan=False), st.sampled_from("ab")
        )
    )
)
def test_the_bound_always_lets_one_call_through_and_never_more_than_the_most(
    events: list[tuple[bool, float, float, str]],
) -> None:
    bound = Bound()
    for is_page, began, seconds, sort in events:
        if is_page:
            bound.note_page(sort, began, began + seconds)
        else:
            bound.note_distress(began, began + seconds)
        assert 1 <= bound.limit <= MOST


def test_a_call_too_many_waits_until_another_has_ended() -> None:
    bound = Bound(start=2)
    both_in, let_go, third_in = Barrier(3), Event(), Event()

    def call() -> None:
        with bound.slot():
            both_in.wait(5)
            let_go.wait(5)

    def another() -> None:
        with bound.slot():
            third_in.set()

    callers = [Thread(target=call), Thread(target=call)]
    for caller in callers:
        caller.start()
    both_in.wait(5)
    third = Thread(target=another)
    third.start()

    assert not third_in.wait(0.05)
    let_go.set()
    assert third_in.wait(5)
    for thread in [*callers, third]:
        thread.join(5)
