"""The only place that constructs: databases, the vault and connectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter
from typing import NamedTuple, TypeVar

from pydantic import ValidationError
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.checkups import BRIEF, Checkup
from config.databases import ledger_url, warehouse_url
from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE, SANDBOX_SCHEMA
from config.settings import settings
from connectors.registry import SOURCES, TARGETS, WEBHOOKS, Opening
from connectors.woocommerce.webhooks import ShopWebhooks
from db import ledger
from db.connection_memory import RECONNECT, ConnectionMemory
from db.ledger import StoredConnection
from db.session import open_engine, tenant_session
from db.vault import Vault, bound_to
from domain.connector import Reads, Writes
from domain.errors import AccessDenied, Misconfigured, first_fault
from domain.keys import ConnectionName, System, TenantName
from mapping.posting_policy import PostingPolicy

OWN_WAREHOUSES: dict[ConnectionName, dict[str, object]] = {OWN_WAREHOUSE: {}, OWN_SANDBOX: {"schema": SANDBOX_SCHEMA}}
"""The settings of the connections that every tenant has without connecting anything."""

POSTING = "posting"
"""The setting of a connection to a set of books that holds its posting policy."""

Opens = TypeVar("Opens")


@contextmanager
def open_ledger(at_once: int = 10) -> Iterator[Engine]:
    """Open the ledger's database, for so many transactions at once; closed at the end."""
    engine = open_engine(ledger_url(), at_once)
    try:
        yield engine
    finally:
        engine.dispose()


def open_vault() -> Vault:
    """Open the vault of this installation.

    Raises:
        Misconfigured: ``UNISYNC_SECRET_KEY`` is missing or no key, or one of ``UNISYNC_FORMER_SECRET_KEYS`` is none.
    """
    return Vault(settings().secret_key, settings().former_keys)


class Endpoint(NamedTuple):
    """A connection as it is stored, ready to be opened."""

    system: System
    opening: Opening
    policy: PostingPolicy


def require_tenant(session: Session, tenant: TenantName) -> None:
    """Make sure that the tenant exists.

    Raises:
        Misconfigured: it does not.
    """
    if not ledger.tenant_exists(session, tenant):
        raise Misconfigured(f"there is no tenant {tenant}; create it with: unisync tenant add {tenant}")


def load_endpoint(engine: Engine, tenant: TenantName, name: ConnectionName) -> Endpoint:
    """Give a stored connection with its credentials, or the installation's own warehouse.

    Raises:
        Misconfigured: no such connection, it is switched off, or its credentials cannot be opened.
        AccessDenied: the other side withdrew our access; a person must connect it anew.
    """
    with tenant_session(engine, tenant) as session:
        stored = ledger.load_connection(session, name)
    own = OWN_WAREHOUSES.get(name)
    if own is not None and (stored is None or name == OWN_SANDBOX):
        return endpoint(engine, tenant, name, System.SUPABASE, own, {"url": warehouse_url()}, public_only=False)
    if stored is None:
        raise Misconfigured(f"tenant {tenant} has no connection {name}: unisync connect --help tells how to make one")
    if not stored.enabled:
        raise Misconfigured(
            f"the connection {name} of tenant {tenant} is switched off; "
            f"switch it on with: unisync connections enable {name}"
        )
    if not stored.is_usable:
        # Before anything is read: what cannot be written would only be counted as failed once more.
        raise AccessDenied(RECONNECT, connection=name)
    return stored_endpoint(engine, tenant, stored)


def stored_endpoint(engine: Engine, tenant: TenantName, stored: StoredConnection) -> Endpoint:
    """Give a stored connection with its credentials, whether it may be used or not.

    Raises:
        Misconfigured: its credentials cannot be opened, or its settings cannot be used.
    """
    credentials = open_vault().open(stored.sealed, bound_to=bound_to(tenant, stored.name))
    return endpoint(
        engine, tenant, stored.name, stored.system, stored.settings, credentials, public_only=stored.public_only
    )


def endpoint(
    engine: Engine,
    tenant: TenantName,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    public_only: bool,
    memory: ConnectionMemory | None = None,
) -> Endpoint:
    """Put together what opens a connection; the posting policy of a set of books is among its settings.

    ``public_only`` keeps it to public addresses, unless this installation allows others to everybody.

    Raises:
        Misconfigured: one sentence naming the part of the policy that cannot be used.
    """
    own = {key: value for key, value in settings.items() if key != POSTING}
    policy = posting_policy(settings.get(POSTING, {}), name)
    memory = memory or ConnectionMemory(engine, tenant, name, open_vault())
    return Endpoint(system, Opening(tenant, name, own, credentials, memory, is_confined(public_only)), policy)


def is_confined(public_only: bool) -> bool:
    """Whether a connection that is meant for public addresses only is held to them here."""
    return public_only and not settings().allow_private_addresses


def posting_policy(chosen: object, name: ConnectionName) -> PostingPolicy:
    """Read the posting policy of the connection ``name``, as it is stored or as a bookkeeper wrote it.

    Raises:
        Misconfigured: one sentence naming the part of the policy that cannot be used.
    """
    try:
        return PostingPolicy.model_validate(chosen)
    except ValidationError as error:
        where, why = first_fault(error)
        part = f"{where} of the posting policy" if where else "the posting policy"
        raise Misconfigured(f"{part} cannot be used: {why}", connection=name) from None


def open_source(source: Endpoint) -> AbstractContextManager[Reads]:
    """Open a connection for reading; closed at the end of the block.

    Raises:
        Misconfigured: it cannot be read, or its settings cannot work.
    """
    return opener(SOURCES, source, "read")(source.opening)


def open_target(target: Endpoint) -> AbstractContextManager[Writes]:
    """Open a connection for writing; closed at the end of the block.

    Raises:
        Misconfigured: it cannot be written, or its settings cannot work.
    """
    return opener(TARGETS, target, "written")(target.opening)


def open_webhooks(source: Endpoint) -> AbstractContextManager[ShopWebhooks]:
    """Open the webhooks that a shop keeps, without patience, as somebody waits; closed at the end of the block.

    Raises:
        Misconfigured: the system keeps none, or its settings cannot work.
    """
    return opener(WEBHOOKS, source, "told which webhooks to send")(hurried(source).opening)


def try_endpoint(tried: Endpoint) -> Checkup:
    """Prove with a real call that a connection works; is not patient, because somebody waits.

    Raises:
        ConnectorError: it does not, and why.
    """
    asked = hurried(tried)
    opened: AbstractContextManager[Reads | Writes] = (
        open_source(asked) if asked.system in SOURCES else open_target(asked)
    )
    with opened as system:
        began = perf_counter()
        return Checkup(system.check(), perf_counter() - began)


def hurried(endpoint: Endpoint) -> Endpoint:
    """Give the connection as it is used while somebody waits: what is busy or away is not asked for long."""
    return endpoint._replace(opening=endpoint.opening._replace(patience=BRIEF))


def opener(openers: Mapping[System, Opens], endpoint: Endpoint, use: str) -> Opens:
    """Give the function that opens this endpoint for reading or for writing.

    Raises:
        Misconfigured: the system cannot be used that way.
    """
    if endpoint.system not in openers:
        raise Misconfigured(f"the connection {endpoint.opening.name} leads to {endpoint.system}, which cannot be {use}")
    return openers[endpoint.system]
