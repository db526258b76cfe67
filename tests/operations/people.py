"""Somebody who arranges what a test needs, and what is known of it afterwards."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Engine

from db import embedded
from db.ledger import create_tenant
from db.session import owner_session
from domain.access import Role
from domain.refusals import Unauthenticated
from operations.access import caller_of_session
from operations.caller import Caller
from operations.sessions import LoggedIn

PASSWORD = "correct horse battery staple"
EMAIL = "ann@example.org"


def operator(engine: Engine, tenant: str = "default") -> Caller:
    """The person at the shell."""
    return Caller(engine, tenant, "operator:test", Role.ADMIN, runs_installation=True)


def admin(engine: Engine, tenant: str = "default") -> Caller:
    """A tenant's own admin."""
    return Caller(engine, tenant, "user:boss@example.org", Role.ADMIN)


def make_tenants(engine: Engine, *names: str) -> None:
    with owner_session(engine) as session:
        for name in names:
            create_tenant(session, name)


def in_database(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    """Carry out a statement past every wall."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url.replace(f"{embedded.OWNER}@", "postgres@"), autocommit=True) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


def audited(engine: Engine, tenant: str = "default") -> list[tuple[Any, ...]]:
    """What the audit log says: who, what, to whom, and how it ended; the oldest first."""
    return in_database(
        engine,
        f"SELECT actor, action, subject, outcome FROM unisync.audit_log WHERE tenant = '{tenant}' ORDER BY id",
    )


def tables_holding(engine: Engine, text: str) -> list[str]:
    """In which tables of ours any column of any row holds this text, in letters or as bytes."""
    names = [name for (name,) in in_database(engine, "SELECT tablename FROM pg_tables WHERE schemaname = 'unisync'")]
    forms = (text, text.encode().hex())
    rows = {name: in_database(engine, f"SELECT t::text FROM unisync.{name} t") for name in names}
    return [name for name in names if any(form in row for (row,) in rows[name] for form in forms)]


def is_open(engine: Engine, session: LoggedIn) -> bool:
    try:
        caller_of_session(engine, session.secret)
    except Unauthenticated:
        return False
    return True
