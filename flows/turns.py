"""Whose turn it is in a lane: one listener at a time, and another one soon after the first was killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy.engine import Engine

from db.ledger import acquire_lease, release_lease, renew_lease
from db.session import tenant_session
from domain.keys import TenantName
from operations.lanes import Lane

# What a killed listener left behind is free again this soon; a living one renews long before.
TURN_SECONDS = 30.0
RENEWAL_SECONDS = 10.0

Held = tuple[TenantName, str, int]


class Turns:
    """The turns that this process has taken; safe for threads."""

    def __init__(self, engine: Engine, holder: str) -> None:
        self._engine = engine
        self._holder = holder
        self._held: set[Held] = set()
        self._lock = threading.Lock()
        self._renewed_at = monotonic()

    @contextmanager
    def turn(self, lane: Lane) -> Iterator[bool]:
        """Take the turn in a lane for as long as the block lasts; False when another listener has it."""
        # No connection can be called like this, so it is never mistaken for the lease of a target.
        name = f"arrivals of {lane.connection} for {lane.target}"
        with tenant_session(self._engine, lane.tenant) as session:
            token = acquire_lease(session, name, self._holder, TURN_SECONDS)
        if token is None:
            yield False
            return
        held = (lane.tenant, name, token)
        with self._lock:
            self._held.add(held)
        try:
            yield True
        finally:
            with self._lock:
                self._held.discard(held)
            with tenant_session(self._engine, lane.tenant) as session:
                release_lease(session, name, token)

    def keep(self) -> None:
        """Let the turns taken last, if it is time; to be called again and again."""
        if monotonic() - self._renewed_at < RENEWAL_SECONDS:
            return
        self._renewed_at = monotonic()
        with self._lock:
            held = list(self._held)
        for tenant, name, token in held:
            with tenant_session(self._engine, tenant) as session:
                renew_lease(session, name, token, TURN_SECONDS)
