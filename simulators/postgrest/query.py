"""The query of an address, as far as the twin speaks it: columns, filters, order and part."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from simulators.postgrest.errors import ApiError, not_spoken

_NAME = re.compile(r"[A-Za-z0-9_$]+")
# PostgREST, "Operators": known to it, not to the twin.
_OPERATORS = re.compile(
    r"(not\.)?(neq|gte?|lte?|like|ilike|i?match|isdistinct|fts|plfts|phfts|wfts|cs|cd|ov|sl|sr|nxr|nxl|adj"
    r"|eq\((any|all)\)|in|is|eq)\b"
)
_LISTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?=[,)])|([^,)]*)', re.DOTALL)


@dataclass(frozen=True)
class Filter:
    """One condition: ``eq`` with a value, ``in`` with values, or ``is`` with none, which is null."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass
class Query:
    """What an address asks for beside its path."""

    select: list[str] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    on_conflict: list[str] | None = None
    limit: int | None = None
    offset: int = 0


def parse(text: str) -> Query:
    """Read a query; raises ApiError for what PostgREST does not understand, and for what only the twin does not."""
    query = Query()
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in ("select", "order"):
            setattr(query, name, [] if value == "*" else _names(value))
        elif name in ("columns", "on_conflict"):
            setattr(query, name, _names(value))
        elif name in ("limit", "offset"):
            if not value.isdecimal():
                raise not_spoken(f"{name}={value}")
            setattr(query, name, int(value))
        elif name in ("and", "or", "not.and", "not.or") or not _NAME.fullmatch(name):
            raise not_spoken(f"the parameter {name}")
        else:
            query.filters.append(_filter(name, value))
    return query


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if not _NAME.fullmatch(name):
            raise not_spoken(f"the column {name!r}: neither quotes, casts, paths, directions nor embedded tables")
    return names


def _filter(column: str, text: str) -> Filter:
    operator, dot, value = text.partition(".")
    if dot and operator == "eq":
        return Filter(column, "eq", (value,))
    if text.lower() == "is.null":
        return Filter(column, "is")
    if dot and operator == "in":
        return Filter(column, "in", tuple(_listed(text, value.strip(" \t"))))
    if _OPERATORS.match(text):
        raise not_spoken(f"the filter {text}")
    raise ApiError(
        400, "PGRST100", f'"failed to parse filter ({text})" (line 1, column 1)',
        f'unexpected "{text[:1]}" expecting "not" or operator (eq, gt, ...)',
    )  # fmt: skip


def _listed(text: str, listed: str) -> Iterator[str]:
    """The elements of a list: quoted, with a backslash before a quote or a backslash, or as they stand."""
    at = 1
    while listed.startswith("("):
        found = _LISTED.match(listed, at)
        if found is None:
            break
        yield found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)
        at = found.end() + 1
        if listed[found.end() :] == ")":
            return
    raise ApiError(400, "PGRST100", f'"failed to parse filter ({text})" (line 1, column 4)', 'expecting "(" or ")"')
