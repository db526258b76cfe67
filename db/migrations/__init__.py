"""Bringing a database to the tables that this version needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from db.models.schema import SCHEMA
from db.session import open_engine, owner_session

# Any number will do as long as no other program locks the same one.
_LOCK = 7_305_193_021
# Alembic keeps what it works on in module variables, so the threads of one process must take turns.
_TURN = Lock()


def upgrade(url: str, to: str = "head") -> None:
    """Bring the database to the newest tables, in one transaction; a second call, also at the same time, does nothing.

    An older revision than the newest may be asked for by its number. The user of the address must own the schema, or be
    allowed to make it, and must be allowed to make roles.

    Raises:
        Misconfigured: the database refuses us, or the user lacks a right.
        Unavailable: it cannot be reached.
    """
    with _TURN, _session(url) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        session.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        config = _config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, to)


def is_current(url: str) -> bool:
    """Whether the database has the tables that this version needs; raises as ``upgrade`` does."""
    engine = open_engine(url)
    try:
        return engine_is_current(engine)
    finally:
        engine.dispose()


def engine_is_current(engine: Engine) -> bool:
    """Whether the database behind the engine has the tables that this version needs; raises as ``upgrade`` does."""
    with owner_session(engine) as session:
        found = MigrationContext.configure(session.connection(), opts={"version_table_schema": SCHEMA})
        return frozenset(found.get_current_heads()) == _heads()


@contextmanager
def _session(url: str) -> Iterator[Session]:
    engine = open_engine(url)
    try:
        with owner_session(engine) as session:
            yield session
    finally:
        engine.dispose()


@cache
def _heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as the start of an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
