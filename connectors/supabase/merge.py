"""How a page gets into its table: COPY into a staging table, then one statement that changes only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, LiteralString

from psycopg import Cursor, sql

from connectors.supabase.failures import UnstorableAmount
from connectors.supabase.tables import Table, Values
from domain.keys import ConnectionName
from domain.records import Record
from domain.writes import Action, Result, Write

# Row-level security says the same of the tenant, but roles such as Supabase's postgres are not bound by it.
_MINE: LiteralString = "tenant = current_setting('unisync.tenant') AND connection = %(connection)s"
# One look-up in the key for each id. As a join, or with ANY, a planner without statistics may read the whole table for
# every page, or compare each row with each (Postgres 15, 1,000 of 20,000 orders: 15 instead of 3 ms, or half a second).
_HELD: LiteralString = """
    SELECT source_id, fingerprint FROM unnest(%(ids)s::text[]) AS wanted (id), LATERAL (
        SELECT source_id, fingerprint FROM {table} WHERE {mine} AND {found} AND deleted_at IS NULL OFFSET 0
    ) AS held
"""
_DROP: LiteralString = """
    WITH left_out AS MATERIALIZED (
        SELECT {key} FROM unnest(%(ids)s::text[]) AS wanted (id), LATERAL (
            SELECT {key} FROM {table} WHERE {mine} AND {found} OFFSET 0
        ) AS held
        EXCEPT SELECT {key} FROM {staging}
    )
    DELETE FROM {table} AS held USING left_out WHERE {mine} AND {same}
"""
_REMOVE: LiteralString = """
    UPDATE {table} SET deleted_at = now(), synced_at = now() FROM unnest(%(ids)s::text[]) AS wanted (id)
    WHERE {mine} AND {found} AND deleted_at IS NULL
    RETURNING source_id
"""
# What is staged is written once and read once, so it is neither packed nor moved out of its row, up to a page of 8 kB
# (measured with 1,000 orders of 4.7 kB: 20 instead of 90 ms).
_STAGE: LiteralString = "CREATE TEMP TABLE {staging} ({fields}) WITH (toast_tuple_target = 8160) ON COMMIT DROP"
_STAGE_RAW: LiteralString = _STAGE + "; ALTER TABLE {staging} ALTER COLUMN raw SET STORAGE EXTERNAL"
_COPY: LiteralString = "COPY {staging} FROM STDIN (FORMAT BINARY)"
_UPSERT: LiteralString = """
    INSERT INTO {table} AS held (tenant, {columns})
    SELECT current_setting('unisync.tenant'), {columns} FROM {staging}
    ON CONFLICT ({identity}) DO UPDATE SET {changes}, synced_at = now(), deleted_at = NULL
    WHERE ({present}) IS DISTINCT FROM ({wanted}) OR held.deleted_at IS NOT NULL
    RETURNING held.source_id, held.xmax = 0
