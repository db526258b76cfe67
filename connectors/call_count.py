"""Counting calls to a system that sets no pace: in memory, and now and then into the ledger."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from threading import Lock

import httpx

from db.connection_memory import ConnectionMemory
from domain.errors import ConnectorError
from domain.usage import Purpose

# A process that is killed forgets at most so many; a journey to the ledger for each call would double their cost.
CALLS_AT_ONCE = 200


class CallCount:
    """Counts the calls of one open connection, from any thread; what is left is counted by ``flush``."""

    def __init__(self, memory: ConnectionMemory) -> None:
        self._memory = memory
        self._counts: Counter[Purpose] = Counter()
        self._lock = Lock()

    def watch(self, client: httpx.Client) -> None:
        """Count whatever this client sends from now on."""
        client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], self._note]}

    def flush(self) -> None:
        """Put what was counted into the ledger; what cannot be kept there is counted with the next calls."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        # A count is not worth a run: with the ledger away, that has other troubles.
        with suppress(ConnectorError):
            self._memory.count_calls(counts)
            return
        with self._lock:
            self._counts += counts

    def _note(self, request: httpx.Request) -> None:
        with self._lock:
            self._counts[Purpose.READ if request.method in ("GET", "HEAD") else Purpose.WRITE] += 1
            is_due = self._counts.total() >= CALLS_AT_ONCE
        if is_due:
            self.flush()
