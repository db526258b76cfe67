"""How a connection is made, changed and removed: what works stays as it is until its successor has proved to work."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.wiring import POSTING, endpoint, open_ledger, open_vault, posting_policy, require_tenant, try_endpoint
from db import ledger
from db.ledger import StoredConnection
from db.session import owner_session, tenant_session
from db.vault import Vault, bound_to
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName

PLACE = "place"
"""The snapshot that tells where a removed connection led."""


def connect(
    tenant: TenantName,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
) -> None:
    """Store the connection once one real call has proved that it works; if it does not, nothing has changed.

    A posting policy that is stored stays, unless ``settings`` bring another.

    Raises:
        ConnectorError: it does not work.
        Misconfigured: records of another shop or company are linked under this name.
    """
    vault = open_vault()
    with open_ledger() as engine:
        with tenant_session(engine, tenant) as session:
            require_tenant(session, tenant)
            before = ledger.lock_connection(session, name)
            moved = moves(session, before, name, system, settings)
            kept = {**policy_of(before), **settings}
            tried = endpoint(engine, tenant, name, system, kept, credentials)
            # Tokens may change with the first call, and must be kept before they are used.
            sealed = vault.seal(credentials, bound_to=bound_to(tenant, name))
            ledger.save_connection(session, name, system, kept, sealed, vault.key_id, enabled=False)
        try:
            try_endpoint(tried)
        except BaseException:
            put_back(engine, vault, tenant, name, before, credentials)
            raise
        if moved:
            forget(engine, tenant, name)
        with tenant_session(engine, tenant) as session:
            ledger.enable_connection(session, name)


def change_policy(tenant: TenantName, name: ConnectionName, chosen: object) -> None:
    """Give a set of books another posting policy; nothing else about the connection changes.

    Raises:
        Misconfigured: the policy cannot be used, or the connection is no set of books.
    """
    with open_ledger() as engine, tenant_session(engine, tenant) as session:
        stored = require_connection(session, tenant, name)
        if stored.system is not System.QUICKBOOKS:
            raise Misconfigured(f"the connection {name} leads to {stored.system}, which takes no posting policy")
        posting_policy(chosen, name)
        ledger.save_settings(session, name, {**stored.settings, POSTING: chosen})


def disconnect(tenant: TenantName, name: ConnectionName) -> None:
    """Remove the connection with its credentials; links stay, and so does the knowledge where it led.

    Raises:
        Misconfigured: there is none.
    """
    with open_ledger() as engine:
        with tenant_session(engine, tenant) as session:
            stored = require_connection(session, tenant, name)
        forget(engine, tenant, name)
        with owner_session(engine) as session:
            ledger.remove_connection(session, tenant, name)
            ledger.save_snapshot(session, name, PLACE, json.dumps(place(stored.system, stored.settings)))


def require_connection(session: Session, tenant: TenantName, name: ConnectionName) -> StoredConnection:
    """Give a stored connection and hold it until the transaction ends.

    Raises:
        Misconfigured: there is none.
    """
    require_tenant(session, tenant)
    stored = ledger.lock_connection(session, name)
    if stored is None:
        raise Misconfigured(f"tenant {tenant} has no connection {name}; unisync connections lists those it has")
    return stored


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
        Misconfigured: it did, and records of that one are linked.
    """
    snapshot = None if before else ledger.load_snapshot(session, name, PLACE)
    former = place(before.system, before.settings) if before else json.loads(snapshot.content) if snapshot else None
    wanted = place(system, settings)
    if former in (None, wanted):
        return False
    if ledger.has_links(session, name):
        raise Misconfigured(f"{name} leads to {former} and records are linked to it; connect {wanted} under a new name")
    return True


def policy_of(stored: StoredConnection | None) -> dict[str, object]:
    """Give the setting with the posting policy of a connection that has one."""
    return {} if stored is None else {key: value for key, value in stored.settings.items() if key == POSTING}


def forget(engine: Engine, tenant: TenantName, name: ConnectionName) -> None:
    """Forget what was learnt of the system that the connection led to."""
    with owner_session(engine) as session:
        ledger.forget_place(session, tenant, name)


def put_back(
    engine: Engine,
    vault: Vault,
    tenant: TenantName,
    name: ConnectionName,
    before: StoredConnection | None,
    tried: Mapping[str, str],
) -> None:
    """Let the connection be what it was before others were tried in its place: nothing, or just as it was."""
    if before is None:
        with owner_session(engine) as session:
            ledger.remove_connection(session, tenant, name)
        return
    with tenant_session(engine, tenant) as session:
        now = ledger.lock_connection(session, name)
        ledger.restore_connection(session, before if now is None else rescued(vault, tenant, before, now, tried))


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
