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
