"""Records that could not be written: looked at, left be with a reason, queued again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from config.sandbox import OWN_SANDBOX, OWN_WAREHOUSE
from db.ledger import list_connections
from db.ledger.failures import (
    ProblemFilter,
    StoredFailure,
    ignore_failures,
    list_failures,
    load_failures,
    reopen_failures,
)
from domain.access import Permission
from domain.inputs import Line
from domain.keys import ConnectionName, Kind, System
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.problems import ProblemState
from domain.refusals import Clash, Unknown, Unusable
from notifications.advice import Cause
from operations.caller import Caller
from operations.guidance import EXAMPLE as GUIDANCE_EXAMPLE
from operations.guidance import Guidance, guidance_on

MOST_AT_ONCE = 1000
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00]*$")]

_EXAMPLE: dict[str, Any] = {
    "id": "0b6cb4a6-7a0e-4f6e-9c0b-0d3c6a3f3f11",
    "source_connection": "shop",
    "target_connection": "books",
    "kind": "order",
    "source_id": "794",
    "code": "quickbooks.closed",
    "message": "The books are closed for its date.",
    "fate": "skip",
    "advice": "Open the period, or book it by hand.",
    "state": "open",
    "count": 3,
    "first_seen": "2026-03-01T08:00:00Z",
    "last_seen": "2026-03-01T08:30:00Z",
    "run_id": "7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77",
    "amount": "119.00",
    "currency": "EUR",
    "reason": None,
    "decided_by": None,
    "decided_at": None,
    "guidance": GUIDANCE_EXAMPLE,
}


class Failure(StoredFailure):
    """A record that could not be written, with what to do about it.

    ``advice`` is for just this record, where there is some; ``guidance`` for whatever fails like it.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    guidance: Guidance


class FailureFilter(PageRequest):
    """Which failures are wanted: all that fit everything given; ``text`` is looked for in id, message and reason."""

    kind: Kind | None = None
    code: Line | None = None
    connection: ConnectionName | None = None
    state: ProblemState | None = ProblemState.OPEN
    text: Line | None = None


class Chosen(BaseModel):
    """Failures: named by their ids, or all that fit everything else given; at most 1,000."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[UUID, ...] = Field(default=(), max_length=MOST_AT_ONCE)
    kind: Kind | None = None
    code: Line | None = None
    connection: ConnectionName | None = None
    text: Line | None = None


class IgnoreWish(Chosen):
    """Failures that are to be left be, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "negative_total", "reason": "Test orders of the old shop."}]}
    )

    reason: Reason


class Decided(BaseModel):
    """How many failures something was decided about."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"count": 12}]})

    count: int


def search_failures(caller: Caller, wanted: FailureFilter) -> Listing[Failure]:
    """Give the failures that fit, those met last first."""
    caller.require(Permission.VIEW)
    before = decode_cursor(wanted.cursor, tuple[AwareDatetime, UUID]) if wanted.cursor else None
    chosen = ProblemFilter(**wanted.model_dump(exclude={"limit", "cursor"}))
    with caller.ledger() as session:
        found = list_failures(session, chosen, wanted.limit + 1, before)
        items = guided(session, found[: wanted.limit])
    more = encode_cursor((items[-1].last_seen, items[-1].id)) if len(found) > wanted.limit else None
    return Listing(items=items, next_cursor=more)


def find_failure(caller: Caller, failure_id: UUID) -> Failure:
    """Give one failure.

    Raises:
        Unknown: the tenant has none with this id.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        found = guided(session, load_failures(session, [failure_id]))
    if not found:
        raise Unknown("there is no failure with this id; GET /api/sync/failures lists those there are")
    return found[0]


def guided(session: Session, found: Sequence[StoredFailure]) -> tuple[Failure, ...]:
    """Give failures with what to do about each, by its code and the system that it was to be written to."""
    systems = dict.fromkeys((OWN_WAREHOUSE, OWN_SANDBOX), System.SUPABASE)
    systems |= {each.name: each.system for each in list_connections(session)}
    return tuple(
        Failure(
            **dict(each),
            guidance=guidance_on(
                Cause(system=systems.get(each.target_connection), code=each.code, message=each.message)
            ),
        )
        for each in found
    )


def ignore(caller: Caller, failure_id: UUID, reason: str) -> Failure:
    """Leave a failure be, with a reason: it is not tried again until the record fails for another cause.

    Raises:
        Unknown: the tenant has none with this id.
        Clash: it is not queued any more.
    """
    caller.require(Permission.RESOLVE_FAILURES)
    before = find_failure(caller, failure_id)
    with caller.ledger() as session:
        if not ignore_failures(session, [failure_id], reason, caller.actor):
            raise Clash(f"the failure is {before.state}, so there is nothing to ignore")
        caller.note(session, "failure.ignore", f"{before.kind}:{before.source_id}", code=before.code, reason=reason)
    return find_failure(caller, failure_id)


def ignore_many(caller: Caller, wish: IgnoreWish) -> Decided:
    """Leave failures be, with one reason for all of them.

    Raises:
        Unknown, Unusable: they cannot be found, or are too many.
    """
    caller.require(Permission.RESOLVE_FAILURES)
    found = chosen_failures(caller, wish, ProblemState.OPEN)
    with caller.ledger() as session:
        count = len(ignore_failures(session, [each.id for each in found], wish.reason, caller.actor))
        named = wish.model_dump(mode="json", exclude={"ids"}, exclude_none=True)
        caller.note(session, "failure.ignore", f"{count} failures", **named)
    return Decided(count=count)


def reopen(caller: Caller, failure_id: UUID) -> Failure:
    """Queue a failure again that was left be.

    Raises:
        Unknown: the tenant has none with this id.
        Clash: nobody left it be.
    """
    caller.require(Permission.RESOLVE_FAILURES)
    before = find_failure(caller, failure_id)
    with caller.ledger() as session:
        if not reopen_failures(session, [failure_id]):
            raise Clash(f"the failure is {before.state}, so there is nothing to open again")
        caller.note(session, "failure.reopen", f"{before.kind}:{before.source_id}", code=before.code)
    return find_failure(caller, failure_id)


def chosen_failures(caller: Caller, chosen: Chosen, state: ProblemState) -> list[StoredFailure]:
    """Give the failures that were named, or those in this state that fit.

    Raises:
        Unknown: one that was named is not there.
        Unusable: nothing was said, both were, or too many fit.
    """
    narrowed = ProblemFilter(
        kind=chosen.kind, code=chosen.code, connection=chosen.connection, text=chosen.text, state=state
    )
    by_filter = any((chosen.kind, chosen.code, chosen.connection, chosen.text))
    if bool(chosen.ids) == by_filter:
        raise Unusable("name failures by ids, or by what they have in common; not both and not neither", field="ids")
    with caller.ledger() as session:
        fitting = list_failures(session, narrowed, MOST_AT_ONCE + 1) if by_filter else []
        found = fitting or load_failures(session, chosen.ids)
    if len(found) > MOST_AT_ONCE:
        raise Unusable(f"more than {MOST_AT_ONCE} failures fit; ask for fewer at once", field="code")
    if chosen.ids and len(found) < len(set(chosen.ids)):
        raise Unknown("one of these failures is not there; GET /api/sync/failures lists those there are")
    return found
