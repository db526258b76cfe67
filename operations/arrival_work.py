"""What is to be done about what arrived: which records of which kinds, each once, however often they were told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from connectors.quickbooks.webhooks import WATCHED
from db.ledger import links_of
from db.ledger.arrivals import (
    Arrival,
    Waiting,
    close_arrivals,
    note_attempt,
    note_carried,
    waiting_for,
)
from db.session import tenant_session
from domain.keys import Kind, TenantName
from domain.writes import LinkState
from operations.book_changes import Change
from operations.lanes import LOOK, Lane, lanes_of


class Pause(NamedTuple):
    """How long nothing more may have come before a lane starts, and how long it waits for that at most."""

    quiet: timedelta
    longest: timedelta


# A shop tells of one edit several times within a moment, and of a bulk edit in a row. Orders go into the books at once;
# the warehouse lets them go first, and what the books tell of is mostly the echo of what we wrote there.
PAUSES = {
    WOOCOMMERCE_TO_QUICKBOOKS: Pause(timedelta(seconds=0.2), timedelta(seconds=1)),
    WOOCOMMERCE_TO_SUPABASE: Pause(timedelta(seconds=1), timedelta(seconds=3)),
    LOOK: Pause(timedelta(seconds=2), timedelta(seconds=10)),
}
ARRIVALS_AT_ONCE = 500
IDS_AT_ONCE = 500

DELETED = ".deleted"


class Step(NamedTuple):
    """Records of one kind to be carried."""

    kind: Kind
    ids: tuple[str, ...]


class Work(NamedTuple):
    """What waits in a lane, and the steps that carry it; for ``ready_in`` seconds more may be coming."""

    waiting: Waiting
    steps: tuple[Step, ...] = ()
    ready_in: float = 0.0

    @property
    def ids(self) -> list[int]:
        """Name what it came from."""
        return [arrival.id for arrival in self.waiting.arrivals]

    @property
    def changes(self) -> list[Change]:
        """Give what was told of books; the record that a merge swallowed has changed too."""
        return [
            Change(arrival.kind, record_id, arrival.changed_at)
            for arrival in self.waiting.arrivals
            if arrival.kind in WATCHED
            for record_id in (arrival.record_id, *arrival.related)
        ]


def find_work(engine: Engine, tenant: TenantName, lane: Lane) -> Work | None:
    """Give what is to be done in a lane; None when nothing waits."""
    with tenant_session(engine, tenant) as session:
        waiting = waiting_for(session, lane.connection, lane.target, ARRIVALS_AT_ONCE)
        matters = [arrival for arrival in waiting.arrivals if concerns(lane, arrival)]
        if not waiting.arrivals:
            return None
        steps = tuple(steps_of(session, lane, matters)) if lane.route else ()
        return Work(waiting, steps, waiting.unquiet_for(matters, *PAUSES[lane.route]))


def concerns(lane: Lane, arrival: Arrival) -> bool:
    """Whether the target of the lane takes such records at all."""
    # Of what was deleted only the id is told, and products and variations share their ids.
    kinds = (Kind.PRODUCT, Kind.VARIATION) if arrival.kind == Kind.PRODUCT else (arrival.kind,)
    return not lane.route or bool(set(kinds) & set(lane.kinds))


def steps_of(session: Session, lane: Lane, arrivals: Sequence[Arrival]) -> Iterator[Step]:
    """Give the steps in the order of the route; a deleted record is looked after only where it is known."""
    wanted: dict[Kind, dict[str, None]] = {kind: {} for kind in lane.kinds}
    deleted: dict[Kind, dict[str, None]] = {}
    for arrival in arrivals:
        kinds = [Kind.PRODUCT, Kind.VARIATION] if arrival.kind == Kind.PRODUCT else [Kind(arrival.kind)]
        if arrival.topic.endswith(DELETED):
            for kind in kinds:
                deleted.setdefault(kind, {})[arrival.record_id] = None
            continue
        wanted.get(kinds[0], {})[arrival.record_id] = None
        wanted.get(Kind.REFUND, {}).update(dict.fromkeys(arrival.related))
    for kind in deleted.keys() & wanted.keys():
        links = links_of(session, lane.connection, kind, list(deleted[kind]), lane.target)
        wanted[kind].update({key.id: None for key, link in links.items() if link.state is LinkState.LIVE})
    for kind, ids in wanted.items():
        named = list(ids)
        for start in range(0, len(named), IDS_AT_ONCE):
            yield Step(kind, tuple(named[start : start + IDS_AT_ONCE]))


def finish(engine: Engine, tenant: TenantName, lane: Lane, work: Work, flow_run_id: str | None) -> None:
    """Note that the target has all of it, and what every target now has as done."""
    with tenant_session(engine, tenant) as session:
        note_carried(session, work.ids, lane.target, work.waiting.at, flow_run_id)
        if targets := [each.target for each in lanes_of(session, lane.connection).every]:
            close_arrivals(session, lane.connection, targets)


def give_back(engine: Engine, tenant: TenantName, work: Work, why: str, most_attempts: int | None = None) -> None:
    """Let it wait on, and note why; after ``most_attempts`` it counts as failed, and the schedules find it."""
    with tenant_session(engine, tenant) as session:
        note_attempt(session, work.ids, why, most_attempts)
