"""The only place that constructs: databases, the vault, connectors and an open run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple, TypeVar
from uuid import UUID, uuid4

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.databases import ledger_url, warehouse_url
from config.settings import settings
from connectors.registry import SOURCES, TARGETS
from db import ledger
from db.session import open_engine, tenant_session
from db.vault import Vault
from domain.connector import Reads, Writes
from domain.errors import Misconfigured
from domain.keys import ConnectionName, Kind, System, TenantName
from domain.sync import SyncRequest, Tally

OWN_WAREHOUSE = "warehouse"
"""The connection that every tenant has without connecting anything: the installation's own warehouse."""

Opener = TypeVar("Opener")


class OpenRun:
    """What the tasks of one run share: its request, its ledger, one open connector on either side, and the count.

    A plain object with slots, so that Prefect hands it on without looking inside; it lives exactly as long as the run.
    """

    __slots__ = (
        "__weakref__",
        "_engine",
        "durations",
        "expected",
        "id",
        "pages",
        "progress",
        "request",
        "shown_at",
        "source",
        "tallies",
        "target",
    )

    def __init__(self, run_id: UUID, request: SyncRequest, engine: Engine, source: Reads, target: Writes) -> None:
        self.id = run_id
        self.request = request
        self.source = source
        self.target = target
        self.tallies: dict[Kind, Tally] = {}
        self.durations: dict[Kind, float] = {}
        self.expected: dict[Kind, int] = {}
        self.pages = 0
        self.progress: UUID | None = None
        self.shown_at = time.monotonic()
        self._engine = engine

    def ledger(self) -> AbstractContextManager[Session]:
        """Open one transaction of this run's tenant."""
        return tenant_session(self._engine, self.request.tenant)

    def expect(self, kind: Kind, records: int | None) -> None:
        """Remember how many records of a kind the source says there are."""
        if records is not None:
            self.expected[kind] = records

    def count(self, kind: Kind, tally: Tally) -> None:
        """Add what one page did."""
        self.tallies = self.tallies_with(kind, tally)

    def tallies_with(self, kind: Kind, tally: Tally) -> dict[Kind, Tally]:
        """Give the tallies of the run as they stand once ``tally`` is added to ``kind``."""
        return {**self.tallies, kind: self.tallies.get(kind, Tally()) + tally}


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
    """Everything needed to open one connection; holds credentials in clear, so it lives for a moment only."""

    name: ConnectionName
    system: System
    settings: Mapping[str, object]
    credentials: Mapping[str, str]


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
        with tenant_session(engine, request.tenant) as session:
            source = load_endpoint(session, request.tenant, request.source)
            target = load_endpoint(session, request.tenant, request.target)
        yield OpenRun(
            run_id,
            request,
            engine,
            stack.enter_context(open_source(request.tenant, source)),
            stack.enter_context(open_target(request.tenant, target)),
        )


def require_tenant(session: Session, tenant: TenantName) -> None:
    """Make sure that the tenant exists.

    Raises:
        Misconfigured: it does not.
    """
    if not ledger.tenant_exists(session, tenant):
        raise Misconfigured(f"there is no tenant {tenant}; create it with: unisync tenant add {tenant}")


def load_endpoint(session: Session, tenant: TenantName, name: ConnectionName) -> Endpoint:
    """Give a stored connection with its credentials, or the installation's own warehouse.

    Raises:
        Misconfigured: no such connection, it is switched off, or its credentials cannot be opened.
    """
    stored = ledger.load_connection(session, name)
    if stored is None and name == OWN_WAREHOUSE:
        return Endpoint(name, System.SUPABASE, {}, {"url": warehouse_url()})
    if stored is None:
        raise Misconfigured(f"tenant {tenant} has no connection {name}: unisync connect --help tells how to make one")
    if not stored.enabled:
        raise Misconfigured(f"the connection {name} of tenant {tenant} is switched off")
    credentials = open_vault().open(stored.sealed, bound_to=bound_to(tenant, name))
    return Endpoint(name, stored.system, stored.settings, credentials)


@contextmanager
def open_source(tenant: TenantName, endpoint: Endpoint) -> Iterator[Reads]:
    """Open a connection for reading; closed at the end.

    Raises:
        Misconfigured: it cannot be read, or its settings cannot work.
    """
    with opener(SOURCES, endpoint, "read")(tenant, endpoint.name, endpoint.settings, endpoint.credentials) as source:
        yield source


@contextmanager
def open_target(tenant: TenantName, endpoint: Endpoint) -> Iterator[Writes]:
    """Open a connection for writing; closed at the end.

    Raises:
        Misconfigured: it cannot be written, or its settings cannot work.
    """
    with opener(TARGETS, endpoint, "written")(tenant, endpoint.name, endpoint.settings, endpoint.credentials) as target:
        yield target


def try_endpoint(tenant: TenantName, endpoint: Endpoint) -> None:
    """Prove with one real call that a connection works.

    Raises:
        ConnectorError: it does not, and why.
    """
    if endpoint.system in SOURCES:
        with open_source(tenant, endpoint) as source:
            source.clock()
    else:
        with open_target(tenant, endpoint) as target:
            target.held(Kind.ORDER, endpoint.name, [])


def bound_to(tenant: TenantName, name: ConnectionName) -> str:
    """Name the place that sealed credentials belong to, so that they open nowhere else."""
    return f"{tenant}/{name}"


def opener(openers: Mapping[System, Opener], endpoint: Endpoint, use: str) -> Opener:
    """Give the function that opens this endpoint for reading or for writing.

    Raises:
        Misconfigured: the system cannot be used that way.
    """
    if endpoint.system not in openers:
        raise Misconfigured(f"the connection {endpoint.name} leads to {endpoint.system}, which cannot be {use}")
    return openers[endpoint.system]
