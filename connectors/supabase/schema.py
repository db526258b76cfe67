"""How the tables of the warehouse are made and brought up to date; what users added to them stays."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from psycopg import Cursor, sql

from connectors.supabase.streams import TABLES
from connectors.supabase.tables import SCHEMA, Table
from domain.errors import Misconfigured
from domain.keys import ConnectionName

ALL_TABLES = {table.name: table for main in TABLES.values() for table in (main, *main.children)}

# Any number will do that nobody else locks.
_LOCK = 0x756E6973796E63
_ABOUT = (
    "What Universal Data Sync reads from the shops. Columns, indexes, views and triggers that you add here stay; what "
    "you write into its own columns is overwritten when the source changes. Layout {}."
)
_IS_CURRENT = """
    SELECT obj_description(schema.oid, 'pg_namespace') = %(about)s AND %(columns)s = (
        SELECT count(*) FROM unnest(%(tables)s::name[], %(names)s::name[]) AS ours (relation, name)
        JOIN pg_class ON relnamespace = schema.oid AND relname = relation
        JOIN pg_attribute ON attrelid = pg_class.oid AND attname = ours.name AND NOT attisdropped
    ) FROM pg_namespace AS schema WHERE nspname = %(schema)s
"""
_FOUND = """
    SELECT current_user, current_database(),
        (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s) IS NOT NULL,
        has_database_privilege(current_database(), 'CREATE'),
        has_database_privilege(current_database(), 'TEMPORARY'),
        coalesce((SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'), false),
        ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname IN ('anon', 'authenticated')),
        (SELECT coalesce(json_object_agg(relname, names), '{}') FROM (
            SELECT relname, array_agg(attname) AS names
            FROM pg_class
            JOIN pg_namespace ON pg_namespace.oid = relnamespace
            JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE nspname = %(schema)s AND relkind IN ('r', 'p') AND NOT attisdropped GROUP BY relname
        ) AS held)
"""


@dataclass(frozen=True)
class Found:
    """What the database is like before we change it."""

    user: str = ""
    database: str = ""
    has_schema: bool = False
    may_create: bool = True
    may_stage: bool = True
    offers_lz4: bool = False
    public_roles: Collection[str] = ()
    columns: Mapping[str, Collection[str]] = field(default_factory=dict)


def prepare(cursor: Cursor[tuple[Any, ...]], connection: ConnectionName) -> None:
    """Make the schema with its tables, or add what a later version needs; one query when nothing is to be done.

    Raises:
        Misconfigured: a right is lacking, or a table of somebody else is in the way.
        psycopg.Error: the server refuses.
    """
    if _is_current(cursor):
        return
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # Who held the lock may have made everything.
    if _is_current(cursor):
        return
    cursor.execute(_FOUND, {"schema": SCHEMA})
    found = Found(*(cursor.fetchone() or ()))
    if obstacle := _obstacle(found):
        raise Misconfigured(obstacle, connection=connection, operation="prepare")
    comment = sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(SCHEMA), about())
    cursor.execute(sql.SQL(";\n").join([*_statements(found), comment]))


@cache
def about() -> str:
    """Describe the schema for people, and the layout of its tables for ``prepare``: it changes when they do."""
    layout = sql.SQL(";").join(_statements(Found())).as_string()
    return _ABOUT.format(hashlib.sha256(layout.encode()).hexdigest()[:12])


def _statements(found: Found) -> Iterator[sql.Composed]:
    """Give the statements that lead from what is there to what shall be."""
    if not found.has_schema:
        schema = sql.Identifier(SCHEMA)
        yield sql.SQL("CREATE SCHEMA {}").format(schema)
        yield sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, _everybody(found))
    for table in ALL_TABLES.values():
        yield from _table(table, found)


def _table(table: Table, found: Found) -> Iterator[sql.Composed]:
    name = sql.Identifier(SCHEMA, table.name)
    if table.name not in found.columns:
        yield from _new_table(table, found)
    for column in table.all_columns:
        if column.name not in found.columns.get(table.name, (column.name,)):
            yield sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                name, sql.Identifier(column.name), sql.SQL(column.type)
            )
    for column_name in table.indexes:
        index = sql.Identifier(f"{table.name}_{column_name}_idx")
        yield sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(index, name, sql.Identifier(column_name))
    yield sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name)
    yield sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name)
    yield sql.SQL("DROP POLICY IF EXISTS unisync_tenant ON {}").format(name)
    # As a sub-select the setting is read once per statement, not once per row.
    yield sql.SQL(
        "CREATE POLICY unisync_tenant ON {} USING (tenant = (SELECT current_setting('unisync.tenant', true)))"
    ).format(name)
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(table.about))
    for column in table.all_columns:
        if column.about:
            yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(SCHEMA, table.name, column.name), sql.Literal(column.about)
            )


def _new_table(table: Table, found: Found) -> Iterator[sql.Composed]:
    name = sql.Identifier(SCHEMA, table.name)
    columns = [sql.SQL("{} {}").format(sql.Identifier(item.name), sql.SQL(item.type)) for item in table.all_columns]
    key = sql.SQL("PRIMARY KEY ({})").format(sql.SQL(", ").join(map(sql.Identifier, table.identity)))
    yield sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join([*columns, key]))
    yield sql.SQL("REVOKE ALL ON {} FROM {}").format(name, _everybody(found))
    if "raw" in table.filled:
        # Without lz4 there is only pglz, which takes longer to pack an order than all the rest of storing it.
        how = "COMPRESSION lz4" if found.offers_lz4 else "STORAGE EXTERNAL"
        yield sql.SQL("ALTER TABLE {} ALTER COLUMN raw SET {}").format(name, sql.SQL(how))


def _everybody(found: Found) -> sql.Composed:
    """Name the roles that get no right by default; Supabase gives two of them to whoever calls its API."""
    return sql.SQL(", ").join([sql.SQL("PUBLIC"), *map(sql.Identifier, found.public_roles)])


def _is_current(cursor: Cursor[tuple[Any, ...]]) -> bool:
    pairs = [(table.name, column.name) for table in ALL_TABLES.values() for column in table.all_columns]
    tables, names = zip(*pairs, strict=True)
    wanted = {"schema": SCHEMA, "about": about(), "tables": list(tables), "names": list(names), "columns": len(pairs)}
    return cursor.execute(_IS_CURRENT, wanted).fetchone() == (True,)


def _obstacle(found: Found) -> str | None:
    user, database = found.user, found.database
    for right, has_it in (("CREATE", found.has_schema or found.may_create), ("TEMPORARY", found.may_stage)):
        if not has_it:
            return (
                f"the user {user} lacks the right {right} on the database {database}: let its owner run "
                f'GRANT {right} ON DATABASE "{database}" TO "{user}"'
            )
    for table in ALL_TABLES.values():
        if table.name in found.columns and not {*table.identity} <= {*found.columns[table.name]}:
            return (
                f"the schema {SCHEMA} of the database {database} holds a table {table.name} that is not ours: "
                "rename it, or give the warehouse a database of its own"
            )
    return None
