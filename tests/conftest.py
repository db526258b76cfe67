"""What tests of all rooms share: a Postgres of their own and a deterministic hypothesis."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import Engine

from db import embedded, migrations
from db.ledger import create_tenant
from db.session import open_engine, owner_session
from operations import passwords

settings.register_profile("unisync", derandomize=True, deadline=None)
settings.load_profile("unisync")

# All twins are on this machine, where connections that tenants make may lead only if the operator says so.
os.environ.setdefault("UNISYNC_ALLOW_PRIVATE_ADDRESSES", "true")

# What a server may come to in the whole session, written-ahead log included, and as much again to spare.
_ROOM = 4 * 2**30

_numbers = count(1)
_used: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long, as its time-out tells, before the many short tests: so no worker is left alone with it.

    Raises:
        UsageError: tests share an id, of which workers would run one and leave out the others in silence.
    """
    shared = [id_ for id_, times in Counter(item.nodeid for item in items).items() if times > 1]
    if shared:
        raise pytest.UsageError(f"several tests have the id {shared[0]}")
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Passwords are hashed as always, at the least cost that Argon2 takes: 0.1 ms instead of 100."""
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def server_home() -> Iterator[Path]:
    """A fresh home for an embedded server; what runs in it is stopped and deleted afterwards."""
    with _fresh_home() as home:
        yield home


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """The same for tests of one module that share it."""
    with _fresh_home() as home:
        yield home


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.Server]:
    """The server of this test session."""
    with _quick_folder() as folder, _fresh_home() as home:
        if folder:
            (home / "postgres").symlink_to(folder / "postgres")
        yield embedded.start(home, durable=False)


@pytest.fixture
def database(postgres: embedded.Server) -> Iterator[str]:
    """The address of a fresh empty database."""
    with _fresh_database(postgres) as url:
        yield url


@pytest.fixture
def warehouse_url(postgres: embedded.Server) -> Iterator[str]:
    """The address of a fresh empty database that serves as the warehouse."""
    with _fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def prefect_api(postgres: embedded.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API address of a real Prefect server with a database of its own, started once for all tests."""
    # Prefect takes seconds to import, and most tests need none of it.
    from tests.prefect_server import running

    with running(embedded.ensure_database(postgres, "prefect"), tmp_path_factory.mktemp("prefect")) as url:
        yield url


@pytest.fixture
def on_demand(prefect_api: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server in use, at which runs can be asked for; nobody carries them out."""
    from tests.prefect_server import deployed_on_demand

    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    with deployed_on_demand(prefect_api):
        yield prefect_api


@pytest.fixture(scope="session")
def ledger_template(postgres: embedded.Server) -> str:
    """The name of a migrated database that others are copied from."""
    url = embedded.ensure_database(postgres, "ledger_template")
    migrations.upgrade(url)
    engine = open_engine(url)
    with owner_session(engine) as session:
        create_tenant(session, "default")
    engine.dispose()
    return "ledger_template"


@pytest.fixture
def ledger_url(postgres: embedded.Server, ledger_template: str) -> Iterator[str]:
    """The address of a fresh migrated database with the tenant ``default``."""
    with _fresh_database(postgres, ledger_template) as url:
        yield url


@pytest.fixture
def ledger_engine(ledger_url: str) -> Iterator[Engine]:
    """The engine of a fresh migrated database with the tenant ``default``."""
    engine = open_engine(ledger_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def module_ledger_url(postgres: embedded.Server, ledger_template: str) -> Iterator[str]:
    """The same as ``ledger_url`` for tests of one module that share it."""
    with _fresh_database(postgres, ledger_template) as url:
        yield url


@contextmanager
def _fresh_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="unisync-"))
    # As root the server runs under an account of its own, which must get through to its data.
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)


@contextmanager
def _quick_folder() -> Iterator[Path | None]:
    """Give a folder in memory where there is room: a database costs 0.02 s of CPU there, and up to 0.25 on a disk."""
    memory = Path("/dev/shm")  # noqa: S108 - nobody else may write to the folder that is made there
    if not memory.is_dir() or min(shutil.disk_usage(memory).free, psutil.virtual_memory().available) < _ROOM:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="unisync-", dir=memory))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _fresh_database(server: embedded.Server, template: str = "template1") -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        # Not right after the test: Postgres would wait for connections that are about to end, 0.1 s each time.
        while _used:
            admin.execute(f"DROP DATABASE {_used.pop()} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} OWNER {embedded.OWNER} TEMPLATE {template} STRATEGY file_copy")
    yield server.url(name)
    _used.append(name)
