"""What is to be done about a failure, as people and programs are told it: the same words as in a notice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from db.ledger.events import advice_told
from domain.sync import RunState, SyncRequest
from notifications.advice import GUIDE, Advice, Cause, advise
from operations.links import guide_link
from operations.run_endings import EVENTS, system_of

EXAMPLE: dict[str, Any] = {
    "title": "The books are closed for this date",
    "cause": "The date of the document lies on or before the closing date of the books.",
    "steps": ["In QuickBooks, see Account and settings, Advanced, Accounting, Close the books."],
    "guide": "http://127.0.0.1:4280/docs/troubleshooting.md#quickbooks-books-closed",
}


class Guidance(BaseModel):
    """A plain sentence on what causes a failure, the steps that help, and where the guide tells more."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    title: str
    cause: str
    steps: tuple[str, ...]
    guide: str


FAILED = frozenset({RunState.FAILED, RunState.CRASHED, RunState.CANCELLED})


class Ending(NamedTuple):
    """How a run ended that did not go through."""

    id: UUID
    request: SyncRequest
    state: RunState
    error: str


def guidance_on(cause: Cause) -> Guidance:
    """Give what is to be done about a failure, by what is known of it."""
    return worded(advise(cause))


def guidance_on_runs(session: Session, endings: Iterable[Ending]) -> dict[UUID, Guidance]:
    """Give what is to be done about runs: what people were told of each or, where nobody was, what its error says."""
    by_id = {each.id: each for each in endings}
    told = advice_told(session, list(by_id))
    return {
        id_: worded(Advice.model_validate(told[id_])) if id_ in told else guidance_on(kept_cause(each))
        for id_, each in by_id.items()
    }


def kept_cause(ending: Ending) -> Cause:
    """Describe what made a run fail by what was kept of it: the text of an error begins with its connection."""
    connection = ending.error.partition(" ")[0].rstrip(":")
    return Cause(system=system_of(ending.request, connection), event=EVENTS.get(ending.state, ""), message=ending.error)


def worded(advice: Advice) -> Guidance:
    """Give advice with the place where the guide tells it."""
    return Guidance(
        title=advice.title, cause=advice.cause, steps=advice.steps, guide=f"{guide_link() or GUIDE}#{advice.topic}"
    )
