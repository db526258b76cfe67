"""How connections are found to be: by a real call when somebody asks, and by what happens to runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from sqlalchemy.engine import Engine

from connectors.http import Patience
from db.ledger.health import note_failure, note_success
from db.session import tenant_session
from domain.connector import Vitals
from domain.errors import ConnectorError
from domain.keys import ConnectionName, TenantName

BRIEF = Patience(attempts=2, first_wait=0.5, longest_wait=2.0, longest_asked=2.0, deadline=20.0)
"""How a system is asked while somebody waits for the answer."""


class Checkup(NamedTuple):
    """What a system said of itself, and how many seconds that took."""

    vitals: Vitals
    latency: float


@contextmanager
def noting(engine: Engine, tenant: TenantName, names: Collection[ConnectionName]) -> Iterator[None]:
    """Keep how the connections served what is done in the block: which one failed, or that all of them worked."""
    try:
        yield
    except ConnectorError as error:
        if error.connection and error.connection in names:
            # What ends the run must not be hidden by a ledger that is away as well.
            with suppress(ConnectorError), tenant_session(engine, tenant) as session:
                note_failure(session, error.connection, error)
        raise
    with suppress(ConnectorError), tenant_session(engine, tenant) as session:
        for name in sorted(names):
            note_success(session, name)
