"""A listener beside the installation of the flow tests, and a way from the shop's courier into the inbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, text

from config.wiring import open_ledger
from db.ledger.confirmations import cover_pair
from db.session import tenant_session
from domain.access import Role
from domain.sync import Mode, SyncReport
from flows.arrivals import Listener
from operations.caller import Caller
from tests.flows import books, conftest
from tests.flows.conftest import TENANT, wait_until


@contextmanager
def listening(engine: Engine) -> Iterator[None]:
    """Let a listener carry what arrives for as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=Listener(engine).listen, args=[stop], name="listener")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def run(**parameters: Any) -> SyncReport:
    """Run the flow to the warehouse; where that is all there is, as if somebody had confirmed its plan."""
    return confirmed(conftest.run(**parameters))


def post(**parameters: Any) -> SyncReport:
    """The same to the books."""
    return confirmed(books.post(**parameters))


def confirmed(report: SyncReport) -> SyncReport:
    if report.request.mode is Mode.FULL:
        with open_ledger() as engine, tenant_session(engine, TENANT) as session:
            cover_pair(session, report.request, uuid4())
    return report


def boss(engine: Engine) -> Caller:
    return Caller(engine, TENANT, "user:boss@example.org", Role.ADMIN)


def states(engine: Engine) -> dict[str, int]:
    """How many arrivals there are in each state."""
    with tenant_session(engine, TENANT) as session:
        rows = session.execute(text("SELECT state, count(*) AS number FROM unisync.arrivals GROUP BY 1")).all()
    return {row.state: row.number for row in rows}


def wait_until_carried(engine: Engine) -> None:
    """Wait until nothing waits any more."""
    wait_until(lambda: "pending" not in states(engine))
