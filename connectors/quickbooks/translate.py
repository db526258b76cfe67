"""From a write of the hub to an item of a batch, and from what comes back to its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.quickbooks.streams import STREAMS
from connectors.quickbooks.wire import Entity, plain, read_json, write_json
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.writes import Action, Link, Ref, Result, Write, WriteOutcome

Body = dict[str, Any]
Identity = tuple[RecordKey, str]


@dataclass(frozen=True)
class Draft:
    """A write that is ready to be sent: its body holds ids where references stood."""

    write: Write
    body: Body


class UnresolvedRef(LookupError):
    """A body refers to a record that is not in the books."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(f"{ref.key} ({ref.role})")
        self.ref = ref


def refs_in(value: object) -> list[Ref]:
    """Find the references in a body."""
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, Mapping):
        return [ref for part in value.values() for ref in refs_in(part)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [ref for part in value for ref in refs_in(part)]
    return []


def resolve(value: Any, id_of: Callable[[Identity], str | None]) -> Any:
    """Put ids where references stand.

    Raises:
        UnresolvedRef: a record has no id in the books.
    """
    if isinstance(value, Ref):
        found = id_of((value.key, value.role))
        if found is None:
            raise UnresolvedRef(value)
        return found
    if isinstance(value, Mapping):
        return {name: resolve(part, id_of) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [resolve(part, id_of) for part in value]
    return value


def item_text(draft: Draft, position: int) -> str:
    """Write the item of a batch; its bId is its position. Raises TypeError for what JSON cannot carry exactly."""
    write, content = draft.write, draft.body
    if write.action is Action.UPDATE:
        content = {**content, "Id": write.target.id, "SyncToken": write.base_version, "sparse": True}
    operation = "update" if write.action is Action.UPDATE else "create"
    item = {"bId": str(position), "operation": operation, STREAMS[write.target.kind].entity: plain(content)}
    return write_json(item).decode()


def body_of(item: str, write: Write) -> Body:
    """Read the body back from an item."""
    return sent_body(item, write.target.kind)


def sent_body(item: str, kind: Kind) -> Body:
    """Read the body of a record of this kind back from an item."""
    body: Body = dict(read_json(item.encode())[STREAMS[kind].entity])
    return {name: value for name, value in body.items() if name not in ("Id", "SyncToken", "sparse")}


def bid_of(item: str) -> str:
    """Read the bId back from an item."""
    return str(read_json(item.encode())["bId"])


def done(write: Write, row: Entity, result: Result) -> WriteOutcome:
    """Give the outcome of a write that stands in the books as this row."""
    key = RecordKey(connection=write.target.connection, kind=write.target.kind, id=str(row["Id"]))
    link = Link(
        source=write.source,
        target=key,
        role=write.role,
        fingerprint=write.fingerprint,
        version=str(row.get("SyncToken", "0")),
    )
    return WriteOutcome(write=write, result=result, link=link, total=total_of(row))


def standing(write: Write, link: Link) -> WriteOutcome:
    """Give the outcome of a create of what stands in the books already."""
    if link.fingerprint == write.fingerprint:
        return WriteOutcome(write=write, result=Result.UNCHANGED, link=link)
    late = Problem(
        code="quickbooks.planned_late",
        message="it was written in another form after this plan was made",
        fate=Fate.RETRY,
        key=write.source,
    )
    return failed(write, late)


def failed(write: Write, problem: Problem) -> WriteOutcome:
    """Give the outcome of a write that was not done."""
    return WriteOutcome(write=write, result=Result.FAILED, problem=problem)


def total_of(row: Entity) -> Decimal | None:
    """Tell what a document comes to; a customer or an item comes to nothing."""
    total = row.get("TotalAmt")
    return None if total is None else Decimal(total)
