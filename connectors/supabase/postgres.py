"""The warehouse by its connection string: every page is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from psycopg.errors import UndefinedTable

from connectors.supabase.client import Client
from connectors.supabase.halving import Results, write_all
from connectors.supabase.merge import Merge
from connectors.supabase.schema import prepare
from connectors.supabase.tables import Table
from domain.connector import Vitals
from domain.errors import Misconfigured
from domain.keys import ConnectionName
from domain.writes import Result, Write

_VITALS = "SELECT current_setting('server_version'), clock_timestamp()"


class PostgresTables:
    """The tables of one schema; every method raises what ``Client.transaction`` does."""

    def __init__(self, connection: ConnectionName, client: Client, schema: str) -> None:
        self._connection = connection
        self._client = client
        self._schema = schema

    def check(self) -> Vitals:
        """Prove that the database lets us in, and say which way leads there."""
        place = self._client.place
        with self._client.transaction("check") as cursor:
            (version, time) = cursor.execute(_VITALS).fetchone() or ("", datetime.now(UTC))
            ahead = (time - datetime.now(UTC)).total_seconds()
        return Vitals(f"{place} ({place.route})", f"Postgres {version}", ahead)

    def prepare(self) -> None:
        """Make the tables, or bring them up to date."""
        with self._client.transaction("prepare") as cursor:
            prepare(cursor, self._connection, self._schema)

    def held(self, table: Table, source: ConnectionName, ids: Collection[str]) -> dict[str, str]:
        """Give the fingerprints of those records that are here and not deleted; none before ``prepare``."""
        try:
            with self._client.transaction("held") as cursor:
                return Merge(cursor, self._schema, table, source).held(ids)
        except Misconfigured as error:
            if error.code == UndefinedTable.sqlstate:
                return {}
            raise

    def write(self, table: Table, source: ConnectionName, writes: Sequence[Write]) -> Results:
        """Carry out the writes but those that are refused; tells what became of each source id."""

        def merge(some: Sequence[Write]) -> dict[str, Result]:
            with self._client.transaction("write") as cursor:
                return Merge(cursor, self._schema, table, source).write(some)

        return write_all(writes, merge, lambda write: write.source.id)

    def close(self) -> None:
        """Close the connection to the database."""
        self._client.close()
