"""A warehouse in Postgres, opened for one connection of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from psycopg.errors import UndefinedTable

from connectors.stored import parse
from connectors.supabase.client import Client
from connectors.supabase.merge import Merge
from connectors.supabase.schema import prepare
from connectors.supabase.settings import SupabaseCredentials, SupabaseSettings
from connectors.supabase.streams import TABLES
from connectors.supabase.tables import Table
from domain.errors import Misconfigured, Rejected
from domain.keys import ConnectionName, Kind, TenantName
from domain.problems import Fate, Problem
from domain.writes import Action, Plan, Result, Write, WriteOutcome

REJECTED = "warehouse.rejected"
"""The code of the problem of a record that the database does not store."""


class SupabaseConnector:
    """Writes the records of a tenant's shops into the tables of the schema ``commerce``.

    A row is written when its fingerprint differs, and not touched otherwise; a removed record keeps its row, with
    ``deleted_at`` set. All writes of a plan are one transaction, unless a record cannot be stored: then the plan is
    halved until that record stands alone, and all others are written.
    """

    def __init__(self, connection: ConnectionName, client: Client) -> None:
        self.connection = connection
        self._client = client

    def check(self) -> str:
        """Prove that the database can be reached and lets us in, and say which it is; raises as ``held`` does."""
        with self._client.transaction("check"):
            return self._client.place.database

    def prepare(self) -> None:
        """Make the tables, or bring them up to date; raises as ``held`` does."""
        with self._client.transaction("prepare") as cursor:
            prepare(cursor, self.connection)

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
        possible = [key for key in ids if key.isprintable()]
        try:
            with self._client.transaction("held") as cursor:
                return Merge(cursor, self._table(kind), source).held(possible)
        except Misconfigured as error:
            if error.code == UndefinedTable.sqlstate:
                return {}
            raise

    def write(self, plan: Plan) -> tuple[WriteOutcome, ...]:
        """Carry out the writes, which are of one kind and one source; tells the outcome of each; raises as ``held``."""
        if any(write.record is None and write.action is not Action.REMOVE for write in plan.writes):
            raise ValueError("a warehouse is written with records of the hub")
        scopes = {(write.source.kind, write.source.connection) for write in plan.writes}
        if len(scopes) > 1:
            raise ValueError("a plan holds writes of one kind and one source")
        return tuple(out for kind, source in scopes for out in self._write(self._table(kind), source, plan.writes))

    def close(self) -> None:
        """Close the connection to the database."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _table(self, kind: Kind) -> Table:
        if kind not in TABLES:
            raise Misconfigured(f"a warehouse has no table for records of the kind {kind}", connection=self.connection)
        return TABLES[kind]

    def _write(self, table: Table, source: ConnectionName, writes: Sequence[Write]) -> list[WriteOutcome]:
        try:
            with self._client.transaction("write") as cursor:
                results = Merge(cursor, table, source).write(writes)
        except Rejected as refusal:
            if len(writes) == 1:
                return [_failed(writes[0], refusal)]
            middle = len(writes) // 2
            halves = writes[:middle], writes[middle:]
            return [outcome for half in halves for outcome in self._write(table, source, half)]
        return [WriteOutcome(write=write, result=results[write.source.id], link=write.link()) for write in writes]


def open_supabase(
    tenant: TenantName, connection: ConnectionName, settings: Mapping[str, object], credentials: Mapping[str, str]
) -> SupabaseConnector:
    """Open a warehouse for one connection of one tenant; the database is first asked when it is first needed.

    Raises:
        Misconfigured: settings or connection string cannot be used.
    """
    of = (connection, "the warehouse")
    checked = parse(SupabaseSettings, settings, *of), parse(SupabaseCredentials, credentials, *of)
    return SupabaseConnector(connection, Client(tenant, connection, *checked))


def _failed(write: Write, refusal: Rejected) -> WriteOutcome:
    problem = Problem(
        code=REJECTED,
        message=str(refusal.args[0]),
        fate=Fate.SKIP,
        key=write.source,
        advice="correct the record in its source, or change the rule of the warehouse that it breaks",
    )
    return WriteOutcome(write=write, result=Result.FAILED, problem=problem)
