"""What people were told and what not, and why: found by filters, page by page, or whole as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from db.ledger.deliveries import StoredNotice
from db.ledger.notification_history import NoticeFilter, list_notices, suppressed_count
from db.models.notifications import DeliveryState
from domain.access import Permission
from domain.inputs import Identity, Moment
from domain.listing import PageRequest, decode_cursor, encode_cursor
from notifications.events import EventType
from notifications.notice import Notice, Stage
from operations.caller import Caller
from operations.spreadsheet import csv_lines

EXAMPLE: dict[str, Any] = {
    "id": 12,
    "config_id": "6f0d3f0e-7a35-4c0e-8f7a-2b9a4f0f6a11",
    "config_name": "Accounting",
    "channel": "slack",
    "target": "slack",
    "incident_id": "0198a1c2-0000-7000-8000-000000000000",
    "event_type": "connection_failed",
    "stage": "opened",
    "state": "delivered",
    "delivered": True,
    "why": "",
    "answer": "ok",
    "attempts": 1,
    "count": 1,
    "created_at": "2026-07-16T12:00:00Z",
    "next_at": None,
    "delivered_at": "2026-07-16T12:00:08Z",
    "notice": {
        "id": "0198a1c2-0000-7000-8000-000000000001",
        "thread": "0198a1c2-0000-7000-8000-000000000000",
        "event": "connection_failed",
        "stage": "opened",
        "severity": "error",
        "tenant": "acme",
        "title": "The connection shop does not work",
        "text": "Cannot reach shop.example.",
        "fields": [["Connection", "shop"]],
        "records": [],
        "steps": ["See whether the shop opens in a browser."],
        "guide": "https://sync.example.org/docs/troubleshooting#shop-down",
        "link": "",
        "at": "2026-07-16T12:00:00Z",
    },
}

# Notices read at once for an export, each time in a transaction of its own.
_AT_ONCE = 500
_TOLD = ("severity", "title", "text", "link")


class NoticeChoice(BaseModel):
    """Which notices are wanted: all that fit everything given; ``until`` itself is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: UUID | None = Field(default=None, description="The id of a configuration.")
    incident: UUID | None = Field(default=None, description="The id of an incident.")
    event: EventType | None = None
    stage: Stage | None = None
    state: DeliveryState | None = None
    since: Moment | None = None
    until: Moment | None = None


class HistoryWish(NoticeChoice, PageRequest):
    """Which notices, and which page of them."""


class HistoricNotice(BaseModel):
    """A notice to one target with what became of it, or one that was not told, with the reason.

    ``count`` says for how many events an entry stands of which nobody was told, ``why`` why it was not delivered (yet),
    ``answer`` what the receiver said.
    """

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    id: int
    config_id: UUID | None
    config_name: str
    channel: str
    target: str
    incident_id: UUID | None
    event_type: str
    stage: str
    state: DeliveryState
    delivered: bool
    why: str
    answer: str
    attempts: int
    count: int
    created_at: AwareDatetime
    next_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    notice: Notice


class NoticeHistory(BaseModel):
    """One page of the history, and how many of the events that fit were told to nobody one by one."""

    model_config = ConfigDict(
        frozen=True, json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None, "suppressed": 4}]}
    )

    items: tuple[HistoricNotice, ...]
    next_cursor: str | None = None
    suppressed: int


def list_history(caller: Caller, wanted: HistoryWish) -> NoticeHistory:
    """Give the notices that fit, the newest first.

    Raises:
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    before = decode_cursor(wanted.cursor, tuple[Identity])[0] if wanted.cursor else None
    chosen = filter_of(wanted)
    with caller.ledger() as session:
        found = list_notices(session, chosen, wanted.limit + 1, before)
        suppressed = suppressed_count(session, chosen)
    items = tuple(map(_shown, found[: wanted.limit]))
    more = encode_cursor((items[-1].id,)) if len(found) > wanted.limit else None
    return NoticeHistory(items=items, next_cursor=more, suppressed=suppressed)


def export_csv(caller: Caller, wanted: NoticeChoice) -> Iterator[str]:
    """Give all that fit as lines of CSV, newest first, with a heading; in flat memory, however many there are."""
    caller.require(Permission.MANAGE_SETTINGS)
    columns = tuple(name for name in HistoricNotice.model_fields if name != "notice")
    return csv_lines(columns + _TOLD, (_cells(entry) for entry in _entries(caller, wanted)))


def export_json_lines(caller: Caller, wanted: NoticeChoice) -> Iterator[str]:
    """Give the same as lines of JSON, one object each, with the whole notices."""
    caller.require(Permission.MANAGE_SETTINGS)
    return (f"{entry.model_dump_json()}\n" for entry in _entries(caller, wanted))


def filter_of(wanted: NoticeChoice) -> NoticeFilter:
    """Say what is wanted as the ledger understands it."""
    return NoticeFilter(
        config_id=wanted.config,
        incident_id=wanted.incident,
        event_type=wanted.event,
        **wanted.model_dump(include={"stage", "state", "since", "until"}),
    )


def _entries(caller: Caller, wanted: NoticeChoice) -> Iterator[HistoricNotice]:
    before = None
    while True:
        with caller.ledger() as session:
            found = list_notices(session, filter_of(wanted), _AT_ONCE, before)
        yield from map(_shown, found)
        if len(found) < _AT_ONCE:
            return
        before = found[-1].id


def _cells(entry: HistoricNotice) -> list[object]:
    row = entry.model_dump(mode="json")
    notice = row.pop("notice")
    return [*row.values(), *(notice[name] for name in _TOLD)]


def _shown(stored: StoredNotice) -> HistoricNotice:
    fields: dict[str, Any] = stored.model_dump(exclude={"claimed_until", "due_at"})
    return HistoricNotice(**fields, delivered=stored.state is DeliveryState.DELIVERED)
