"""The SQL of a request: the same kinds of statements that PostgREST makes, each in a transaction of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from simulators.postgrest.query import Filter, Query

# The rows of a body are read by the types of their columns: what json holds stays as it was sent.
_BODY = sql.SQL("{reader}({text}::json) AS body ({fields})")
_SHOWN = sql.SQL("""
    SELECT coalesce(json_agg(shown), '[]')::text, {total} FROM (SELECT {columns} FROM {source} {order} {part}) AS shown
""")
_UPSERT = sql.SQL("""
    WITH done AS (
        INSERT INTO {table} AS target ({columns}) SELECT {columns} FROM {body}
        ON CONFLICT ({key}) DO UPDATE SET {changes} RETURNING target.*, target.xmax = 0 AS "is inserted"
    )
""")
_INSERTED = sql.SQL('(SELECT count(*) FROM done WHERE "is inserted")')


def read(table: sql.Identifier, query: Query, *, most: int, counted: bool) -> sql.Composed:
    """Rows as one JSON text, and how many there are in all when that is asked for."""
    condition = where(query.filters)
    total = sql.SQL("(SELECT count(*) FROM {} {})").format(table, condition) if counted else sql.SQL("NULL::bigint")
    order = sql.SQL("ORDER BY {}").format(names(query.order)) if query.order else sql.SQL("")
    limit = most if query.limit is None else min(query.limit, most)
    return _SHOWN.format(
        total=total,
        columns=names(query.select) if query.select else sql.SQL("*"),
        source=sql.SQL("{} {}").format(table, condition),
        order=order,
        part=sql.SQL("LIMIT {} OFFSET {}").format(sql.Literal(limit), sql.Literal(query.offset)),
    )


@dataclass(frozen=True)
class Sent:
    """What was sent: a body, and the columns of it that count, with their types."""

    text: str
    types: Mapping[str, str]

    def rows(self, reader: LiteralString) -> sql.Composed:
        """The rows of the body."""
        # The types come from the catalogue.
        fields = (sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in self.types.items())
        return _BODY.format(reader=sql.SQL(reader), text=sql.Literal(self.text), fields=sql.SQL(", ").join(fields))


def upsert(table: sql.Identifier, query: Query, sent: Sent) -> sql.Composed:
    """Insert the rows of the body, or change those that are there; how many were inserted."""
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in sent.types]
    done = _UPSERT.format(
        table=table,
        columns=names(sent.types),
        body=sent.rows("json_to_recordset"),
        key=names(query.on_conflict or ()),
        changes=sql.SQL(", ").join(changes),
    )
    return done + _given(query, _INSERTED)


def update(table: sql.Identifier, query: Query, sent: Sent) -> sql.Composed:
    """Change the rows that the filters find to what the body says."""
    changes = [sql.SQL("{0} = body.{0}").format(sql.Identifier(name)) for name in sent.types]
    done = sql.SQL("WITH done AS (UPDATE {} AS target SET {} FROM {} {} RETURNING target.*)").format(
        table, sql.SQL(", ").join(changes), sent.rows("json_to_record"), where(query.filters, "target")
    )
    return done + _given(query, sql.SQL("NULL::bigint"))


def delete(table: sql.Identifier, query: Query) -> sql.Composed:
    """Delete the rows that the filters find."""
    done = sql.SQL("WITH done AS (DELETE FROM {} {} RETURNING *)").format(table, where(query.filters))
    return done + _given(query, sql.SQL("NULL::bigint"))


def where(filters: Sequence[Filter], alias: str = "") -> sql.Composed:
    """The condition that the filters make."""
    if not filters:
        return sql.Composed([])
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(_condition(one, alias) for one in filters)


def _condition(one: Filter, alias: str) -> sql.Composed:
    column = sql.Identifier(*filter(None, (alias, one.column)))
    if one.operator == "is":
        return sql.SQL("{} IS NULL").format(column)
    if one.operator == "eq":
        return sql.SQL("{} = {}").format(column, sql.Literal(one.values[0]))
    # PostgREST: a list of nothing but an empty value is an empty list.
    listed = [] if one.values == ("",) else list(one.values)
    return sql.SQL("{} = ANY ({})").format(column, sql.Literal(_array(listed)))


def _array(values: Iterable[str]) -> str:
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in escaped) + "}"


def _given(query: Query, total: sql.Composable) -> sql.Composed:
    nothing = sql.SQL("")
    shown = names(query.select) if query.select else sql.SQL("1 AS one")
    return _SHOWN.format(total=total, columns=shown, source=sql.SQL("done"), order=nothing, part=nothing)


def names(columns: Iterable[str]) -> sql.Composed:
    """Names of columns, side by side."""
    return sql.SQL(", ").join(map(sql.Identifier, columns))
