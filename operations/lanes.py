"""Where what arrived has to go: every target that its connection is carried to, and which of them wait just now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy.orm import Session

from config.routes import ROUTES
from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE, pair_in_use
from db.ledger import StoredConnection, load_connection
from db.ledger.confirmations import covered_from
from db.ledger.sync_settings import load_sync_settings
from db.ledger.webhooks import are_on
from domain.errors import Misconfigured
from domain.keys import ConnectionName, Kind, System

NOWHERE = "nothing that comes from it was ever carried anywhere by a confirmed run in mode full"
SWITCHED_OFF = "webhooks are switched off"


LOOK = ""
"""The route of a lane in which books are looked into, not written."""


class Lane(NamedTuple):
    """The way from a connection to one target; a set of books is looked into by itself, without a route."""

    connection: ConnectionName
    target: ConnectionName
    route: str = LOOK
    kinds: tuple[Kind, ...] = ()


class Lanes(NamedTuple):
    """All lanes of a connection: those that are ``open``, and why the others wait."""

    every: tuple[Lane, ...]
    open: tuple[Lane, ...]
    waits_because: str


def lanes_of(session: Session, connection: ConnectionName) -> Lanes:
    """Tell where what a connection told has to go.

    Only what a confirmed run once carried is carried on; what is not in use, withdrawn or switched off waits.
    """
    stored = load_connection(session, connection)
    if stored is None:
        return Lanes((), (), "the connection is gone")
    if stored.system is System.QUICKBOOKS:
        every = [Lane(connection, connection)]
    else:
        every = list(_covered(session, connection))
    reasons = {lane: _reason_to_wait(session, stored, lane) for lane in every}
    because = {reason: None for reason in reasons.values() if reason} if every else {NOWHERE: None}
    return Lanes(tuple(every), tuple(lane for lane in every if not reasons[lane]), "; ".join(because))


def _covered(session: Session, connection: ConnectionName) -> Iterable[Lane]:
    chosen = load_sync_settings(session)
    stand_ins = {OWN_SANDBOX, *chosen.replacements.values()}
    for (route, target), kinds in covered_from(session, connection).items():
        # What was disconnected takes nothing; what stands in for something else is in use only while it does.
        if not is_there(session, target):
            continue
        if chosen.sandbox or not stand_ins & {connection, target}:
            yield Lane(connection, target, route, tuple(kind for kind in ROUTES[route].kinds if kind in kinds))


def is_there(session: Session, target: ConnectionName) -> bool:
    """Whether a target is connected, or is the installation's own."""
    return target in (OWN_WAREHOUSE, OWN_SANDBOX) or load_connection(session, target) is not None


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
    is_meant = not lane.route or (used.source, used.target) == (lane.connection, lane.target)
    return "" if is_meant else f"sandbox mode is on, and {used.source} stands in for {lane.connection}"
