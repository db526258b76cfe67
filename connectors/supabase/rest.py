"""The warehouse by Supabase's REST API, where every call is a transaction of its own.

A call may be the last one: whatever was done until then, the next run must see that the record is not finished, and
write it again. A record is finished when its fingerprint stands in its row, so rows that hang on a record change only
while it has none, and its own row is written last; a record that is removed is marked first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter

import httpx
import msgspec

from connectors.http import served_at
from connectors.supabase.halving import Results, write_all
from connectors.supabase.rest_client import RestClient
from connectors.supabase.rest_failures import NO_TABLE
from connectors.supabase.rest_rows import (
    NOW,
    Key,
    Row,
    Sending,
    Sent,
    can_be_asked_for,
    encode,
    in_bodies,
    in_lists,
    key_of,
    restored,
    row_names,
)
from connectors.supabase.streams import ALL_TABLES
from connectors.supabase.tables import DELETED_AT, SYNCED_AT, TENANT, Table
from domain.connector import Vitals
from domain.errors import Misconfigured, Rejected
from domain.keys import ConnectionName, TenantName
from domain.writes import Action, Result, Write

_VERSION = re.compile(r"postgrest/(\S+)")
# Equal to the fingerprint of no record.
_UNFINISHED = msgspec.json.encode({"fingerprint": ""})
_GONE = msgspec.json.encode({DELETED_AT.name: NOW, SYNCED_AT.name: NOW})


@dataclass(frozen=True)
class Change:
    """What is to be done to the rows that hang on some records, so that those ``before`` become those ``after``."""

    table: Table
    before: Mapping[Key, Row]
    after: Mapping[Key, Row]

    @cached_property
    def rows(self) -> dict[Key, Row]:
        """The rows that are to be written."""
        before = self.before
        return {key: row for key, row in self.after.items() if key not in before or before[key].content != row.content}

    @cached_property
    def left(self) -> set[Key]:
        """The keys of the rows that are to be taken away."""
        return self.before.keys() - self.after.keys()

    @property
    def touched(self) -> set[str]:
        """The records of which a row changes."""
        return self.records_of(self.rows.keys() | self.left)

    @property
    def emptied(self) -> set[str]:
        """The records of which no row stays."""
        return self.records_of(self.left) - self.records_of(self.after)

    def records_of(self, keys: Iterable[Key]) -> set[str]:
        """Give the records on which these rows hang."""
        at = self.table.key.index(self.table.record_id)
        return {key[at] for key in keys}


class RestTables:
    """The tables of one schema of a project, for one tenant; every method raises what ``RestClient`` does.

    The service key is not bound by row-level security: that rows of other tenants are neither seen nor changed is
    due to the tenant that ``_mine`` puts into every address, and ``encode`` into every row.
    """

    def __init__(self, tenant: TenantName, client: RestClient) -> None:
        self._tenant = tenant
        self._client = client

    def check(self) -> Vitals:
        """Prove that the key is taken, the schema exposed and a table there."""
        response = self._client.ask("check", "GET", "orders", {"select": TENANT.name, "limit": 0})
        version = _VERSION.search(response.headers.get("Server", ""))
        time = served_at(response)
        ahead = None if time is None else (time - datetime.now(UTC)).total_seconds()
        place, schema = self._client.where
        return Vitals(f"{place} (REST, schema {schema})", f"PostgREST {version[1]}" if version else "PostgREST", ahead)

    def prepare(self) -> None:
        """Make sure that every table is there with its columns: the API cannot make them."""
        for table in ALL_TABLES.values():
            self._client.ask("prepare", "GET", table.name, {"select": ",".join(row_names(table)), "limit": 0})

    def held(self, table: Table, source: ConnectionName, ids: Collection[str]) -> dict[str, str]:
        """Give the fingerprints of those records that are here and not deleted; none before there are tables."""
        try:
            return {key: mark for key, mark in self._standing(table, source, ids).items() if mark is not None}
        except Misconfigured as error:
            if error.code in NO_TABLE:
                return {}
            raise

    def write(self, table: Table, source: ConnectionName, writes: Sequence[Write]) -> Results:
        """Carry out the writes but those that are refused; tells what became of each source id."""
        results: Results = dict.fromkeys((write.source.id for write in writes), Result.UNCHANGED)
        present = {write.source.id: write.record for write in writes if write.record is not None}
        standing = self._standing(table, source, present)
        changed: list[Sent] = []
        for key, record in present.items():
            if standing.get(key) != record.fingerprint:
                try:
                    changed.append(encode(self._tenant, table, record))
                except Rejected as refusal:
                    results[key] = refusal
        for some in in_bodies(changed):
            results |= write_all(some, lambda part: self._store(table, source, part, standing), lambda sent: sent.id)
        gone = [write.source.id for write in writes if write.action is Action.REMOVE]
        return results | write_all(gone, lambda part: self._remove(table, source, part), str)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _standing(self, table: Table, source: ConnectionName, ids: Iterable[str]) -> dict[str, str | None]:
        """Give the fingerprint of each of these records that has a row, None when it is deleted."""
        asked = {"select": f"source_id,fingerprint,{DELETED_AT.name}", "order": "source_id"}
        return {
            row["source_id"]: None if row[DELETED_AT.name] else row["fingerprint"]
            for found in self._found(table, source, [one for one in ids if can_be_asked_for(one)])
            for row in self._client.rows("held", table.name, {**found, **asked})
        }

    def _store(
        self, table: Table, source: ConnectionName, records: Sequence[Sent], standing: Mapping[str, str | None]
    ) -> dict[str, Result]:
        changes = [self._change(child, source, records) for child in table.children]
        touched = {one for change in changes for one in change.touched}
        for found in self._found(table, source, [one for one in touched if standing.get(one)]):
            self._client.ask("write", "PATCH", table.name, found, body=_UNFINISHED, prefer="return=minimal")
        try:
            for change in changes:
                self._replace(change, source)
            answer = self._merge(table, records, "representation", select=table.record_id)
        except Rejected:
            # What hangs on a record shall not be newer than it for as long as it is refused.
            for change in changes:
                self._replace(Change(change.table, change.after, change.before), source)
            raise
        taken = (row[table.record_id] for row in self._client.read("write", answer))
        return {one: Result.UPDATED if one in standing else Result.CREATED for one in taken}

    def _change(self, table: Table, source: ConnectionName, records: Sequence[Sent]) -> Change:
        key = ",".join(table.key)
        asked = {"select": ",".join([key, *table.content, DELETED_AT.name]), "order": key}
        before = {
            key_of(table, row): restored(self._tenant, source, table, row)
            for found in self._found(table, source, [record.id for record in records])
            for row in self._client.rows("write", table.name, {**found, **asked})
        }
        return Change(
            table, before, {key: row for record in records for key, row in record.children[table.name].items()}
        )

    def _replace(self, change: Change, source: ConnectionName) -> None:
        table = change.table
        for some in in_bodies(list(change.rows.values())):
            self._merge(table, some, "minimal")
        emptied = change.emptied
        for found in self._found(table, source, sorted(emptied)):
            self._client.ask("write", "DELETE", table.name, found, prefer="return=minimal")
        others = sorted(key for key in change.left if emptied.isdisjoint(change.records_of([key])))
        for prefix, keys in groupby(others, key=itemgetter(slice(-1))):
            whose = {name: f"eq.{value}" for name, value in zip(table.key, prefix, strict=False)}
            for listed in in_lists([key[-1] for key in keys]):
                found = {**self._mine(table, source), **whose, table.key[-1]: listed}
                self._client.ask("write", "DELETE", table.name, found, prefer="return=minimal")

    def _merge(self, table: Table, rows: Sequence[Sending], given: str, **asked: str) -> httpx.Response:
        params = {"on_conflict": ",".join(table.identity), "columns": ",".join(row_names(table)), **asked}
        body = b"[%b]" % b",".join(row.text for row in rows)
        prefer = f"resolution=merge-duplicates,return={given}"
        return self._client.ask("write", "POST", table.name, params, body=body, prefer=prefer)

    def _remove(self, table: Table, source: ConnectionName, ids: Sequence[str]) -> dict[str, Result]:
        known = [one for one in ids if can_be_asked_for(one)]
        removed: dict[str, Result] = {}
        for found in self._found(table, source, known):
            asked = {**found, DELETED_AT.name: "is.null", "select": table.record_id}
            answer = self._client.ask("write", "PATCH", table.name, asked, body=_GONE, prefer="return=representation")
            removed |= {row[table.record_id]: Result.REMOVED for row in self._client.read("write", answer)}
        for child in table.children:
            # Of all of them: a former run may have ended before it came to these.
            for found in self._found(child, source, known):
                live = {**found, DELETED_AT.name: "is.null"}
                self._client.ask("write", "PATCH", child.name, live, body=_GONE, prefer="return=minimal")
        return removed

    def _found(self, table: Table, source: ConnectionName, ids: Sequence[str]) -> Iterator[dict[str, str]]:
        """Give the filters that find the rows of these records, a part of them each."""
        for listed in in_lists(ids):
            yield {**self._mine(table, source), table.record_id: listed}

    def _mine(self, table: Table, source: ConnectionName) -> dict[str, str]:
        wanted = {TENANT.name: self._tenant, "connection": source, **dict(table.only)}
        return {name: f"eq.{value}" for name, value in wanted.items()}
