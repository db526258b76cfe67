"""How we talk to the ledger: one transaction as one tenant, at the door, as the watch over all, or as the owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from db.tenancy import TENANT, TenantSession
from domain.errors import FatalError, Misconfigured, RetryableError, Unavailable

APP_ROLE = "unisync_app"
WATCH_ROLE = "unisync_watch"
DOOR_ROLE = "unisync_door"
METER_ROLE = "unisync_meter"
PURGE_ROLE = "unisync_purge"

POOL_SECONDS = 20.0
"""How long a transaction waits for a connection; as long as one waits for a lock."""

# Postgres' word for whoever logged in.
_OWN_ROLE = "none"

LEDGER = "ledger"
"""The code of a failure of our own database: its words are for the operator, not for whoever calls the service."""

_NOT_A_HOST = re.compile(r"[^\w.:\-\[\]]")
# No table, no schema, no column, no such role: this version's migrations never ran here.
_NOT_PREPARED = {"42P01", "3F000", "42703"}
_NO_RIGHT = "42501"
_NO_ROLE = "22023"
# Lost or refused connection, too little room, shutdown, deadlock, lock or statement that took too long.
_PASSING = ("08", "53", "57", "40", "55P03")

_TAKE_ROLE = text(
    "SELECT set_config('role', :role, true), set_config('unisync.tenant', :tenant, true),"
    " set_config('statement_timeout', '60s', true), set_config('lock_timeout', '20s', true)"
)


def open_engine(url: str, at_once: int = 10) -> Engine:
    """Give the engine for a ``postgresql://`` address; nothing is called yet.

    So many transactions can be open at once, others wait for them. The default is for a run, where at most one page is
    written while the next is read; the rest is for hooks and the command line.

    Nothing outlives a transaction (no prepared statements, no session settings), so a transaction pooler may sit
    between. A connection is checked before it is used again.

    Raises:
        Misconfigured: the address cannot work; the message repeats no part of it.
    """
    return create_engine(
        _parsed(url),
        pool_size=at_once // 5,
        max_overflow=at_once - at_once // 5,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        use_native_hstore=False,
        connect_args={
            "prepare_threshold": None,
            "connect_timeout": 10,
            "application_name": "unisync",
            # A peer that vanished without a word is noticed after 30 s, not after hours.
            "tcp_user_timeout": 30_000,
            "keepalives_idle": 30,
        },
    )


@contextmanager
def tenant_session(engine: Engine, tenant: str) -> Iterator[Session]:
    """Open one transaction that sees and changes rows of this tenant only; commits at the end, rolls back on error.

    Raises:
        Misconfigured: the database refuses us or is not prepared.
        Unavailable: it cannot be reached, or took too long.
    """
    with _transaction(engine, APP_ROLE, tenant) as session:
        yield session


@contextmanager
def watch_session(engine: Engine) -> Iterator[Session]:
    """Open one transaction that sees tenants and runs of all and may close runs; raises as ``tenant_session`` does."""
    with _transaction(engine, WATCH_ROLE, "") as session:
        yield session


@contextmanager
def door_session(engine: Engine) -> Iterator[Session]:
    """Open one transaction of the door, where nobody knows yet whose tenant it will be; raises as ``tenant_session``.

    It knows accounts, tokens and sessions of all tenants, and nothing of what they carry.
    """
    with _transaction(engine, DOOR_ROLE, "") as session:
        yield session


@contextmanager
def meter_session(engine: Engine) -> Iterator[Session]:
    """Open one transaction that counts over all tenants and sees no record of any; raises as ``tenant_session``."""
    with _transaction(engine, METER_ROLE, "") as session:
        yield session


@contextmanager
def purge_session(engine: Engine) -> Iterator[Session]:
    """Open one transaction that may delete what is over, of all tenants, and nothing else; raises likewise."""
    with _transaction(engine, PURGE_ROLE, "") as session:
        yield session


@contextmanager
def owner_session(engine: Engine, tenant: str = "") -> Iterator[Session]:
    """Open one transaction with the rights of the address itself, to make tenants; raises as ``tenant_session``.

    With a tenant it sees and changes rows of this one only, even where the address is a superuser's.
    """
    if tenant:
        with _transaction(engine, _OWN_ROLE, tenant) as session:
            yield session
        return
    with _explained(engine.url), Session(engine) as session, session.begin():
        yield session


def ensure_sibling(engine: Engine, name: str) -> None:
    """Make another database on the same server unless it is there.

    Raises:
        Misconfigured: the address has not the right to make one.
        Unavailable: the server cannot be reached.
    """
    # Postgres makes databases outside of transactions only.
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with _explained(engine.url), alone.connect() as connection:
        if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}) is None:
            quoted = engine.dialect.identifier_preparer.quote(name)
            connection.execute(text(f"CREATE DATABASE {quoted}"))


@contextmanager
def _transaction(engine: Engine, role: str, tenant: str) -> Iterator[Session]:
    # Without a tenant it is the door or the watch over all, which have policies of their own.
    opened = TenantSession(engine, info={TENANT: tenant}) if tenant else Session(engine)
    with _explained(engine.url), opened as session, session.begin():
        try:
            session.execute(_TAKE_ROLE, {"role": role, "tenant": tenant})
        except DBAPIError as error:
            if _sqlstate(error) == _NO_ROLE:
                raise _not_prepared(engine.url) from None
            raise
        yield session


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Misconfigured("the database address is no URL: postgresql://user:password@host:5432/name") from None
    if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise Misconfigured("the database address must begin with postgresql://")
    # A password with @ or / in it, written plainly, would spill over into the host and from there into messages.
    if parsed.host and _NOT_A_HOST.search(parsed.host):
        raise Misconfigured(
            "the host in the database address cannot be right: write special characters of the password as %40 for @, "
            "%2F for / and so on"
        )
    return parsed.set(drivername="postgresql+psycopg")


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    try:
        yield
    except PoolTimeout:
        raise Unavailable(
            f"all connections to {_place(url)} were in use for {POOL_SECONDS:g} seconds; try again", code=LEDGER
        ) from None
    except DBAPIError as error:
        explanation = _explanation(error, url)
        if explanation is None:
            raise
        explanation.code = LEDGER
        raise explanation from None


def _explanation(error: DBAPIError, url: URL) -> FatalError | RetryableError | None:
    """Say in one sentence what is wrong with the database; None when the fault is ours."""
    sqlstate, place = _sqlstate(error), _place(url)
    if sqlstate in _NOT_PREPARED:
        return _not_prepared(url)
    if sqlstate == _NO_RIGHT:
        reason = error.orig.diag.message_primary  # type: ignore[union-attr]
        return Misconfigured(f"the user {url.username!r} lacks a right in {place}: {reason}")
    if sqlstate.startswith(_PASSING) or error.connection_invalidated:
        return Unavailable(f"{place} broke off or took too long ({type(error.orig).__name__}); try again")
    if sqlstate:
        return None
    # While connecting there is no code, only text; the server's own answers begin with FATAL.
    refusal = re.search(r"FATAL:\s+(.*)", str(error.orig))
    if refusal is None or re.search("starting up|shutting down|too many|remaining connection slots", refusal[1]):
        return Unavailable(f"{place} cannot be reached: is it running, and is the address right?")
    return Misconfigured(f"{place} refuses us: {refusal[1]}")


def _not_prepared(url: URL) -> Misconfigured:
    return Misconfigured(
        f"{_place(url)} is not prepared for this version of unisync; run: unisync db upgrade", code=LEDGER
    )


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _place(url: URL) -> str:
    return f"the database {url.database!r} on {url.host or url.query.get('host') or 'this machine'}"
