"""Which connections a tenant's runs really use: in sandbox mode others stand in for the live ones, always."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from config.databases import warehouse_url
from config.places import place_of
from connectors.quickbooks.settings import is_for_trying
from connectors.supabase.settings import names_no_project, settings_of, with_any_door
from db.ledger import list_connections, load_connection
from db.ledger.sync_settings import SyncSettings, load_sync_settings
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System
from domain.sync import SyncRequest

OWN_WAREHOUSE = "warehouse"
"""The connection that every tenant has without connecting anything: the installation's own warehouse."""

OWN_SANDBOX = "warehouse-sandbox"
"""What stands in for it: the same database, tables of their own."""

SANDBOX_SCHEMA = "commerce_sandbox"


class Pair(NamedTuple):
    """The connections that a run reads and writes, and whether they stand in for others."""

    source: ConnectionName
    target: ConnectionName
    sandbox: bool


class Led(NamedTuple):
    """Where a connection leads."""

    system: System
    settings: Mapping[str, object]


def pair_in_use(session: Session, source: ConnectionName, target: ConnectionName) -> Pair:
    """Give the connections to use where these are named.

    Raises:
        Misconfigured: the tenant's sandbox mode is on, and nothing stands in for one of them or what does is live.
    """
    chosen = load_sync_settings(session)
    if not chosen.sandbox:
        return Pair(source, target, sandbox=False)
    # Every time: a connection may lead elsewhere than when it was chosen.
    if fault := sandbox_fault(led_by(session), chosen.replacements):
        raise Misconfigured(f"sandbox mode is on, but {fault}")
    return Pair(stand_in(session, chosen, source), stand_in(session, chosen, target), sandbox=True)


def stand_in(session: Session, chosen: SyncSettings, name: ConnectionName) -> ConnectionName:
    """Give the connection that stands in for this one; one that stands in itself is given as it is.

    Raises:
        Misconfigured: there is none.
    """
    if name == OWN_SANDBOX or name in chosen.replacements.values():
        return name
    if name in chosen.replacements:
        return chosen.replacements[name]
    if name == OWN_WAREHOUSE and load_connection(session, name) is None:
        return OWN_SANDBOX
    raise Misconfigured(
        f"sandbox mode is on and nothing stands in for the connection {name}, so it is not touched; "
        f"name a connection that does: unisync sandbox on --replace {name}=NAME"
    )


def led_by(session: Session) -> dict[ConnectionName, Led]:
    """Tell where the connections of the session's tenant lead."""
    return {each.name: Led(each.system, each.settings) for each in list_connections(session)}


def sandbox_fault(
    known: Mapping[ConnectionName, Led], replacements: Mapping[ConnectionName, ConnectionName]
) -> str | None:
    """Say which connection cannot stand in because a run would reach something live by it; None when all can.

    Whatever stands in leads elsewhere than all that is live, our own warehouse included. What is gone hinders nothing.
    """
    pairs = {live: (name, known[name]) for live, name in replacements.items() if name in known}
    live_ones = {name: known[name] for name in sorted(known.keys() - set(replacements.values()), reverse=True)}
    if any(led.system is System.SUPABASE for _, led in pairs.values()):
        if OWN_WAREHOUSE not in known:
            live_ones[OWN_WAREHOUSE] = Led(System.SUPABASE, settings_of(warehouse_url()).model_dump())
        if fault := pooler_fault({**live_ones, **dict(pairs.values())}):
            return fault
    places = {reach_of(led): name for name, led in live_ones.items()}
    systems = {OWN_WAREHOUSE: System.SUPABASE, **{name: led.system for name, led in known.items()}}
    for live, (name, led) in pairs.items():
        if led.system is not systems.get(live, led.system):
            return f"{live} leads to {systems[live]} and {name} to {led.system}"
        if reached := places.get(reach_of(led)):
            return f"{name} leads to the same place as {reached}, so it is no sandbox"
        if led.system is System.QUICKBOOKS and not is_for_trying(led.settings):
            return f"{name} is no sandbox company: connect one of Intuit's sandboxes"
    return None


def pooler_fault(used: Mapping[ConnectionName, Led]) -> str | None:
    """Say which connection may lead to any Supabase project, as older versions stored some; None when none does."""
    nameless = [name for name, led in used.items() if led.system is System.SUPABASE and names_no_project(led.settings)]
    if not nameless:
        return None
    return f"{nameless[0]} does not tell its Supabase project: connect it anew by a URL with the user postgres.PROJECT"


def reach_of(led: Led) -> str:
    """Name the place that a run would reach, whichever port or socket of the server it takes."""
    return place_of(led.system, with_any_door(led.settings) if led.system is System.SUPABASE else led.settings)


def request_in_use(session: Session, request: SyncRequest) -> SyncRequest:
    """Give the request with the connections that it really uses; raises as ``pair_in_use`` does."""
    used = pair_in_use(session, request.source, request.target)
    return request.model_copy(update=used._asdict())
