"""Telling our own records in the books from those of others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from connectors.quickbooks.client import QuickBooksClient, any_of, matching
from connectors.quickbooks.names import NameMirror
from connectors.quickbooks.streams import KIND_OF, STREAMS, Stream
from connectors.quickbooks.translate import Body, body_of, total_of
from connectors.quickbooks.wire import Entity, ErrorWire
from db.connection_memory import ConnectionMemory
from db.ledger import Intent
from domain.errors import Missing
from domain.keys import Kind, RecordKey
from domain.writes import Action, Write

# "DocNumber=1234 is assigned to TxnType=Credit Memo with TxnId=111" (Intuit, "Handling common errors").
_HOLDER = re.compile(r"TxnType=([A-Za-z ]+?) with TxnId=(\d+)")


class Recognition:
    """Finds what we wrote, by what QuickBooks can be asked for."""

    def __init__(self, client: QuickBooksClient, memory: ConnectionMemory, mirror: NameMirror) -> None:
        self._client = client
        self._memory = memory
        self._mirror = mirror

    def current(self, write: Write) -> Entity:
        """Read the target of an update as it stands; raises Missing when it is gone."""
        entity = STREAMS[write.target.kind].entity
        return self._client.read(f"{entity.lower()}/{write.target.id}", entity)

    def find(self, intents: Sequence[Intent]) -> dict[UUID, Entity]:
        """Give the records that already are what these intents want, those not there left out."""
        found: dict[UUID, Entity] = {}
        if any(STREAMS[intent.write.target.kind].names for intent in intents):
            self._mirror.freshen(again=True)
        numbered = self._numbered(intents)
        for intent in intents:
            row = self._find(intent.write, body_of(intent.item, intent.write), numbered)
            if row is not None:
                found[intent.id] = row
        return found

    def holder(self, write: Write, body: Body, error: ErrorWire) -> Entity | None:
        """Give the document that has the number of ours, if it is ours."""
        named = _HOLDER.search(error.detail)
        kind = KIND_OF.get(named[1].replace(" ", "")) if named else None
        if named is None or kind is None:
            candidates = self._asked_for(write.target.kind, [str(body.get("DocNumber", ""))])
        else:
            entity = STREAMS[kind].entity
            try:
                candidates = [self._client.read(f"{entity.lower()}/{named[2]}", entity)]
            except Missing:
                candidates = []
        same_kind = candidates if kind in (None, write.target.kind) else []
        return next((row for row in same_kind if self._is_ours(write, body, row)), None)

    def _find(self, write: Write, body: Body, numbered: Mapping[tuple[Kind, str], list[Entity]]) -> Entity | None:
        stream = STREAMS[write.target.kind]
        if write.action is Action.UPDATE:
            return self._updated(write, body)
        if stream.names is not None:
            known = self._mirror.named(stream.names, body)
            return {"Id": known.id, "SyncToken": known.version} if known else None
        rows = numbered.get((write.target.kind, str(body.get("DocNumber", ""))), [])
        if write.target.kind is Kind.PAYMENT:
            rows = self._alike(stream, body)
        return next((row for row in rows if self._is_ours(write, body, row)), None)

    def _updated(self, write: Write, body: Body) -> Entity | None:
        try:
            row = self.current(write)
        except Missing:
            return None
        return row if holds(body, row) else None

    def _numbered(self, intents: Sequence[Intent]) -> dict[tuple[Kind, str], list[Entity]]:
        wanted: dict[Kind, list[str]] = {}
        for intent in intents:
            write = intent.write
            if write.action is Action.CREATE and STREAMS[write.target.kind].number == "DocNumber":
                number = str(body_of(intent.item, write).get("DocNumber", ""))
                wanted.setdefault(write.target.kind, []).append(number)
        found: dict[tuple[Kind, str], list[Entity]] = {}
        for kind, numbers in wanted.items():
            for row in self._asked_for(kind, numbers):
                found.setdefault((kind, str(row.get("DocNumber", ""))), []).append(row)
        return found

    def _asked_for(self, kind: Kind, numbers: Sequence[str]) -> list[Entity]:
        asked = [number for number in numbers if number]
        return list(self._client.query(STREAMS[kind].entity, [any_of("DocNumber", asked)])) if asked else []

    def _alike(self, stream: Stream, body: Body) -> list[Entity]:
        values = {name: _id(body.get(name)) for name in stream.found_by}
        conditions = [matching(name, value) for name, value in values.items() if value]
        return list(self._client.query(stream.entity, conditions)) if conditions else []

    def _is_ours(self, write: Write, body: Body, row: Entity) -> bool:
        number = STREAMS[write.target.kind].number
        if not body.get(number) or body[number] != row.get(number):
            return False
        if _id(body.get("CustomerRef")) != _id(row.get("CustomerRef")):
            return False
        # QuickBooks reckons some taxes itself, so that our own document may come to another total than we sent.
        expected = body.get("TotalAmt") if write.expected_total is None else write.expected_total
        if total_of(row) != expected and not _has_lines(body, row):
            return False
        key = RecordKey(connection=write.target.connection, kind=write.target.kind, id=str(row["Id"]))
        return not self._memory.is_linked(key)


def holds(sent: object, found: object) -> bool:
    """Whether a record has everything that was sent, whatever else it has; numbers are compared by value."""
    if isinstance(sent, Mapping):
        return isinstance(found, Mapping) and all(_has(part, found.get(name)) for name, part in sent.items())
    if isinstance(sent, list):
        kept = _lines(found)
        return len(kept) == len(sent) and all(holds(*pair) for pair in zip(sent, kept, strict=True))
    if isinstance(sent, bool) or isinstance(found, bool):
        return sent is found
    if isinstance(sent, int | Decimal) and isinstance(found, int | Decimal):
        return Decimal(sent) == Decimal(found)
    return sent == found


def _has(sent: object, found: object) -> bool:
    # What is unset or zero is left out of answers.
    return (not sent) if found is None else holds(sent, found)


def _lines(found: object) -> list[Any]:
    rows = found if isinstance(found, list) else []
    # QuickBooks adds lines of its own with the sum of those above.
    return [row for row in rows if not isinstance(row, Mapping) or row.get("DetailType") != "SubTotalLineDetail"]


def _has_lines(body: Body, row: Entity) -> bool:
    sent, kept = body.get("Line") or [], _lines(row.get("Line"))
    amounts = [[Decimal(line.get("Amount") or 0) for line in lines] for lines in (sent, kept)]
    return bool(sent) and amounts[0] == amounts[1]


def _id(ref: object) -> str:
    if isinstance(ref, Mapping):
        return str(ref.get("value", ""))
    return str(ref or "")
