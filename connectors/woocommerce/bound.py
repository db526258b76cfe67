"""How many calls a shop gets at the same time: as many as it can take without growing slow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

START = 4
MOST = 8

# Calls that share two cores take as many times longer as there are of them; beyond this they only queue.
SLOW = 4.0
# Below this many seconds a page is never slow, however fast the best one was.
PATIENT = 2.0


class Bound:
    """Additive increase, multiplicative decrease: one call more after a good page, half as many after a bad one.

    Seconds are of one monotonic clock of the caller's choice. Safe to share between threads.
    """

    def __init__(self, start: int = START, most: int = MOST) -> None:
        self.limit = start
        self._most = most
        self._under_way = 0
        self._best: dict[str, float] = {}
        self._cut_at = float("-inf")
        self._changed = Condition()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more call may be made, and count it as under way meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.limit)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def note_page(self, sort: str, began: float, ended: float) -> None:
        """Take notice of a full page; only pages of the same sort are compared with each other."""
        seconds = ended - began
        with self._changed:
            best = min(seconds, self._best.get(sort, seconds))
            self._best[sort] = best
            if seconds > max(SLOW * best, PATIENT):
                self._halve(began, ended)
            else:
                self.limit = min(self._most, self.limit + 1)
                self._changed.notify_all()

    def note_distress(self, began: float, ended: float) -> None:
        """Take notice that the shop was too busy for a call."""
        with self._changed:
            self._halve(began, ended)

    def _halve(self, began: float, ended: float) -> None:
        # Calls under way together fail together; only those made under the present limit say anything about it.
        if began >= self._cut_at:
            self.limit = max(1, self.limit // 2)
            self._cut_at = ended
