"""How much arrives, day by day in UTC, and how much of what changed no webhook told of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import Date, cast, exists, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of
from db.models.arrivals import ArrivalState, arrival_counts, arrivals
from domain.keys import ConnectionName, Kind

_TODAY = cast(func.timezone("UTC", func.clock_timestamp()), Date)


class DayCount(BaseModel):
    """One day of a connection.

    ``received`` counts everything with a right signature; of that ``repeated`` was known already, ``ignored`` names
    nothing that is synced or came while webhooks were off. ``refused`` had no right signature, ``stale`` was too old.
    ``changes`` were found by walks through the shop; ``missed`` of them no webhook had told of.
    """

    model_config = ConfigDict(frozen=True)

    day: date
    received: int = 0
    repeated: int = 0
    ignored: int = 0
    refused: int = 0
    stale: int = 0
    changes: int = 0
    missed: int = 0
    last_at: AwareDatetime | None = None


class Delays(BaseModel):
    """Seconds from arrival until every target had it, of what was carried since a moment."""

    model_config = ConfigDict(frozen=True)

    carried: int
    median: float | None
    p95: float | None


def count_arrivals(session: Session, connection: ConnectionName, **more: int) -> None:
    """Add to the counts of today; what was ``received`` moves the moment of the last arrival."""
    values = {name: number for name, number in more.items() if number}
    if not values:
        return
    moved = {"last_at": func.clock_timestamp()} if "received" in values else {}
    statement = insert(arrival_counts).values(connection=connection, day=_TODAY, **values, **moved)
    added = {name: arrival_counts.c[name] + number for name, number in values.items()}
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "connection", "day"], set_=added | moved))


def list_counts(session: Session, connection: ConnectionName, days: int) -> list[DayCount]:
    """Give the days on which something happened, the last first."""
    rows = session.execute(
        select(arrival_counts)
        .where(arrival_counts.c.connection == connection, arrival_counts.c.day > _TODAY - days)
        .order_by(arrival_counts.c.day.desc())
    ).mappings()
    return [DayCount.model_validate(row) for row in rows]


def last_arrival(session: Session, connection: ConnectionName) -> datetime | None:
    """Tell when something with a right signature came last."""
    last: datetime | None = session.scalar(
        select(func.max(arrival_counts.c.last_at)).where(arrival_counts.c.connection == connection)
    )
    return last


def delays(session: Session, connection: ConnectionName, days: int) -> Delays:
    """Tell how long it took from arrival until every target had it."""
    seconds = extract("epoch", arrivals.c.done_at - arrivals.c.pending_since)
    row = session.execute(
        select(
            func.count(),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.95).within_group(seconds),
        ).where(
            arrivals.c.connection == connection,
            arrivals.c.state == ArrivalState.DONE,
            arrivals.c.done_at > func.now() - timedelta(days=days),
        )
    ).one()
    return Delays(carried=row[0], median=_seconds(row[1]), p95=_seconds(row[2]))


def count_states(session: Session, connection: ConnectionName) -> dict[ArrivalState, int]:
    """Count what is in the inbox by what became of it."""
    rows = session.execute(
        select(arrivals.c.state, func.count()).where(arrivals.c.connection == connection).group_by(arrivals.c.state)
    )
    return {ArrivalState(state): number for state, number in rows}


def untold(session: Session, connection: ConnectionName, kind: Kind, changed: Mapping[str, datetime]) -> int:
    """Count those of the records, changed at these moments, of which nothing at or after the moment was told."""
    columns = array_of(arrivals.c.record_id, list(changed)), array_of(arrivals.c.changed_at, list(changed.values()))
    page = func.unnest(*columns).table_valued("record_id", "at", name="page").render_derived()
    # What holds no stamp, as of a deleted record, is taken at the time it came; clocks differ.
    told = exists().where(
        arrivals.c.connection == connection,
        arrivals.c.kind == kind,
        arrivals.c.record_id == page.c.record_id,
        func.coalesce(arrivals.c.changed_at, arrivals.c.last_seen + timedelta(minutes=5)) >= page.c.at,
    )
    return session.scalar(select(func.count()).select_from(page).where(~told)) or 0


def _seconds(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 3)
