"""Records as rows of JSON, checked before they are sent: what a project would refuse half-way is refused before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from connectors.supabase.sqlstates import REFUSALS, refusal
from connectors.supabase.tables import DELETED_AT, SYNCED_AT, TENANT, Table, Values
from domain.errors import Rejected
from domain.keys import ConnectionName, TenantName
from domain.records import Record

NOW = "now"
"""What Postgres reads as the moment at which its transaction began."""

# A project takes addresses of about 8,000 characters (github.com/supabase/storage/pull/152); names and filters are in
# them too. Not more rows than the smallest page that a project is likely to answer with.
LIST_CHARACTERS = 4000
LIST_LENGTH = 500

# 500 to 1,000 rows or 1 to 5 MB a request: a statement of the API has 8 seconds.
BODY_ROWS = 500
BODY_BYTES = 1_000_000

_ID = re.compile("[^\0\ud800-\udfff]{0,500}")
_PLAIN = re.compile(r"[\w-]+", re.ASCII)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# Numbers stay text: what is checked is the form alone, and Python's own limits shall not be the payload's.
_PAYLOAD = msgspec.json.Decoder(dict[str, Any] | list[Any], float_hook=str)

Key = tuple[str, ...]
"""What names a row beside tenant and connection."""


@dataclass(frozen=True)
class Row:
    """A row as it is sent, and what it holds beside its key, for comparing: only texts and amounts hang on records."""

    text: bytes
    content: tuple[object, ...]


@dataclass(frozen=True)
class Sent:
    """A record as it is sent: its own row and, by table and key, the rows that hang on it."""

    id: str
    text: bytes
    children: Mapping[str, Mapping[Key, Row]]


class HasText(Protocol):
    """Something that is sent as a row."""

    @property
    def text(self) -> bytes:
        """The row as JSON."""


Sending = TypeVar("Sending", bound=HasText)


def can_be_asked_for(source_id: str) -> bool:
    """Whether a record of this id can be in a table, and be found there by its address."""
    return _ID.fullmatch(source_id) is not None


def row_names(table: Table) -> list[str]:
    """Give the names of the columns that are sent."""
    return [column.name for column in table.all_columns]


def encode(tenant: TenantName, table: Table, record: Record) -> Sent:
    """Write a record as rows of JSON.

    Raises:
        Rejected: it cannot be stored, and why.
    """
    (row,) = (_row(tenant, table, values) for values in table.rows(record))
    if not can_be_asked_for(record.key.id):
        raise Rejected(refusal(REFUSALS["54"]))
    return Sent(record.key.id, row.text, {child.name: _children(tenant, child, record) for child in table.children})


def _children(tenant: TenantName, table: Table, record: Record) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for values in table.rows(record):
        row = _row(tenant, table, values)
        key = key_of(table, dict(zip(table.filled, values, strict=True)))
        if key in rows:
            raise Rejected(refusal(REFUSALS["21"]))
        if not all(map(can_be_asked_for, key)):
            raise Rejected(refusal(REFUSALS["54"]))
        rows[key] = row
    return rows


def key_of(table: Table, values: Mapping[str, object]) -> Key:
    """Give the key of a row."""
    return tuple(str(values[name]) for name in table.key)


def restored(tenant: TenantName, source: ConnectionName, table: Table, values: Mapping[str, object]) -> Row:
    """Make a row that was read ready to be put back; a deleted one holds nothing that a record could hold."""
    whole = {TENANT.name: tenant, **dict.fromkeys(table.filled), "connection": source, **values, SYNCED_AT.name: NOW}
    content = tuple(values[name] for name in table.content)
    return Row(msgspec.json.encode(whole), () if values[DELETED_AT.name] else content)


def _row(tenant: TenantName, table: Table, values: Values) -> Row:
    fields = dict(zip(table.filled, map(_storable, table.types, values), strict=True))
    whole = {TENANT.name: tenant, **fields, SYNCED_AT.name: NOW, DELETED_AT.name: None}
    try:
        text = msgspec.json.encode(whole)
    except UnicodeEncodeError:
        raise Rejected(refusal("a text holds half a character")) from None
    if _NUL.search(text):
        raise Rejected(refusal(REFUSALS["22021"]))
    return Row(text, tuple(fields[name] for name in table.content))


def _storable(kind: str, value: object) -> object:
    if isinstance(value, Decimal) and not value.is_finite():
        # Postgres would store these, and every sum over the column would be spoilt for ever.
        raise Rejected(refusal("an amount is not a finite number"))
    return _payload(str(value)) if kind == "json" else value


def _payload(raw: str) -> msgspec.Raw:
    """Accept a payload to stand in the body as it is: it must be whole, or it would end the row that it stands in."""
    try:
        text = raw.encode()
        _PAYLOAD.decode(text)
    except UnicodeEncodeError:
        raise Rejected(refusal("a text holds half a character")) from None
    except RecursionError:
        raise Rejected(refusal(REFUSALS["54"])) from None
    except (msgspec.DecodeError, ValueError):
        raise Rejected(refusal(REFUSALS["22P02"])) from None
    return msgspec.Raw(text)


def in_lists(ids: Sequence[str]) -> Iterator[str]:
    """Cut ids into filters that fit into an address."""
    some: list[str] = []
    room = LIST_CHARACTERS
    for one in ids:
        # httpx escapes commas too.
        needed = len(quote(_quoted(one), safe="")) + 3
        if some and (needed > room or len(some) == LIST_LENGTH):
            yield _in(some)
            some, room = [], LIST_CHARACTERS
        some.append(one)
        room -= needed
    if some:
        yield _in(some)


def _in(ids: Sequence[str]) -> str:
    return f"in.({','.join(map(_quoted, ids))})"


def _quoted(value: str) -> str:
    """Spell a value of a list (docs.postgrest.org/en/stable/references/api/url_grammar.html, reserved characters)."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_bodies(rows: Sequence[Sending]) -> Iterator[list[Sending]]:
    """Cut rows into requests of a size that a project takes; a single row may be larger."""
    some: list[Sending] = []
    size = 0
    for row in rows:
        if some and (size + len(row.text) > BODY_BYTES or len(some) == BODY_ROWS):
            yield some
            some, size = [], 0
        some.append(row)
        size += len(row.text)
    if some:
        yield some
