"""What was done with every record: found by filters, page by page, or whole as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import AwareDatetime

from db.ledger.history import HistoryEntry, HistoryFilter, Position, list_history
from domain.access import Permission
from domain.inputs import Identity
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from operations.caller import Caller
from operations.spreadsheet import csv_lines

__all__ = ["HistoryEntry", "HistoryFilter", "export_csv", "export_json_lines", "search"]

# Entries read at once for an export, each time in a transaction of its own: a slow reader holds neither a transaction
# open, which would keep Postgres from tidying up, nor one of the few connections.
_AT_ONCE = 2_000


def search(caller: Caller, wanted: HistoryFilter, page: PageRequest) -> Listing[HistoryEntry]:
    """List what was done with records, the newest first.

    Raises:
        Forbidden: the caller may not look.
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.VIEW)
    before = decode_cursor(page.cursor, tuple[AwareDatetime, Identity]) if page.cursor else None
    with caller.ledger() as session:
        found = list_history(session, wanted, before, page.limit + 1)
    items = tuple(found[: page.limit])
    cursor = encode_cursor((items[-1].at, items[-1].id)) if len(found) > page.limit else None
    return Listing(items=items, next_cursor=cursor)


def export_csv(caller: Caller, wanted: HistoryFilter) -> Iterator[str]:
    """Give all that fit as lines of CSV, newest first, with a heading; in flat memory, however many there are.

    Raises:
        Forbidden: the caller may not look.
    """
    caller.require(Permission.VIEW)
    return csv_lines(tuple(HistoryEntry.model_fields), (_cells(entry) for entry in _entries(caller, wanted)))


def export_json_lines(caller: Caller, wanted: HistoryFilter) -> Iterator[str]:
    """Give the same as lines of JSON, one object each; raises as ``export_csv``."""
    caller.require(Permission.VIEW)
    return (f"{entry.model_dump_json()}\n" for entry in _entries(caller, wanted))


def _entries(caller: Caller, wanted: HistoryFilter) -> Iterator[HistoryEntry]:
    before: Position | None = None
    while True:
        with caller.ledger() as session:
            found = list_history(session, wanted, before, _AT_ONCE)
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].at, found[-1].id


def _cells(entry: HistoryEntry) -> list[object]:
    row = entry.model_dump(mode="json")
    return [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else cell for cell in row.values()]
