"""The garbage collector is left as it was found."""

from __future__ import annotations

import gc
from contextlib import suppress

from flows.memory import THRESHOLDS, calm_collector


def test_the_collector_is_calm_during_a_walk_and_itself_again_afterwards_even_when_it_fails() -> None:
    before = gc.get_threshold()
    with suppress(RuntimeError), calm_collector():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
        raise RuntimeError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_run_within_a_calm_process_leaves_it_calm() -> None:
    with calm_collector():
        frozen = gc.get_freeze_count()
        with calm_collector():
            # What was frozen may die, but nothing is frozen or set free by the inner one.
            assert 0 < gc.get_freeze_count() <= frozen
        assert gc.get_threshold() == THRESHOLDS
        assert 0 < gc.get_freeze_count() <= frozen
