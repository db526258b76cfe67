"""Looking after connections: each is asked with a real call, so that people hear what broke before a run meets it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from config.checkups import Checkup
from config.wiring import open_vault, stored_endpoint, try_endpoint
from db.ledger import StoredConnection, list_connections, lock_connection
from db.ledger.tenants import tenant_names
from db.session import LEDGER, tenant_session, watch_session
from domain.errors import ConnectorError
from domain.keys import ConnectionName, TenantName
from operations.connection_news import keep_failure, keep_success

AT_ONCE = 4


class Checked(BaseModel):
    """What was found at one connection; ``amiss`` is empty when it works."""

    model_config = ConfigDict(frozen=True)

    tenant: TenantName
    connection: ConnectionName
    amiss: str = ""


def check_connections(engine: Engine, tenant: TenantName | None = None) -> list[Checked]:
    """Ask every connection that is switched on, of one tenant or of all, and put into the outbox what is to be told.

    Raises:
        Misconfigured: the key of this installation is missing, or the ledger refuses us.
        Unavailable: the ledger is away.
    """
    # Without it nothing can be opened, and that is not the fault of any connection.
    open_vault()
    with watch_session(engine) as session:
        names = [tenant] if tenant else tenant_names(session)
    found: list[Checked] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check") as pool:
        for name in names:
            with tenant_session(engine, name) as session:
                switched_on = [each for each in list_connections(session) if each.enabled]
            found += pool.map(partial(check_connection, engine, name), switched_on)
    return found


def check_connection(engine: Engine, tenant: TenantName, stored: StoredConnection) -> Checked:
    """Ask one connection and keep what is found; what was changed meanwhile is left to its next check.

    Raises:
        ConnectorError: the ledger is away.
    """
    found: Checkup | ConnectorError
    try:
        found = try_endpoint(stored_endpoint(engine, tenant, stored))
    except ConnectorError as error:
        if error.code == LEDGER:
            raise
        found = error
    with tenant_session(engine, tenant) as session:
        is_current = is_unchanged(lock_connection(session, stored.name), stored)
        if is_current and isinstance(found, ConnectorError):
            keep_failure(session, stored.name, stored.system, found)
        elif is_current and isinstance(found, Checkup):
            keep_success(session, stored.name, found)
    amiss = str(found) if isinstance(found, ConnectorError) else ""
    return Checked(tenant=tenant, connection=stored.name, amiss=amiss)


def is_unchanged(now: StoredConnection | None, before: StoredConnection) -> bool:
    """Whether a connection is still what was checked: a person may have switched it off, redirected or removed it."""
    return now is not None and now.enabled and now.settings == before.settings
