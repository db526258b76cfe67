"""Where the ledger, the warehouse and Prefect's own data live: on a given server, or in the embedded one."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from config.settings import settings
from db import embedded
from db.server_account import EmbeddedPostgresError
from db.session import ensure_sibling, open_engine
from domain.errors import Misconfigured

LEDGER = "unisync"
WAREHOUSE = "warehouse"
PREFECT = "unisync_prefect"


def ledger_url() -> str:
    """Give the URL of the ledger; starts the embedded Postgres when no server is named."""
    return _given_or_embedded(settings().database_url, LEDGER)


def warehouse_url() -> str:
    """Give the URL of the installation's own warehouse, used by every tenant that has not connected another."""
    return _given_or_embedded(settings().warehouse_url, WAREHOUSE)


def prefect_database_url() -> str:
    """Give the URL of the database of the Prefect server that we start: a third one on the ledger's server."""
    given = settings().database_url
    if given is None:
        return _given_or_embedded(None, PREFECT)
    engine = open_engine(given.get_secret_value())
    ensure_sibling(engine, PREFECT)
    engine.dispose()
    return engine.url.set(database=PREFECT).render_as_string(hide_password=False)


def as_asyncpg(url: str) -> str:
    """Write an address as Prefect's asynchronous driver wants it, which calls some parameters otherwise."""
    parsed = make_url(url)
    query = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}
    known = {name: value for name, value in query.items() if name in ("host", "port", "ssl")}
    return parsed.set(drivername="postgresql+asyncpg", query=known).render_as_string(hide_password=False)


def _given_or_embedded(given: SecretStr | None, database: str) -> str:
    if given is not None:
        return given.get_secret_value()
    try:
        return embedded.ensure_database(embedded.start(settings().home), database)
    except EmbeddedPostgresError as error:
        raise Misconfigured(str(error)) from None
