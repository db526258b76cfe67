"""The audit log as people read it: page by page, or whole as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from db.ledger import audit
from db.ledger.audit import AuditEntry, AuditFilter
from domain.access import Permission
from domain.inputs import Identity
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from operations.caller import Caller
from operations.spreadsheet import csv_lines

__all__ = ["AuditEntry", "AuditFilter", "export_audit_csv", "export_audit_json_lines", "list_audit"]

# Entries read at once for an export, each time in a transaction of its own: a slow reader keeps none open.
_AT_ONCE = 1_000


def list_audit(caller: Caller, wanted: AuditFilter, page: PageRequest) -> Listing[AuditEntry]:
    """List what was done and what was refused in the tenant, the newest first.

    Raises:
        Forbidden: the caller may not read the audit log.
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.READ_AUDIT)
    before = decode_cursor(page.cursor, tuple[Identity])[0] if page.cursor else None
    with caller.ledger() as session:
        found = audit.list_audit(session, wanted, before, page.limit + 1)
    items = tuple(found[: page.limit])
    return Listing(items=items, next_cursor=encode_cursor((items[-1].id,)) if len(found) > page.limit else None)


def export_audit_csv(caller: Caller, wanted: AuditFilter) -> Iterator[str]:
    """Give the same entries as lines of CSV, all of them, with a heading.

    Raises:
        Forbidden: the caller may not read the audit log.
    """
    caller.require(Permission.READ_AUDIT)
    return csv_lines(tuple(AuditEntry.model_fields), (cells(entry) for entry in entries(caller, wanted)))


def export_audit_json_lines(caller: Caller, wanted: AuditFilter) -> Iterator[str]:
    """Give the same entries as lines of JSON, one object each; raises as ``export_audit_csv``."""
    caller.require(Permission.READ_AUDIT)
    return (f"{entry.model_dump_json()}\n" for entry in entries(caller, wanted))


def entries(caller: Caller, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Read all entries, the newest first; what is noted meanwhile is not among them."""
    before = None
    while True:
        with caller.ledger() as session:
            found = audit.list_audit(session, wanted, before, _AT_ONCE)
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].id


def cells(entry: AuditEntry) -> list[object]:
    """Give an entry as the cells of a row; times and details as in JSON."""
    row = entry.model_dump(mode="json")
    return [json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict) else cell for cell in row.values()]
