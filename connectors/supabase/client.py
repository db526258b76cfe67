"""The one connection to the warehouse: opened when needed, again when lost, and used one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any

import psycopg
from psycopg import Connection, Cursor
from psycopg.conninfo import make_conninfo

from connectors.network import PrivateAddress, only_public
from connectors.supabase.failures import FAILURES, explain, hint
from connectors.supabase.places import place_of, read_url
from connectors.supabase.settings import PostgresCredentials, PostgresSettings
from domain.errors import Misconfigured, Unavailable
from domain.keys import ConnectionName, TenantName

APPLICATION = "universal-data-sync"

# A statement that waits for a lock of somebody else shall not wait as long as one that works.
LOCK_SECONDS = 30

_KEEPALIVE = {
    # A peer that vanished without a word is noticed after about a minute instead of two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

# Of this transaction only: behind a transaction pooler the next one may run in another session.
_BEGIN = """
    SELECT set_config('unisync.tenant', %(tenant)s, true),
           set_config('application_name', %(application)s, true),
           set_config('statement_timeout', %(statement)s, true),
           set_config('lock_timeout', %(lock)s, true)
"""


class Client:
    """Transactions in one warehouse on behalf of one tenant; ``place`` says where that is."""

    def __init__(
        self,
        tenant: TenantName,
        connection: ConnectionName,
        settings: PostgresSettings,
        credentials: PostgresCredentials,
        *,
        public_only: bool = False,
    ) -> None:
        self.place = place_of(read_url(credentials.url.get_secret_value()))
        self._url = credentials.url
        self._name = connection
        self._settings = settings
        self._public_only = public_only
        self._variables = {
            "tenant": tenant,
            "application": APPLICATION,
            "statement": f"{settings.statement_seconds}s",
            "lock": f"{min(LOCK_SECONDS, settings.statement_seconds)}s",
        }
        self._open: Connection[tuple[Any, ...]] | None = None
        self._in_use = Lock()

    @contextmanager
    def transaction(self, operation: str) -> Iterator[Cursor[tuple[Any, ...]]]:
        """Open a transaction in which row-level security shows the tenant's rows; committed at the end.

        There is one at a time: another thread waits.

        Raises:
            Rejected: a value cannot be stored; nothing of the transaction was.
            RetryableError: the database is away or busy.
            FatalError: it refuses us, or the settings cannot work.
        """
        try:
            with self._in_use, ExitStack() as stack:
                connection = self._begin(stack)
                yield connection.execute(_BEGIN, self._variables)
        except FAILURES as error:
            # Postgres' own words hold row values: they go no further.
            raise explain(error, self.place, self._name, operation) from None

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _begin(self, stack: ExitStack) -> Connection[tuple[Any, ...]]:
        is_new = self._open is None or self._open.closed
        try:
            return self._entered(stack)
        except psycopg.OperationalError:
            if is_new:
                raise
        # Server and pooler close what is idle for long. Nothing but BEGIN was said, so another connection will do.
        self.close()
        return self._entered(stack)

    def _entered(self, stack: ExitStack) -> Connection[tuple[Any, ...]]:
        if self._open is None or self._open.closed:
            self._open = self._connected()
        stack.enter_context(self._open.transaction())
        return self._open

    def _connected(self) -> Connection[tuple[Any, ...]]:
        parts = read_url(self._url.get_secret_value())
        if self._public_only:
            parts = self._public(parts)
        ours = {
            "application_name": APPLICATION,
            "connect_timeout": str(self._settings.connect_seconds),
            "client_encoding": "utf8",
        }
        # Prepared statements live in a session, which a transaction pooler does not give us.
        connection = psycopg.connect(
            make_conninfo(**{**_KEEPALIVE, **parts, **ours}), autocommit=True, prepare_threshold=None
        )
        # Said in every BEGIN, for the same reason.
        connection.read_only = self._settings.read_only or None
        return connection

    def _public(self, parts: dict[str, str]) -> dict[str, str]:
        try:
            return only_public(parts)
        except PrivateAddress as error:
            raise Misconfigured(str(error), connection=self._name) from None
        except Misconfigured as error:
            raise Misconfigured(f"{error}{hint(self.place, Unavailable)}", connection=self._name) from None
