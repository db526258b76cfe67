"""Whole pages as one statement: each column travels as one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Column, Select, Table, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.keys import RecordKey
from domain.masking import mask

_LONGEST_TEXT = 2_000


def rows_of(table: Table, columns: Mapping[str, Sequence[Any]], varying: str = "source_id") -> Select[Any]:
    """Give the columns of a page, lists of equal length, as rows with the types that the table has.

    ``varying`` must be among them. What is the same in all rows, as most of a page is, travels only once.
    """
    some = len(columns[varying]) > 0
    same = {
        name for name, values in columns.items() if some and name != varying and values.count(values[0]) == len(values)
    }
    arrays = {name: array_of(table.c[name], values) for name, values in columns.items() if name not in same}
    page = func.unnest(*arrays.values()).table_valued(*arrays, name="page").render_derived()
    return select(
        *(
            # Without a cast, a column of nothing would be taken for text.
            cast(literal(values[0], table.c[name].type), table.c[name].type).label(name)
            if name in same
            else page.c[name]
            for name, values in columns.items()
        )
    )


def array_of(column: Column[Any], values: Sequence[object]) -> BindParameter[Sequence[object]]:
    """Give the values as one parameter: an array of the column's type."""
    return bindparam(None, list(values), type_=ARRAY(column.type))


def key_columns(keys: Sequence[RecordKey]) -> dict[str, list[Any]]:
    """Give the columns that name source records, as all our tables call them."""
    return {
        "source_connection": [key.connection for key in keys],
        "kind": [key.kind for key in keys],
        "source_id": [key.id for key in keys],
    }


def storable(text: str | None) -> str | None:
    """Make the text one that Postgres takes: no NUL, no broken surrogates, of a length that people read."""
    if text is None:
        return None
    return text[:_LONGEST_TEXT].replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def loggable(text: str | None) -> str | None:
    """Make a message one that may be kept: storable, without personal data and secrets.

    It is masked before it is cut, because half an address is no longer recognised as one.
    """
    return None if text is None else storable(mask(text))
