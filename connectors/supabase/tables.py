"""What a table of the warehouse is: columns from which it is made, filled and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import LiteralString

from domain.records import Record

ID = 'text COLLATE "C"'
"""The type of keys: in a language's order they would sort slower, and break when the system's library is upgraded."""

Values = Sequence[object]
"""What one row holds, in the order of its table's columns."""


@dataclass(frozen=True)
class Column:
    """A column: its Postgres type, the attribute it is read from, and what it means to people who browse."""

    name: str
    type: LiteralString
    path: str = ""
    about: str = ""


TENANT = Column("tenant", ID, about="Whose row it is; row-level security shows a session only the tenant it names.")
SYNCED_AT = Column(
    "synced_at",
    "timestamptz DEFAULT now()",
    about="When the row last changed here; a sync that finds nothing new leaves it alone.",
)
DELETED_AT = Column(
    "deleted_at", "timestamptz", about="When the record was found gone from its source; empty while it is there."
)


@dataclass(frozen=True)
class Table:
    """A table of the warehouse.

    ``key`` names a row beside tenant and connection. Columns ``of_record`` are read from the record; where ``items``
    names a tuple in it, there is a row for each of its items, from which the columns ``of_item`` are read.
    ``record_id`` is the column that holds the source id of the record; where records of several kinds share the table,
    ``only`` gives the columns that tell this kind, and their values. Rows of ``children`` belong to the same records
    and live and die with them. ``indexes`` are on single columns: one that began with tenant and connection, as the
    key does, would tempt a planner without statistics away from the key.
    """

    name: str
    about: str
    key: tuple[str, ...]
    of_record: tuple[Column, ...]
    items: str = ""
    of_item: tuple[Column, ...] = ()
    indexes: tuple[str, ...] = ()
    children: tuple[Table, ...] = ()
    record_id: str = "source_id"
    only: tuple[tuple[str, str], ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the sync fills from records, in the order of ``rows``."""
        return self.of_record + self.of_item

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """The names of those columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def types(self) -> tuple[LiteralString, ...]:
        """The types of those columns, without their collation."""
        return tuple(column.type.partition(" ")[0] for column in self.columns)

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        """Every column that is ours."""
        return (TENANT, *self.columns, SYNCED_AT, DELETED_AT)

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The names of the primary key."""
        return (TENANT.name, "connection", *self.key)

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The names of what may change while the row stays the same row."""
        return tuple(name for name in self.filled if name not in self.identity)

    def rows(self, record: Record) -> Iterator[Values]:
        """Read what a record puts into this table."""
        if not self.items:
            yield self._read_record(record)
            return
        prefix = self._read_record(record)
        for item in self._read_items(record):
            yield prefix + self._read_item(item)

    @cached_property
    def _read_record(self) -> Callable[[object], tuple[object, ...]]:
        return attrgetter(*(column.path for column in self.of_record))

    @cached_property
    def _read_item(self) -> Callable[[object], tuple[object, ...]]:
        return attrgetter(*(column.path for column in self.of_item))

    @cached_property
    def _read_items(self) -> Callable[[object], tuple[object, ...]]:
        return attrgetter(self.items)
