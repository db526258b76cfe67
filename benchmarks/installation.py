"""An installation of its own to measure in: Postgres as in production, a Prefect server, a shop, fresh databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from psycopg import sql

from benchmarks.contest import SHOP, TENANT, WAREHOUSE, Job
from benchmarks.processes import Bystanders
from cli.demo_stage import running_twin
from cli.prefect_server import running_server
from config.settings import settings
from config.wiring import open_vault
from connectors.supabase.connector import open_supabase
from db import embedded, ledger, migrations
from db.session import open_engine, owner_session, tenant_session
from db.vault import bound_to, new_key
from domain.keys import System

_TEMPLATE = "ledger_template"


@dataclass(frozen=True)
class Shop:
    """A twin with generated orders, in a process of its own."""

    pid: int
    url: str
    key: str
    secret: str = field(repr=False)

    def checksum(self) -> dict[str, Any]:
        """Give what the shop counts and sums itself: orders with count, ids and totals per currency."""
        return dict(httpx.get(f"{self.url}/_control/checksum", timeout=60).raise_for_status().json()["orders"])


@dataclass(frozen=True)
class Installation:
    """What all runs share."""

    server: embedded.Server
    prefect_url: str
    prefect_pid: int
    patience: float
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def job(self, shop: Shop, *, prepared: bool) -> Iterator[Job]:
        """Give a job with a fresh ledger that knows the shop, and a fresh warehouse; both are dropped afterwards.

        The warehouse is empty or, when ``prepared``, has its tables, for contenders that do not make them.
        """
        number = next(self._numbers)
        with self._database(f"ledger_{number}", _TEMPLATE) as known, self._database(f"warehouse_{number}") as warehouse:
            connect(known, shop)
            if prepared:
                with open_supabase(TENANT, WAREHOUSE, {}, {"url": warehouse}) as target:
                    target.prepare()
            with psycopg.connect(self.server.admin_url, autocommit=True) as admin:
                # What was written before shall not be flushed at the cost of this run.
                admin.execute("CHECKPOINT")
            yield Job(url=shop.url, key=shop.key, secret=shop.secret, ledger=known, warehouse=warehouse)

    def environment(self, job: Job) -> dict[str, str]:
        """Give the variables through which a process finds this installation with the databases of the job."""
        return {
            "PREFECT_API_URL": self.prefect_url,
            "UNISYNC_DATABASE_URL": job.ledger,
            "UNISYNC_WAREHOUSE_URL": job.warehouse,
        }

    def bystanders(self, **twins: int) -> Bystanders:
        """Give the servers of all runs and these twins, by process id."""
        return Bystanders({"postgres": self.server.pid, **twins, "prefect": self.prefect_pid}, self.patience)

    @contextmanager
    def entered(self, job: Job) -> Iterator[None]:
        """Let our own process find this installation too, as long as the block lasts."""
        os.environ.update(self.environment(job))
        settings.cache_clear()
        try:
            yield
        finally:
            for name in self.environment(job):
                del os.environ[name]
            settings.cache_clear()

    def version(self) -> str:
        """Give the version of Postgres."""
        with psycopg.connect(self.server.admin_url) as admin:
            return str(admin.info.parameter_status("server_version"))

    @contextmanager
    def _database(self, name: str, template: str = "template1") -> Iterator[str]:
        with psycopg.connect(self.server.admin_url, autocommit=True) as admin:
            names = {"name": name, "owner": embedded.OWNER, "template": template}
            create = sql.SQL("CREATE DATABASE {name} OWNER {owner} TEMPLATE {template}")
            admin.execute(create.format(**{key: sql.Identifier(value) for key, value in names.items()}))
            try:
                yield self.server.url(name)
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def open_installation(patience: float) -> Iterator[Installation]:
    """Set everything up in a new folder, whatever the environment names; stopped and removed at the end.

    ``patience``: for how many seconds to wait before and after a run until the servers have nothing to do.
    """
    home = Path(tempfile.mkdtemp(prefix="unisync-bench-"))
    home.chmod(0o711)  # the embedded Postgres of root runs as a user of its own and must get through
    for name in [name for name in os.environ if name.startswith(("UNISYNC_", "PREFECT_"))]:
        del os.environ[name]
    os.environ.update(UNISYNC_HOME=str(home), UNISYNC_SECRET_KEY=new_key())
    settings.cache_clear()
    try:
        server = embedded.start(home)
        make_template(server)
        with running_server(home / "prefect-server.log") as url:
            yield Installation(server, url, pid_of("prefect"), patience)
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def pid_of(module: str) -> int:
    """Find the one process that we started to run this module."""
    (child,) = [child for child in psutil.Process().children() if module in child.cmdline()]
    return child.pid


def make_template(server: embedded.Server) -> None:
    """Make the migrated ledger that those of all runs are copied from."""
    url = embedded.ensure_database(server, _TEMPLATE)
    migrations.upgrade(url)
    engine = open_engine(url)
    with owner_session(engine) as session:
        ledger.create_tenant(session, TENANT)
    engine.dispose()


def connect(ledger_url: str, shop: Shop) -> None:
    """Store the shop as the connection of the tenant, sealed as any other."""
    vault = open_vault()
    credentials = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    sealed = vault.seal(credentials, bound_to=bound_to(TENANT, SHOP))
    engine = open_engine(ledger_url)
    with tenant_session(engine, TENANT) as session:
        settings = {"url": shop.url}
        ledger.save_connection(session, SHOP, System.WOOCOMMERCE, settings, sealed, vault.key_id, public_only=False)
    engine.dispose()


@contextmanager
def running_shop(orders: int) -> Iterator[Shop]:
    """Run a twin that holds so many generated orders and answers without delay.

    Raises:
        Unavailable: it did not start.
    """
    module = "simulators.woocommerce"
    with running_twin(module, "--orders", str(orders)) as said:
        yield Shop(pid=pid_of(module), **said)
