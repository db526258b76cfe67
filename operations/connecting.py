"""How a connection is made or changed: what works stays as it is until its successor has proved to work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from config.sandbox import OWN_SANDBOX
from config.settings import settings
from config.wiring import POSTING, Endpoint, endpoint, open_vault, try_endpoint
from db import ledger
from db.ledger import StoredConnection
from db.ledger.arrivals import ignore_waiting
from db.ledger.health import note_check
from db.ledger.webhooks import forget_webhooks
from db.session import owner_session
from db.vault import Vault, bound_to
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName
from domain.refusals import Clash, Unknown, Unusable
from operations.caller import Caller

PLACE = "place"
"""The snapshot that tells where a removed connection led."""

RESERVED = frozenset({"connections", "health", "status", OWN_SANDBOX})
"""What no connection can be called: the service has pages of these names where connections have theirs."""


@dataclass(frozen=True)
class Candidate:
    """A connection as somebody wants to have it; holds credentials in clear, so it lives for a moment only.

    ``public_only`` is false where the operator of the machine chose the address. ``enabled`` says whether it is to be
    used once it has proved to work.
    """

    name: ConnectionName
    system: System
    settings: Mapping[str, object]
    credentials: Mapping[str, str] = field(repr=False)
    public_only: bool = True
    enabled: bool = True


def connect(caller: Caller, wanted: Candidate, action: str = "connection.connect") -> None:
    """Store the connection once a real call has proved that it works; if it does not, nothing has changed.

    A posting policy that is stored stays, unless the settings bring another.

    Raises:
        ConnectorError: it does not work.
        Clash: records of another shop or company are linked under this name.
        Unusable: the name or the address cannot be taken.
    """
    require_free_name(wanted.name)
    require_intuit(wanted)
    vault, name = open_vault(), wanted.name
    with caller.ledger() as session:
        before = ledger.lock_connection(session, name)
        moved = moves(session, before, name, wanted.system, wanted.settings)
        tried = put_in_place(caller, session, vault, before, wanted)
    try:
        checkup = try_endpoint(tried)
    except BaseException:
        put_back(caller, vault, before, wanted)
        raise
    if moved:
        forget(caller, name)
    with caller.ledger() as session:
        if moved:
            ignore_waiting(session, name, "the connection leads elsewhere now")
            forget_webhooks(session, name)
        ledger.enable_connection(session, name, enabled=wanted.enabled)
        note_check(session, name, *checkup)
        caller.note(session, action, name, system=wanted.system, place=place(wanted.system, wanted.settings))


def put_in_place(
    caller: Caller, session: Session, vault: Vault, before: StoredConnection | None, wanted: Candidate
) -> Endpoint:
    """Store the connection, switched off, in place of the one before; gives what opens it."""
    name, kept = wanted.name, {**policy_of(before), **wanted.settings}
    to_try = endpoint(
        caller.engine, caller.tenant, name, wanted.system, kept, wanted.credentials, public_only=wanted.public_only
    )
    # Tokens may change with the first call, and must be kept before they are used.
    sealed = vault.seal(wanted.credentials, bound_to=bound_to(caller.tenant, name))
    public_only = wanted.public_only
    ledger.save_connection(
        session, name, wanted.system, kept, sealed, vault.key_id, enabled=False, public_only=public_only
    )
    return to_try


def require_free_name(name: ConnectionName) -> None:
    """Make sure that a connection can be called so.

    Raises:
        Unusable: it cannot.
    """
    if name in RESERVED:
        raise Unusable(f"no connection can be called {name}; choose another name", field="name")


def require_intuit(wanted: Candidate) -> None:
    """Make sure that who is not at the machine itself connects companies at Intuit and nowhere else.

    A server of their own would answer for any company, and so take the company's place from its real owner.

    Raises:
        Unusable: a stand-in is named, and this installation is not one for trying things out.
    """
    stands_in = wanted.system is System.QUICKBOOKS and bool(wanted.settings.get("url"))
    if stands_in and wanted.public_only and not settings().allow_private_addresses:
        raise Unusable("only the installation's operator can connect a twin of QuickBooks", field="twin")


def require_connection(session: Session, tenant: TenantName, name: ConnectionName) -> StoredConnection:
    """Give a stored connection and hold it until the transaction ends.

    Raises:
        Unknown: there is none.
    """
    stored = ledger.lock_connection(session, name)
    if stored is None:
        raise unknown(tenant)
    return stored


def find_connection(session: Session, tenant: TenantName, name: ConnectionName) -> StoredConnection:
    """Give a stored connection; raises as ``require_connection`` does."""
    stored = ledger.load_connection(session, name)
    if stored is None:
        raise unknown(tenant)
    return stored


def unknown(tenant: TenantName) -> Unknown:
    """Say that there is no such connection; not in the words that were sent."""
    return Unknown(f"tenant {tenant} has no such connection; unisync connections lists those it has")


def place(system: System, settings: Mapping[str, object]) -> str:
    """Name the shop or company that a connection leads to; a warehouse may move."""
    found = {System.WOOCOMMERCE: settings.get("url"), System.QUICKBOOKS: settings.get("realm_id")}
    return f"{system} {found.get(system, '')}".strip().rstrip("/").lower()


def moves(
    session: Session,
    before: StoredConnection | None,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
) -> bool:
    """Whether the name led to another shop or company before.

    Raises:
        Clash: it did, and records of that one are linked.
    """
    snapshot = None if before else ledger.load_snapshot(session, name, PLACE)
    former = place(before.system, before.settings) if before else json.loads(snapshot.content) if snapshot else None
    wanted = place(system, settings)
    if former in (None, wanted):
        return False
    if ledger.has_links(session, name):
        raise Clash(f"{name} leads to {former} and records are linked to it; connect {wanted} under a new name")
    return True


def policy_of(stored: StoredConnection | None) -> dict[str, object]:
    """Give the setting with the posting policy of a connection that has one."""
    return {} if stored is None else {key: value for key, value in stored.settings.items() if key == POSTING}


def forget(caller: Caller, name: ConnectionName) -> None:
    """Forget what was learnt of the system that the connection led to."""
    with owner_session(caller.engine) as session:
        ledger.forget_place(session, caller.tenant, name)


def put_back(caller: Caller, vault: Vault, before: StoredConnection | None, tried: Candidate) -> None:
    """Let the connection be what it was before others were tried in its place: nothing, or just as it was."""
    if before is None:
        with owner_session(caller.engine) as session:
            ledger.remove_connection(session, caller.tenant, tried.name)
        return
    with caller.ledger() as session:
        now = ledger.lock_connection(session, tried.name)
        kept = before if now is None else rescued(vault, caller.tenant, before, now, tried.credentials)
        ledger.restore_connection(session, kept)


def rescued(
    vault: Vault, tenant: TenantName, before: StoredConnection, now: StoredConnection, tried: Mapping[str, str]
) -> StoredConnection:
    """Give what is to be put back: with newer tokens if those it had were tried again, which ends them."""
    at = bound_to(tenant, before.name)
    try:
        former = vault.open(before.sealed, bound_to=at)
    except Misconfigured:
        return before  # sealed with another key, so of no use to us, but whole
    newer = vault.open(now.sealed, bound_to=at)
    token = "refresh_token"  # noqa: S105 - the name of one
    if former.get(token) != tried.get(token) or newer.get(token) == tried.get(token):
        return before
    sealed = vault.seal({**newer, "client_secret": former["client_secret"]}, bound_to=at)
    return before.model_copy(update={"sealed": sealed, "key_id": vault.key_id})
