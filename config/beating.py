"""The heartbeat of a run: as long as its process lives, its row says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID

from sqlalchemy.engine import Engine

from db.ledger.runs import note_heartbeat
from db.session import tenant_session
from domain.errors import ConnectorError
from domain.keys import TenantName

BEAT_SECONDS = 30.0
"""A page may take many minutes, and whoever looks for the dead must not wait as long."""


@contextmanager
def beating(engine: Engine, tenant: TenantName, run_id: UUID) -> Iterator[None]:
    """Note again and again that the run lives, from a thread of its own, until the block ends or the run is closed."""
    over = Event()
    thread = Thread(target=_beat, args=(engine, tenant, run_id, over), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(engine: Engine, tenant: TenantName, run_id: UUID, over: Event) -> None:
    is_open = True
    while is_open and not over.wait(BEAT_SECONDS):
        try:
            with tenant_session(engine, tenant) as session:
                is_open = note_heartbeat(session, run_id)
        except ConnectorError:
            # A ledger that is away for a moment; the watchdog cannot look either.
            continue
