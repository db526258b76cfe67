"""The schema cache: which tables the exposed schemas hold, with the types of their columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from simulators.postgrest.errors import no_column, no_table

_LOADED = """
    SELECT nspname, relname, attname, format_type(atttypid, NULL) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname = ANY (%s)
"""

Table = Mapping[str, str]
"""The type of each column."""


class Tables:
    """What is known of the tables; asked again when something is missed, unless the cache is stale."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def find(
        self, connection: Connection[Any], schemas: Sequence[str], schema: str, name: str,
        needed: Sequence[str], *, is_stale: bool,
    ) -> Table:  # fmt: skip
        """The table of that name, with the columns that are to be written; raises ApiError when it is not known."""
        if not is_stale and not self._has(schema, name, needed):
            self._load(connection, schemas)
        table = self._known.get((schema, name))
        if table is None:
            raise no_table(schema, name)
        for column in needed:
            if column not in table:
                raise no_column(name, column)
        return table

    def _has(self, schema: str, name: str, needed: Sequence[str]) -> bool:
        return set(needed) <= self._known.get((schema, name), {}).keys() and (schema, name) in self._known

    def _load(self, connection: Connection[Any], schemas: Sequence[str]) -> None:
        self._known = {}
        for schema, table, column, kind in connection.execute(_LOADED, [list(schemas)]):
            self._known.setdefault((schema, table), {})[column] = kind
