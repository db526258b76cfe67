"""A running company, the ledger beside it, and connectors that write into the one and remember in the other."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from connectors.http import Patience
from connectors.quickbooks.connector import QuickBooksConnector, open_quickbooks
from connectors.quickbooks.pace import Pace
from db import embedded, migrations
from db.connection_memory import ConnectionMemory
from db.ledger import Limit, create_tenant, save_connection
from db.session import open_engine, owner_session, tenant_session
from db.vault import Vault, bound_to, new_key
from domain.keys import System
from simulators.quickbooks.server import QuickBooksTwin
from simulators.quickbooks.site import CLIENT_SECRET
from tests.connectors.quickbooks.samples import BOOKS

ROOT = Path(__file__).parents[3]
_numbers = count(1)
RESTLESS = Patience(attempts=3, first_wait=0, longest_wait=0, jitter=0, longest_asked=0)
FREE = (Limit(10_000, 1.0),)
HASTY = Pace(calls=FREE, batches=FREE, rest=0, timeout=20, token_timeout=5, doubt=0)


@dataclass
class Office:
    """One company, one ledger, and as many connectors, one after the other or at once, as a test opens."""

    twin: QuickBooksTwin
    engine: Engine
    ledger_url: str
    tenant: str
    key: str = field(default_factory=new_key)
    opened: list[QuickBooksConnector] = field(default_factory=list)

    @property
    def vault(self) -> Vault:
        return Vault(SecretStr(self.key))

    @property
    def memory(self) -> ConnectionMemory:
        return ConnectionMemory(self.engine, self.tenant, BOOKS, self.vault)

    @property
    def settings(self) -> dict[str, object]:
        return {
            "realm_id": self.twin.realm,
            "client_id": self.twin.client_id,
            "url": self.twin.url,
            "token_url": f"{self.twin.url}/oauth2/v1/tokens/bearer",
        }

    def connect(self, **changes: str) -> dict[str, str]:
        """Store fresh tokens, as a person who connects the company does."""
        tokens = self.twin.tokens()
        secrets = {
            "client_secret": self.twin.client_secret,
            "access_token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "access_expires_at": (datetime.now(UTC) + timedelta(seconds=tokens["expires_in"])).isoformat(),
            **changes,
        }
        secrets = {name: value for name, value in secrets.items() if value or name == "access_token"}
        sealed = self.vault.seal(secrets, bound_to=bound_to(self.tenant, BOOKS))
        with tenant_session(self.engine, self.tenant) as session:
            save_connection(session, BOOKS, System.QUICKBOOKS, self.settings, sealed, self.vault.key_id)
        return secrets

    def open(self, memory: ConnectionMemory | None = None, **pace: object) -> QuickBooksConnector:
        """Open the company as a new run does."""
        memory = memory or self.memory
        with memory.held_credentials() as held:
            secrets = dict(held.secrets)
        chosen = replace(HASTY, **pace)
        connector = open_quickbooks(
            self.tenant, BOOKS, self.settings, secrets, memory=memory, patience=RESTLESS, pace=chosen
        )
        self.opened.append(connector)
        return connector

    def spawn(self, moment: str) -> subprocess.Popen[str]:
        """Start a process that opens the company and waits for a line before it goes on."""
        with self.memory.held_credentials() as held:
            secrets = json.dumps(dict(held.secrets))
        arguments = [self.ledger_url, self.tenant, self.key, json.dumps(self.settings), secrets, moment]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.connectors.quickbooks.dying", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def calls(self) -> list[str]:
        """What QuickBooks was asked so far, in short."""
        return [f"{line.kind} {line.action}" for line in self.twin.log.lines()]

    def writes(self) -> int:
        """How many objects it was asked to write."""
        return sum(line.items for line in self.twin.log.lines() if line.kind != "oauth")

    def states(self) -> set[str]:
        """In which states the intents are."""
        with tenant_session(self.engine, self.tenant) as session:
            return set(session.scalars(text("SELECT state FROM unisync.intents")))

    def counted(self, kind: str) -> int:
        """How many of a kind there are."""
        return len(self.twin.world.all(kind))


MakeOffice = Callable[..., Office]


@pytest.fixture(scope="session")
def shared_ledger(postgres: embedded.Server) -> Iterator[tuple[Engine, str]]:
    """One database for all offices, each of which is a tenant: to make a tenant is much faster than a database."""
    url = embedded.ensure_database(postgres, "ledger_of_offices")
    migrations.upgrade(url)
    engine = open_engine(url)
    yield engine, url
    engine.dispose()


@pytest.fixture
def make_office(shared_ledger: tuple[Engine, str]) -> Iterator[MakeOffice]:
    offices: list[Office] = []

    def make(company: str = "eu", **options: object) -> Office:
        twin = QuickBooksTwin.start(company, **options)
        twin.switches.throttles = False
        engine, url = shared_ledger
        tenant = f"office-{next(_numbers)}"
        with owner_session(engine) as session:
            create_tenant(session, tenant)
        offices.append(Office(twin, engine, url, tenant))
        offices[-1].connect()
        return offices[-1]

    yield make
    for office in offices:
        for connector in office.opened:
            connector.close()
        office.twin.stop()
        # The next test has the same company, which belongs to one connection only.
        with tenant_session(office.engine, office.tenant) as session:
            session.execute(text("UPDATE unisync.connections SET settings = '{}'"))


@pytest.fixture
def office(make_office: MakeOffice) -> Office:
    """A company in Germany, freshly connected."""
    return make_office()


@pytest.fixture
def books(office: Office) -> QuickBooksConnector:
    """That company, opened."""
    return office.open()


@pytest.fixture(autouse=True)
def _no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    logged = "".join(f"{record.getMessage()}{record.exc_text or ''}" for record in caplog.records)
    # What all tokens of the twin begin with, and its client secret.
    assert not any(secret in logged for secret in ("RT1-", "eyJ", CLIENT_SECRET, "Bearer", "Basic "))
