"""Setting up for the demo: an installation of its own, two twins, and the connections between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from cli.caller import local_caller
from cli.database import DEFAULT_TENANT
from cli.demo_checks import BOOKS, SHOP, Books, Shop
from cli.processes import running, signals_held
from config.settings import CHECKOUT, settings
from config.suggestion import suggested_policy
from config.wiring import open_ledger, open_vault
from connectors.quickbooks.settings import twin_at
from db import embedded, ledger
from db.session import tenant_session
from db.vault import bound_to, new_key
from domain.errors import Unavailable
from domain.keys import ConnectionName, System
from operations.integrations import change_policy


@contextmanager
def demo_home() -> Iterator[Path]:
    """Give the demo an installation of its own in a new folder, whatever the environment names; removed at the end."""
    for name in [name for name in os.environ if name.startswith(("UNISYNC_", "PREFECT_"))]:
        del os.environ[name]
    with ExitStack() as stack:
        with signals_held():
            home = Path(tempfile.mkdtemp(prefix="unisync-demo-"))
            stack.callback(shutil.rmtree, home, ignore_errors=True)
            home.chmod(0o711)  # the embedded Postgres of root runs as a user of its own and must get through
            stack.callback(embedded.stop, home)
        os.environ.update(UNISYNC_HOME=str(home), UNISYNC_SECRET_KEY=new_key())
        settings.cache_clear()
        # A Postgres that is interrupted while it starts goes on without us.
        with signals_held():
            embedded.start(home)
        yield home


@contextmanager
def running_shop(orders: int | None) -> Iterator[Shop]:
    """Run the WooCommerce twin, with the recorded shop or so many generated orders."""
    words = [] if orders is None else ["--orders", str(orders)]
    with running_twin("simulators.woocommerce", *words) as said, httpx.Client(timeout=60) as http:
        yield Shop(http=http, **said)


@contextmanager
def running_books() -> Iterator[Books]:
    """Run the QuickBooks twin with a company in the euro zone."""
    with running_twin("simulators.quickbooks", "--company", "eu") as said, httpx.Client(timeout=60) as http:
        yield Books(http=http, **said)


@contextmanager
def running_twin(module: str, *words: str) -> Iterator[dict[str, str]]:
    """Run a twin as a process of its own, as the real system would be; gives what it says of itself.

    Raises:
        Unavailable: it did not start.
    """
    command = [sys.executable, "-m", module, "--port", "0", "--json", *words]
    with running(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline() if process.stdout else ""
        if not first:
            raise Unavailable(f"the twin {module} did not start")
        yield json.loads(first)


def connect_shop(shop: Shop) -> None:
    """Store the WooCommerce twin as a connection of the default tenant."""
    credentials = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    store(SHOP, System.WOOCOMMERCE, {"url": shop.url}, credentials)


def connect_books(books: Books) -> None:
    """Store the QuickBooks twin as a connection of the default tenant, with the policy that suggests itself."""
    settings = {"realm_id": books.realm, "client_id": books.client_id, **twin_at(books.url)}
    credentials = {
        "client_secret": books.client_secret,
        "access_token": books.access_token,
        "refresh_token": books.refresh_token,
    }
    store(BOOKS, System.QUICKBOOKS, settings, credentials)
    policy = suggested_policy(DEFAULT_TENANT, SHOP, BOOKS, zone="Europe/Berlin")
    with local_caller(DEFAULT_TENANT) as caller:
        change_policy(caller, BOOKS, policy.model_dump(mode="json"))


def store(name: ConnectionName, system: System, settings: Mapping[str, object], credentials: Mapping[str, str]) -> None:
    """Seal and store a connection as any other."""
    vault = open_vault()
    sealed = vault.seal(credentials, bound_to=bound_to(DEFAULT_TENANT, name))
    with open_ledger() as engine, tenant_session(engine, DEFAULT_TENANT) as session:
        ledger.save_connection(session, name, system, settings, sealed, vault.key_id, public_only=False)
