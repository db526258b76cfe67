"""Lanes: where what arrived has to go, what each target still lacks, and how it fared there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.routes import ROUTES, WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE, pair_in_use
from db.ledger import StoredConnection, links_of, load_connection
from db.ledger.arrivals import Arrival, close_arrivals, note_carried, note_delay, note_failure, waiting_for
from db.ledger.confirmations import covered_from
from db.ledger.sync_settings import load_sync_settings
from db.ledger.webhooks import are_on
from db.session import tenant_session
from db.tenancy import TENANT
from domain.errors import Misconfigured
from domain.keys import ConnectionName, Kind, System, TenantName
from domain.writes import LinkState
from operations.book_changes import Change

NOWHERE = "nothing that comes from it was ever carried anywhere by a confirmed run in mode full"
GONE = "all that it was ever carried to is disconnected"
ONLY_IN_SANDBOX = "sandbox mode is off, and what comes from it is carried only while it is on"
SWITCHED_OFF = "webhooks are switched off"

# How long nothing more may have come before a lane starts, and how long it waits for that at most. A shop tells of one
# edit several times within a moment, and of a bulk edit in a row. Orders go into the books at once; the warehouse lets
# them go first, and what books tell of themselves is mostly the echo of what we wrote there.
PAUSES: dict[str | None, tuple[timedelta, timedelta]] = {
    WOOCOMMERCE_TO_QUICKBOOKS: (timedelta(seconds=0.2), timedelta(seconds=1)),
    WOOCOMMERCE_TO_SUPABASE: (timedelta(seconds=1), timedelta(seconds=3)),
    None: (timedelta(seconds=2), timedelta(seconds=10)),
}
ARRIVALS_AT_ONCE = 500
IDS_AT_ONCE = 500
# Of failures that nobody foresaw; what is merely away or busy is waited for until the purge takes what waits.
MOST_ATTEMPTS = 5

DELETED = ".deleted"


class Lane(NamedTuple):
    """The way from a connection to one target, along a route; books are their own target, without one: we only look."""

    tenant: TenantName
    connection: ConnectionName
    target: ConnectionName
    route: str | None = None
    kinds: tuple[Kind, ...] = ()

    def __str__(self) -> str:
        return f"what came from {self.connection} of {self.tenant} for {self.target}"


class Lanes(NamedTuple):
    """All lanes of a connection: those that are ``open``, and why the others wait."""

    every: tuple[Lane, ...]
    open: tuple[Lane, ...]
    waits_because: str


class Step(NamedTuple):
    """Records of one kind to be carried."""

    kind: Kind
    ids: tuple[str, ...]


class Work(NamedTuple):
    """What a lane's target lacks, by the ledger's clock ``at``, and the steps that carry it.

    For ``ready_in`` seconds more may be coming.
    """

    arrivals: Sequence[Arrival]
    at: datetime
    steps: tuple[Step, ...] = ()
    ready_in: float = 0.0

    @property
    def ids(self) -> list[int]:
        """Name what it came from."""
        return [arrival.id for arrival in self.arrivals]

    @property
    def changes(self) -> list[Change]:
        """Give what was told of books; the record that a merge swallowed has changed too."""
        return [
            Change(arrival.kind, record_id, arrival.changed_at)
            for arrival in self.arrivals
            for record_id in (arrival.record_id, *arrival.related)
        ]


def lanes_of(session: Session, connection: ConnectionName) -> Lanes:
    """Tell where what a connection told has to go.

    Only what a confirmed run once carried is carried on; what is not in use, withdrawn or switched off waits.
    """
    stored = load_connection(session, connection)
    if stored is None:
        return Lanes((), (), "the connection is gone")
    if stored.system is System.QUICKBOOKS:
        every = [Lane(session.info[TENANT], connection, connection)]
    else:
        every = list(_covered(session, connection))
    reasons = {lane: _reason_to_wait(session, stored, lane) for lane in every}
    because = dict.fromkeys(filter(None, reasons.values())) if every else [_why_nowhere(session, connection)]
    return Lanes(tuple(every), tuple(lane for lane in every if not reasons[lane]), "; ".join(because))


def find_work(engine: Engine, lane: Lane) -> Work | None:
    """Give what is to be done in a lane; None when nothing waits."""
    with tenant_session(engine, lane.tenant) as session:
        arrivals, at = waiting_for(session, lane.connection, lane.target, ARRIVALS_AT_ONCE)
        if not arrivals:
            return None
        matters = [each for each in arrivals if lane.route is None or set(_kinds(each)) & set(lane.kinds)]
        steps = tuple(_steps(session, lane, matters)) if lane.route else ()
        return Work(arrivals, at, steps, _pause(lane, matters, at))


def finish(engine: Engine, lane: Lane, work: Work, flow_run_id: str | None) -> None:
    """Note that the target has all of it; what no target in use waits for is over."""
    with tenant_session(engine, lane.tenant) as session:
        note_carried(session, work.ids, lane.target, work.at, flow_run_id)
        close(session, lane.connection, lanes_of(session, lane.connection))


def delay(engine: Engine, lane: Lane, work: Work, why: str) -> None:
    """Let it wait on, and note why."""
    with tenant_session(engine, lane.tenant) as session:
        note_delay(session, work.ids, f"{lane.target}: {why}")


def fail(engine: Engine, lane: Lane, work: Work, why: str, most_attempts: int = MOST_ATTEMPTS) -> None:
    """Note a failed attempt; after ``most_attempts`` the target is given up, and left to the schedules."""
    with tenant_session(engine, lane.tenant) as session:
        note_failure(session, work.ids, lane.target, f"{lane.target}: {why}", most_attempts)
        close(session, lane.connection, lanes_of(session, lane.connection))


def close(session: Session, connection: ConnectionName, lanes: Lanes) -> None:
    """Note as over what a connection told and none of these lanes, all it has, waits for."""
    if lanes.every:
        close_arrivals(session, connection, [lane.target for lane in lanes.every])


def _covered(session: Session, connection: ConnectionName) -> Iterable[Lane]:
    chosen = load_sync_settings(session)
    stand_ins = {OWN_SANDBOX, *chosen.replacements.values()}
    for (route, target), kinds in covered_from(session, connection).items():
        # What was disconnected takes nothing; what stands in for something else is in use only while it does.
        if _is_there(session, target) and (chosen.sandbox or not stand_ins & {connection, target}):
            carried = tuple(kind for kind in ROUTES[route].kinds if kind in kinds)
            yield Lane(session.info[TENANT], connection, target, route, carried)


def _is_there(session: Session, target: ConnectionName) -> bool:
    return target in (OWN_WAREHOUSE, OWN_SANDBOX) or load_connection(session, target) is not None


def _why_nowhere(session: Session, connection: ConnectionName) -> str:
    targets = {target for _, target in covered_from(session, connection)}
    if not targets:
        return NOWHERE
    return ONLY_IN_SANDBOX if any(_is_there(session, target) for target in targets) else GONE


def _reason_to_wait(session: Session, source: StoredConnection, lane: Lane) -> str:
    if not are_on(session):
        return SWITCHED_OFF
    target = load_connection(session, lane.target)
    for stored in (source, target):
        if stored is not None and not stored.is_usable:
            return f"{stored.name} cannot be used: it is switched off or must be connected anew"
    try:
        used = pair_in_use(session, lane.connection, lane.target)
    except Misconfigured as error:
        return str(error)
    is_meant = lane.route is None or (used.source, used.target) == (lane.connection, lane.target)
    return "" if is_meant else f"sandbox mode is on, and {used.source} stands in for {lane.connection}"


def _pause(lane: Lane, matters: Sequence[Arrival], at: datetime) -> float:
    if not matters:
        return 0.0
    quiet, longest = PAUSES[lane.route]
    newest = max(arrival.last_seen for arrival in matters)
    oldest = min(arrival.pending_since for arrival in matters)
    return max(0.0, (min(newest + quiet, oldest + longest) - at).total_seconds())


def _steps(session: Session, lane: Lane, arrivals: Sequence[Arrival]) -> Iterator[Step]:
    """Give the steps in the order of the route; a deleted record is looked after only where it is known."""
    wanted: dict[Kind, dict[str, None]] = {kind: {} for kind in lane.kinds}
    deleted: dict[Kind, dict[str, None]] = {}
    for arrival in arrivals:
        if arrival.topic.endswith(DELETED):
            for kind in _kinds(arrival):
                deleted.setdefault(kind, {})[arrival.record_id] = None
        else:
            wanted.get(Kind(arrival.kind), {})[arrival.record_id] = None
            wanted.get(Kind.REFUND, {}).update(dict.fromkeys(arrival.related))
    for kind in deleted.keys() & wanted.keys():
        links = links_of(session, lane.connection, kind, list(deleted[kind]), lane.target)
        wanted[kind].update({key.id: None for key, link in links.items() if link.state is LinkState.LIVE})
    for kind, ids in wanted.items():
        named = list(ids)
        for start in range(0, len(named), IDS_AT_ONCE):
            yield Step(kind, tuple(named[start : start + IDS_AT_ONCE]))


def _kinds(arrival: Arrival) -> tuple[Kind, ...]:
    # Of what was deleted only the id is told, and products and variations share their ids.
    is_either = arrival.kind == Kind.PRODUCT and arrival.topic.endswith(DELETED)
    return (Kind.PRODUCT, Kind.VARIATION) if is_either else (Kind(arrival.kind),)
