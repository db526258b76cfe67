"""The only place that constructs: databases, the vault, connectors and an open run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple, TypeVar
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.databases import ledger_url, warehouse_url
from config.open_run import OpenRun
from config.routes import ROUTES
from config.settings import settings
from connectors.registry import SOURCES, TARGETS, Opening
from db import ledger
from db.connection_memory import ConnectionMemory
from db.session import open_engine, tenant_session
from db.vault import Vault, bound_to
from domain.connector import Reads, Writes
from domain.errors import Misconfigured, first_fault
from domain.keys import ConnectionName, System, TenantName
from domain.sync import SyncRequest
from mapping.posting_policy import PostingPolicy

OWN_WAREHOUSE = "warehouse"
"""The connection that every tenant has without connecting anything: the installation's own warehouse."""

POSTING = "posting"
"""The setting of a connection to a set of books that holds its posting policy."""

Opens = TypeVar("Opens")


@contextmanager
def open_ledger() -> Iterator[Engine]:
    """Open the ledger's database; closed at the end."""
    engine = open_engine(ledger_url())
    try:
        yield engine
    finally:
        engine.dispose()


def open_vault() -> Vault:
    """Open the vault of this installation.

    Raises:
        Misconfigured: ``UNISYNC_SECRET_KEY`` is missing or no key.
    """
    return Vault(settings().secret_key)


class Endpoint(NamedTuple):
    """A connection as it is stored, ready to be opened."""

    system: System
    opening: Opening
    policy: PostingPolicy


@contextmanager
def open_run(request: SyncRequest, flow_run_id: str) -> Iterator[OpenRun]:
    """Open the run's row, so that even a run that cannot begin is remembered, then everything that it needs.

    Connectors are closed at the end, whatever happens; the row is closed by the flow or its hooks.

    Raises:
        Misconfigured: unknown tenant or connection, a connection of the wrong kind, or unusable settings.
    """
    run_id = uuid4()
    with ExitStack() as stack:
        engine = stack.enter_context(open_ledger())
        with tenant_session(engine, request.tenant) as session:
            require_tenant(session, request.tenant)
            ledger.open_run(session, run_id, request, flow_run_id)
        source = load_endpoint(engine, request.tenant, request.source)
        target = load_endpoint(engine, request.tenant, request.target)
        require_systems(request.route, source, target)
        reads = stack.enter_context(open_source(source))
        writes = stack.enter_context(open_target(target))
        yield OpenRun(run_id, request, engine, reads, writes, target.policy)


def require_systems(route: str, source: Endpoint, target: Endpoint) -> None:
    """Make sure that the connections of a run lead to the systems of its route.

    Raises:
        Misconfigured: one of them leads elsewhere.
    """
    spec = ROUTES[route]
    for found, wanted in ((source, spec.source_system), (target, spec.target_system)):
        if found.system is not wanted:
            name = found.opening.name
            raise Misconfigured(f"the route {route} needs a {wanted} connection where {name} leads to {found.system}")


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
    """
    with tenant_session(engine, tenant) as session:
        stored = ledger.load_connection(session, name)
    if stored is None and name == OWN_WAREHOUSE:
        return endpoint(engine, tenant, name, System.SUPABASE, {}, {"url": warehouse_url()})
    if stored is None:
        raise Misconfigured(f"tenant {tenant} has no connection {name}: unisync connect --help tells how to make one")
    if not stored.enabled:
        raise Misconfigured(
            f"the connection {name} of tenant {tenant} is switched off; "
            f"connect it anew with: unisync connect {stored.system} {name}"
        )
    credentials = open_vault().open(stored.sealed, bound_to=bound_to(tenant, name))
    return endpoint(engine, tenant, name, stored.system, stored.settings, credentials)


def endpoint(
    engine: Engine,
    tenant: TenantName,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
) -> Endpoint:
    """Put together what opens a connection; the posting policy of a set of books is among its settings.

    Raises:
        Misconfigured: one sentence naming the part of the policy that cannot be used.
    """
    own = {key: value for key, value in settings.items() if key != POSTING}
    policy = posting_policy(settings.get(POSTING, {}), name)
    memory = ConnectionMemory(engine, tenant, name, open_vault())
    return Endpoint(system, Opening(tenant, name, own, credentials, memory), policy)


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


def try_endpoint(tried: Endpoint) -> None:
    """Prove with one real call that a connection works.

    Raises:
        ConnectorError: it does not, and why.
    """
    if tried.system in SOURCES:
        with open_source(tried) as source:
            source.clock()
    else:
        with open_target(tried) as target:
            target.check()


def opener(openers: Mapping[System, Opens], endpoint: Endpoint, use: str) -> Opens:
    """Give the function that opens this endpoint for reading or for writing.

    Raises:
        Misconfigured: the system cannot be used that way.
    """
    if endpoint.system not in openers:
        raise Misconfigured(f"the connection {endpoint.opening.name} leads to {endpoint.system}, which cannot be {use}")
    return openers[endpoint.system]
