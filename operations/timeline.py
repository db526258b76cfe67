"""Everything known of one record and of what belongs to it, across runs and systems, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from db.ledger import traces
from db.ledger.history import parts_of, record_history
from domain.access import Permission
from domain.history import Level
from domain.keys import Kind, RecordKey
from domain.refusals import Unknown
from operations import sentences
from operations.caller import Caller

# Of each sort and record; who wants more of the log asks the history with filters.
MOST = 500
MOST_PARTS = 100

_PARTS = {Kind.ORDER: Kind.REFUND, Kind.PRODUCT: Kind.VARIATION}
_WHOLES = {part: whole for whole, part in _PARTS.items()}


class EventSort(StrEnum):
    """Where an event is known from."""

    LOG = "log"
    LINK = "link"
    QUEUE = "queue"
    SKIP = "skip"
    WEBHOOK = "webhook"
    INTENT = "intent"
    PLAN = "plan"


class Happening(BaseModel):
    """One thing that happened to a record, in one sentence; ``run`` is the run that did it."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    sort: EventSort
    record: str
    text: str
    level: Level = Level.INFO
    run: UUID | None = None
    details: dict[str, Any] = {}


class Timeline(BaseModel):
    """The events of a record, of what belongs to it and of what it belongs to; the earliest first.

    ``is_complete`` is false when the record log holds more of one of them than is shown; the newest are.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "record": "shop:order:794",
                    "related": ["shop:refund:801"],
                    "events": [
                        {
                            "at": "2026-07-01T09:00:00Z",
                            "sort": "log",
                            "record": "shop:order:794",
                            "text": "It was created in books as invoice 145.",
                            "level": "info",
                            "run": "5f0c2c1e-7a43-4f0e-9f43-0d4d3a1f4b11",
                            "details": {"target": "invoice:145", "expected_total": "119.00", "total": "119.00"},
                        }
                    ],
                    "is_complete": True,
                }
            ]
        },
    )

    record: str
    related: tuple[str, ...] = Field(description="What else the events are about.")
    events: tuple[Happening, ...]
    is_complete: bool


def timeline(caller: Caller, key: RecordKey) -> Timeline:
    """Tell all that is known of a record of a shop, or of a record of the books, by what it was made of.

    Raises:
        Forbidden: the caller may not look.
        Unknown: nothing is known of it.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        related = _related(session, key)
        found = [event for record in (key, *related) for event in _events(session, record)]
    if not found:
        raise Unknown("nothing is known of this record: it was never read, or is older than what is kept")
    logged = [event.record for event in found if event.sort is EventSort.LOG]
    return Timeline(
        record=str(key),
        related=tuple(map(str, related)),
        events=tuple(sorted(found, key=lambda event: event.at)),
        is_complete=all(logged.count(str(record)) < MOST for record in (key, *related)),
    )


def _related(session: Session, key: RecordKey) -> list[RecordKey]:
    """Name what the record was made of, what it belongs to, and all parts of that."""
    found = dict.fromkeys([key, *traces.sources_of(session, key)])
    for record in list(found):
        if record.kind in _WHOLES and (whole := _whole_of(session, record)):
            found[whole] = None
    for record in list(found):
        if record.kind in _PARTS:
            found |= dict.fromkeys(parts_of(session, record, _PARTS[record.kind], MOST_PARTS))
    return [record for record in found if record != key]


def _whole_of(session: Session, part: RecordKey) -> RecordKey | None:
    known = (entry.belongs_to for entry in record_history(session, part, MOST) if entry.belongs_to)
    whole = next(known, None)
    return part.model_copy(update={"kind": _WHOLES[part.kind], "id": whole}) if whole else None


def _events(session: Session, key: RecordKey) -> Iterator[Happening]:
    links = traces.link_rows(session, key)
    targets = [
        RecordKey(connection=row["target_connection"], kind=row["target_kind"], id=row["target_id"]) for row in links
    ]
    told: Iterable[tuple[EventSort, Iterable[sentences.Told]]] = (
        (EventSort.LOG, map(sentences.of_entry, record_history(session, key, MOST))),
        (EventSort.LINK, map(sentences.of_link, links)),
        (EventSort.QUEUE, (one for row in traces.problem_rows(session, key) for one in sentences.of_problem(row))),
        (EventSort.SKIP, map(sentences.of_skip, traces.skip_rows(session, key))),
        (EventSort.INTENT, map(sentences.of_intent, traces.intent_rows(session, key, MOST))),
        (EventSort.WEBHOOK, map(sentences.of_arrival, traces.arrival_rows(session, {key, *targets}, MOST))),
        (EventSort.PLAN, map(sentences.of_plan, traces.plan_rows(session, key, MOST))),
    )
    for sort, some in told:
        for one in some:
            yield Happening(record=str(key), sort=sort, **one._asdict())
