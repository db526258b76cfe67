"""How connections are: when the other side last answered, and with what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import loggable, storable
from db.models.integrations import connection_health
from db.models.runs import problems
from domain.connector import Vitals
from domain.errors import AccessDenied, ConnectorError
from domain.keys import ConnectionName


class Pulse(BaseModel):
    """What is known of a connection from checks and runs; ``clock_ahead`` and ``latency`` in seconds.

    ``refused`` tells whether the last failure was that our credentials were refused.
    """

    model_config = ConfigDict(frozen=True)

    checked_at: datetime | None = None
    place: str = ""
    version: str = ""
    clock_ahead: float | None = None
    latency: float | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""
    refused: bool = False

    @property
    def works(self) -> bool | None:
        """Whether it worked when it was last used; None when it never was."""
        if self.last_success_at is None or self.last_failure_at is None:
            return None if self.last_success_at == self.last_failure_at else self.last_failure_at is None
        return self.last_success_at > self.last_failure_at


class Owed(BaseModel):
    """How many records wait in the queue of a connection, and since when."""

    model_config = ConfigDict(frozen=True)

    open: int = 0
    oldest_at: datetime | None = None


def note_check(session: Session, name: ConnectionName, vitals: Vitals, latency: float) -> None:
    """Keep what a system said of itself when it was checked, and that it answered."""
    _note(
        session,
        name,
        checked_at=func.clock_timestamp(),
        place=storable(vitals.place),
        version=storable(vitals.version),
        clock_ahead=vitals.clock_ahead,
        latency=latency,
        last_success_at=func.clock_timestamp(),
    )


def note_success(session: Session, name: ConnectionName) -> None:
    """Keep that a run came through this connection to its end."""
    _note(session, name, last_success_at=func.clock_timestamp())


def note_failure(session: Session, name: ConnectionName, error: ConnectorError) -> None:
    """Keep why a check or a run did not get through."""
    _note(
        session,
        name,
        last_failure_at=func.clock_timestamp(),
        last_failure=loggable(str(error.args[0])),
        refused=isinstance(error, AccessDenied),
    )


def load_pulses(session: Session, names: Collection[ConnectionName]) -> dict[ConnectionName, Pulse]:
    """Give what is known of these connections; one that was never used is left out."""
    rows = session.execute(select(connection_health).where(connection_health.c.connection.in_(names))).mappings()
    return {row["connection"]: Pulse.model_validate(dict(row)) for row in rows}


def load_owed(session: Session, names: Collection[ConnectionName]) -> dict[ConnectionName, Owed]:
    """Give what waits at these connections, on either side; one where nothing waits is left out."""
    sides = [problems.c.source_connection, problems.c.target_connection]
    owed: dict[ConnectionName, Owed] = {}
    for side in sides:
        rows = session.execute(
            select(side, func.count(), func.min(problems.c.first_seen))
            .where(side.in_(names), problems.c.state == "open")
            .group_by(side)
        )
        owed |= {name: Owed(open=count, oldest_at=oldest) for name, count, oldest in rows}
    return owed


def _note(session: Session, name: ConnectionName, **values: object) -> None:
    statement = insert(connection_health).values(connection=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "connection"], set_=values))