"""


class Merge:
    """What one transaction does to one table, for the records of one connection."""

    def __init__(self, cursor: Cursor[tuple[Any, ...]], schema: str, table: Table, connection: ConnectionName) -> None:
        self._cursor = cursor
        self._schema = schema
        self._table = table
        self._connection = connection

    def held(self, ids: Collection[str]) -> dict[str, str]:
        """Give the fingerprint of each of these records that the table holds and that is not deleted."""
        return dict(self._execute(_HELD, self._table, ids))

    def write(self, writes: Sequence[Write]) -> dict[str, Result]:
        """Write the records with what hangs on them; tells what became of each source id.

        Raises:
            UnstorableAmount, UnicodeEncodeError, OverflowError, psycopg.Error: nothing was written.
        """
        results = dict.fromkeys((write.source.id for write in writes), Result.UNCHANGED)
        present = {write.source.id: write.record for write in writes if write.record is not None}
        # Staging rows that turn out unchanged would cost ten times as much as asking, and would lock them all.
        held = self.held(present)
        changed = [record for record in present.values() if held.get(record.key.id) != record.fingerprint]
        if changed:
            results |= self._store(changed)
        gone = [write.source.id for write in writes if write.action is Action.REMOVE]
        if gone:
            results |= self._remove(gone)
        return results

    def _store(self, records: Collection[Record]) -> dict[str, Result]:
        self._stage(self._table, records)
        self._cursor.execute(self._composed(_UPSERT, self._table))
        results = {key: Result.CREATED if is_new else Result.UPDATED for key, is_new in self._cursor}
        updated = [key for key, result in results.items() if result is Result.UPDATED]
        for child in self._table.children:
            self._stage(child, [record for record in records if record.key.id in results])
            if updated and child.items:
                self._execute(_DROP, child, updated)
            self._cursor.execute(self._composed(_UPSERT, child))
        return results

    def _remove(self, ids: Collection[str]) -> dict[str, Result]:
        removed = {key: Result.REMOVED for (key,) in self._execute(_REMOVE, self._table, ids)}
        for child in self._table.children:
            self._execute(_REMOVE, child, list(removed))
        return removed

    def _stage(self, table: Table, records: Iterable[Record]) -> None:
        self._cursor.execute(self._composed(_STAGE_RAW if "raw" in table.content else _STAGE, table))
        with self._cursor.copy(self._composed(_COPY, table)) as copy:
            # The binary form of json is its text: so declared, psycopg hands it on untouched.
            copy.set_types(["text" if kind == "json" else kind for kind in table.types])
            for values in _storable_rows(table, records):
                copy.write_row(values)

    def _execute(self, query: LiteralString, table: Table, ids: Collection[str]) -> list[tuple[Any, ...]]:
        self._cursor.execute(self._composed(query, table), {"connection": self._connection, "ids": list(ids)})
        return self._cursor.fetchall() if self._cursor.description else []

    def _composed(self, query: LiteralString, table: Table) -> sql.Composed:
        """Fill the names of a table and its columns into a statement."""
        compared = ("fingerprint",) if "fingerprint" in table.content else table.content
        types = map(sql.SQL, table.types)
        fields = (sql.SQL("{} {}").format(name, kind) for name, kind in zip(_names(table.filled), types, strict=True))
        return sql.SQL(query).format(
            table=sql.Identifier(self._schema, table.name),
            staging=sql.Identifier("pg_temp", f"staging_{table.name}"),
            mine=sql.SQL(_MINE),
            found=_found_by(table),
            fields=sql.SQL(", ").join(fields),
            columns=sql.SQL(", ").join(_names(table.filled)),
            key=sql.SQL(", ").join(_names(table.key)),
            identity=sql.SQL(", ").join(_names(table.identity)),
            changes=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in _names(table.content)),
            present=sql.SQL(", ").join(sql.Identifier("held", name) for name in compared),
            wanted=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in compared),
            same=sql.SQL(" AND ").join(sql.SQL("left_out.{0} = held.{0}").format(name) for name in _names(table.key)),
        )


def _storable_rows(table: Table, records: Iterable[Record]) -> Iterator[Values]:
    types = table.types
    amounts = [place for place, kind in enumerate(types) if kind == "numeric"]
    has_lists = any(kind.endswith("[]") for kind in types)
    for record in records:
        for values in table.rows(record):
            for place in amounts:
                # Postgres would store these, and every sum over the column would be spoilt for ever.
                if isinstance(amount := values[place], Decimal) and not amount.is_finite():
                    raise UnstorableAmount
            # psycopg writes lists as arrays, but no tuples.
            yield [list(value) if isinstance(value, tuple) else value for value in values] if has_lists else values


def _found_by(table: Table) -> sql.Composed:
    """Give the condition that finds the rows of the record whose source id is ``wanted.id``."""
    told_by = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in table.only]
    return sql.SQL(" AND ").join([*told_by, sql.SQL("{} = wanted.id").format(sql.Identifier(table.record_id))])


def _names(names: Iterable[str]) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]
