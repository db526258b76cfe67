"""A warehouse in Postgres, opened for one connection of one tenant, by its connection string or by Supabase's REST."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, Self

from connectors.call_count import CallCount
from connectors.http import Patience
from connectors.stored import parse
from connectors.supabase.client import Client
from connectors.supabase.halving import Results
from connectors.supabase.postgres import PostgresTables
from connectors.supabase.rest import RestTables
from connectors.supabase.rest_client import RestClient
from connectors.supabase.settings import (
    PostgresCredentials,
    PostgresSettings,
    RestCredentials,
    RestSettings,
    is_rest,
)
from connectors.supabase.streams import TABLES
from connectors.supabase.tables import Table
from db.connection_memory import ConnectionMemory
from domain.connector import Vitals
from domain.errors import Misconfigured, Rejected
from domain.keys import ConnectionName, Kind, TenantName
from domain.problems import Fate, Problem
from domain.writes import Action, Plan, Result, Write, WriteOutcome

REJECTED = "warehouse.rejected"
"""The code of the problem of a record that the database does not store."""


class Transport(Protocol):
    """A way to the tables of a warehouse; every method raises RetryableError or FatalError."""

    def check(self) -> Vitals:
        """Prove that it works, and say where it leads and how."""

    def prepare(self) -> None:
        """Make sure that the tables are as this version needs them."""

    def held(self, table: Table, source: ConnectionName, ids: Collection[str]) -> dict[str, str]:
        """Give the fingerprints of those records that are here and not deleted."""

    def write(self, table: Table, source: ConnectionName, writes: Sequence[Write]) -> Results:
        """Carry out the writes but those that are refused; tells what became of each source id."""

    def close(self) -> None:
        """Let the connection go."""


class SupabaseConnector:
    """Writes the records of a tenant's shops into the tables of a schema of their own.

    A row is written when its fingerprint differs, and not touched otherwise; a removed record keeps its row, with
    ``deleted_at`` set. A record that cannot be stored becomes a problem of its own; all others are written.
    """

    def __init__(self, connection: ConnectionName, tables: Transport, *, read_only: bool = False) -> None:
        self.connection = connection
        self._tables = tables
        self._read_only = read_only

    def check(self) -> Vitals:
        """Prove that the database can be reached and lets us in; raises as ``held`` does."""
        return self._tables.check()

    def prepare(self) -> None:
        """Make the tables, or bring them up to date; nothing in read-only mode. Raises as ``held`` does."""
        if not self._read_only:
            self._tables.prepare()

    def fence(self, token: int) -> None:
        """Nothing: a row that two runs write is the same row."""

    def settle_open_intents(self) -> tuple[WriteOutcome, ...]:
        """Nothing is ever in doubt: a page that may or may not be written is simply written again."""
        return ()

    def held(self, kind: Kind, source: ConnectionName, ids: Sequence[str]) -> Mapping[str, str]:
        """Give the fingerprints of those records that are here and not deleted; none before ``prepare``.

        Raises:
            RetryableError: the database is away or busy.
            FatalError: it refuses us, or the settings cannot work.
        """
        # Postgres stores neither NUL nor half a character in a text, so no such id can be here.
        return self._tables.held(self._table(kind), source, [key for key in ids if key.isprintable()])

    def write(self, plan: Plan) -> tuple[WriteOutcome, ...]:
        """Carry out the writes, which are of one kind and one source; tells the outcome of each.

        Raises:
            Misconfigured: the connection is read-only; nothing was sent. Otherwise as ``held`` does.
        """
        if any(write.record is None and write.action is not Action.REMOVE for write in plan.writes):
            raise ValueError("a warehouse is written with records of the hub")
        scopes = {(write.source.kind, write.source.connection) for write in plan.writes}
        if len(scopes) > 1:
            raise ValueError("a plan holds writes of one kind and one source")
        if scopes and self._read_only:
            raise Misconfigured(
                "the connection is read-only, so nothing was written; connect it anew without read-only to write",
                connection=self.connection,
                operation="write",
            )
        return tuple(out for kind, source in scopes for out in self._write(self._table(kind), source, plan.writes))

    def close(self) -> None:
        """Close the connection to the database."""
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _table(self, kind: Kind) -> Table:
        if kind not in TABLES:
            raise Misconfigured(f"a warehouse has no table for records of the kind {kind}", connection=self.connection)
        return TABLES[kind]

    def _write(self, table: Table, source: ConnectionName, writes: Sequence[Write]) -> list[WriteOutcome]:
        results = self._tables.write(table, source, writes)
        return [_outcome(write, results[write.source.id]) for write in writes]


def open_supabase(
    tenant: TenantName,
    connection: ConnectionName,
    settings: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    patience: Patience | None = None,
    public_only: bool = False,
    memory: ConnectionMemory | None = None,
) -> SupabaseConnector:
    """Open a warehouse for one connection of one tenant; the database is first asked when it is first needed.

    Settings with a ``project_url`` lead to Supabase's REST API, all others to Postgres itself; ``patience`` is for
    the former, whose calls are counted where there is a memory.

    Raises:
        Misconfigured: settings, connection string or key cannot be used.
    """
    of = (connection, "the warehouse")
    if is_rest(settings):
        rest, key = parse(RestSettings, settings, *of), parse(RestCredentials, credentials, *of)
        calls = None if memory is None else CallCount(memory)
        caller = RestClient(connection, rest, key, patience=patience, public_only=public_only, calls=calls)
        return SupabaseConnector(connection, RestTables(tenant, caller), read_only=rest.read_only)
    direct, url = parse(PostgresSettings, settings, *of), parse(PostgresCredentials, credentials, *of)
    client = Client(tenant, connection, direct, url, public_only=public_only)
    tables = PostgresTables(connection, client, direct.schema_name)
    return SupabaseConnector(connection, tables, read_only=direct.read_only)


def _outcome(write: Write, result: Result | Rejected) -> WriteOutcome:
    if isinstance(result, Result):
        return WriteOutcome(write=write, result=result, link=write.link())
    problem = Problem(
        code=REJECTED,
        message=str(result.args[0]),
        fate=Fate.SKIP,
        key=write.source,
        advice="correct the record in its source, or change the rule of the warehouse that it breaks",
    )
    return WriteOutcome(write=write, result=Result.FAILED, problem=problem)
