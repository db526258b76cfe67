"""How the tables of the warehouse are made and brought up to date; what users added to them stays."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, LiteralString

from psycopg import Cursor, sql

from connectors.supabase.streams import ALL_TABLES
from connectors.supabase.tables import Table
from domain.errors import Misconfigured
from domain.keys import ConnectionName

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
        (SELECT coalesce(json_object_agg(relname, names), '{}') FROM (
            SELECT relname, array_agg(attname) AS names
            FROM pg_class
            JOIN pg_namespace ON pg_namespace.oid = relnamespace
            JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE nspname = %(schema)s AND relkind IN ('r', 'p') AND NOT attisdropped GROUP BY relname
        ) AS held)
"""
# Nobody gets a right by default; Supabase gives two roles to whoever calls its API. Its own servers' role may write.
_MAKE: LiteralString = """DO $unisync$
DECLARE
    everybody text := concat_ws(', ', 'PUBLIC', (
        SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
    ));
    offers_lz4 boolean := EXISTS (
        SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
    );
BEGIN
    IF to_regnamespace({schema_text}) IS NULL THEN
        CREATE SCHEMA {schema};
        EXECUTE 'REVOKE ALL ON SCHEMA {schema} FROM ' || everybody;
    END IF;{tables}
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'service_role') THEN
        GRANT USAGE ON SCHEMA {schema} TO service_role;
        GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO service_role;
    END IF;
END $unisync$"""
_MAKE_TABLE: LiteralString = """
    IF to_regclass({name_text}) IS NULL THEN
        CREATE TABLE {name} (
            {columns},
            PRIMARY KEY ({key})
        );
        EXECUTE 'REVOKE ALL ON {name} FROM ' || everybody;{pack}
    END IF;"""
# Without lz4 there is only pglz, which takes longer to pack an order than all the rest of storing it.
_PACK: LiteralString = """
        EXECUTE 'ALTER TABLE {name} ALTER COLUMN raw SET '
            || CASE WHEN offers_lz4 THEN 'COMPRESSION lz4' ELSE 'STORAGE EXTERNAL' END;"""
# As a sub-select the setting is read once per statement, not once per row.
_WALL: LiteralString = """ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {name} FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS unisync_tenant ON {name};
CREATE POLICY unisync_tenant ON {name} USING (tenant = (SELECT current_setting('unisync.tenant', true)))"""


@dataclass(frozen=True)
class Found:
    """What the database is like before we change it."""

    user: str
    database: str
    has_schema: bool
    may_create: bool
    may_stage: bool
    columns: Mapping[str, Collection[str]]


def prepare(cursor: Cursor[tuple[Any, ...]], connection: ConnectionName, schema: str) -> None:
    """Make the schema with its tables, or add what a later version needs; one query when nothing is to be done.

    Raises:
        Misconfigured: a right is lacking, or a table of somebody else is in the way.
        psycopg.Error: the server refuses.
    """
    if _is_current(cursor, schema):
        return
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    # Who held the lock may have made everything.
    if _is_current(cursor, schema):
        return
    cursor.execute(_FOUND, {"schema": schema})
    if (found := cursor.fetchone()) and (obstacle := _obstacle(Found(*found), schema)):
        raise Misconfigured(obstacle, connection=connection, operation="prepare")
    cursor.execute(statements(schema).encode())


def statements(schema: str) -> str:
    """Give the SQL that makes the tables, or brings them up to date; it may be run again at any time."""
    comment = sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(schema), about(schema))
    return sql.SQL(";\n").join([_layout(schema), comment, sql.SQL("NOTIFY pgrst, 'reload schema'")]).as_string()


@cache
def about(schema: str) -> str:
    """Describe the schema for people, and the layout of its tables for ``prepare``: it changes when they do."""
    return _ABOUT.format(hashlib.sha256(_layout(schema).as_string().encode()).hexdigest()[:12])


def _layout(schema: str) -> sql.Composed:
    kept = (statement for table in ALL_TABLES.values() for statement in _kept(schema, table))
    return sql.SQL(";\n").join([_made(schema), *kept])


def _made(schema: str) -> sql.Composed:
    """Give the statement that makes what is missing."""
    name = sql.Identifier(schema)
    return sql.SQL(_MAKE).format(
        schema=name,
        schema_text=sql.Literal(name.as_string()),
        tables=sql.SQL("").join(_made_table(schema, table) for table in ALL_TABLES.values()),
        names=sql.SQL(", ").join(sql.Identifier(schema, table) for table in ALL_TABLES),
    )


def _made_table(schema: str, table: Table) -> sql.Composed:
    name = sql.Identifier(schema, table.name)
    columns = [sql.SQL("{} {}").format(sql.Identifier(item.name), sql.SQL(item.type)) for item in table.all_columns]
    return sql.SQL(_MAKE_TABLE).format(
        name=name,
        name_text=sql.Literal(name.as_string()),
        columns=sql.SQL(",\n            ").join(columns),
        key=sql.SQL(", ").join(map(sql.Identifier, table.identity)),
        pack=sql.SQL(_PACK).format(name=name) if "raw" in table.filled else sql.SQL(""),
    )


def _kept(schema: str, table: Table) -> Iterator[sql.Composed]:
    """Give the statements that bring a table of an earlier version up to date."""
    name = sql.Identifier(schema, table.name)
    # Of a table that lacks the columns of our key nobody knows whose it is: it is left as it is, and the rest fails.
    added = [
        sql.SQL("ADD COLUMN IF NOT EXISTS {} {}").format(sql.Identifier(item.name), sql.SQL(item.type))
        for item in table.all_columns
        if item.name not in table.identity
    ]
    yield sql.SQL("ALTER TABLE {}\n    {}").format(name, sql.SQL(",\n    ").join(added))
    for column in table.indexes:
        index = sql.Identifier(f"{table.name}_{column}_idx")
        yield sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(index, name, sql.Identifier(column))
    yield sql.SQL(_WALL).format(name=name)
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(table.about))
    for item in table.all_columns:
        if item.about:
            of = sql.Identifier(schema, table.name, item.name)
            yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(of, sql.Literal(item.about))


def _is_current(cursor: Cursor[tuple[Any, ...]], schema: str) -> bool:
    pairs = [(table.name, column.name) for table in ALL_TABLES.values() for column in table.all_columns]
    tables, names = zip(*pairs, strict=True)
    wanted = {"schema": schema, "about": about(schema), "tables": list(tables), "names": list(names)}
    return cursor.execute(_IS_CURRENT, wanted | {"columns": len(pairs)}).fetchone() == (True,)


def _obstacle(found: Found, schema: str) -> str | None:
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
                f"the schema {schema} of the database {database} holds a table {table.name} that is not ours: "
                "rename it, or give the warehouse a schema or a database of its own"
            )
    return None
