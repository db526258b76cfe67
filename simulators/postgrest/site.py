"""One running project: its database, its keys, its switches."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection, sql

from simulators import site
from simulators.courier import Courier, Job
from simulators.postgrest.canned import replayed
from simulators.postgrest.keys import ANONYMOUS, SERVICE, Keys
from simulators.postgrest.switches import Switches
from simulators.postgrest.tables import Tables
from simulators.posting import Letter, Reply

# supabase.com/docs/guides/database/postgres/roles
_ROLES = {ANONYMOUS: "NOLOGIN", "authenticated": "NOLOGIN", SERVICE: "NOLOGIN BYPASSRLS"}


class NoDatabase(Exception):
    """The database cannot be used for a twin; the text is one sentence."""


class _NoWebhooks:
    """The outbox of a twin that sends nothing of its own accord."""

    def take(self, now: datetime) -> list[Job]:
        return []

    def letter(self, job: Job) -> Letter | None:
        return None

    def settle(self, job: Job, reply: Reply) -> Job | None:
        return None

    def waiting(self) -> list[dict[str, Any]]:
        return []


class Site(site.Site[Switches]):
    """A project and everything its API needs."""

    banner = "cloudflare"

    def __init__(self, database_url: str, switches: Switches, keys: Keys) -> None:
        """Make sure that the database can be used and has the three roles; raises NoDatabase when it cannot."""
        super().__init__(switches, "apikey", replayed)
        self.courier = Courier(_NoWebhooks(), self.lock, self.clock, switches)
        self.keys = keys
        self.tables = Tables()
        self._url = database_url
        self._open: Connection[Any] | None = None
        try:
            self._make_roles()
        except psycopg.Error as error:
            reason = str(error).partition("\n")[0]
            raise NoDatabase(f"A twin needs a database of which it is the superuser: {reason}.") from None

    @contextmanager
    def transaction(self, role: str, *, read_only: bool) -> Iterator[Connection[Any]]:
        """One transaction in the rights of a role; raises psycopg.Error, OperationalError when the database is away."""
        connection = self._connected()
        with connection.transaction():
            if read_only:
                connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            yield connection

    def close(self) -> None:
        """Let the database go."""
        if self._open:
            self._open.close()

    def _connected(self) -> Connection[Any]:
        if self._open is None or self._open.closed:
            self._open = psycopg.connect(self._url, autocommit=True)
        return self._open

    def _make_roles(self) -> None:
        connection = self._connected()
        present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for name, rights in _ROLES.items():
            if name not in present:
                connection.execute(f"CREATE ROLE {name} {rights}".encode())
            connection.execute(f"SET ROLE {name}; RESET ROLE".encode())
