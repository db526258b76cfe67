"""Which connections a tenant's runs really use: in sandbox mode others stand in for the live ones, always."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from db.ledger import load_connection
from db.ledger.sync_settings import SyncSettings, load_sync_settings
from domain.errors import Misconfigured
from domain.keys import ConnectionName
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


def pair_in_use(session: Session, source: ConnectionName, target: ConnectionName) -> Pair:
    """Give the connections to use where these are named.

    Raises:
        Misconfigured: the tenant's sandbox mode is on and nothing stands in for one of them.
    """
    chosen = load_sync_settings(session)
    if not chosen.sandbox:
        return Pair(source, target, sandbox=False)
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


def request_in_use(session: Session, request: SyncRequest) -> SyncRequest:
    """Give the request with the connections that it really uses; raises as ``pair_in_use`` does."""
    used = pair_in_use(session, request.source, request.target)
    return request.model_copy(update=used._asdict())
