"""A failure as data: what goes into the queue when one record cannot be read, mapped or written."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.keys import RecordKey

BOOKS_CHANGED = "books.changed"
"""The code of the problem of a document that somebody changed in the books; only a decision or a new write mends it."""


class Fate(StrEnum):
    """What becomes of the record: asked for again, left until somebody changes something, or the end of the run."""

    RETRY = "retry"
    SKIP = "skip"
    STOP = "stop"


class ProblemState(StrEnum):
    """Whether a problem is still queued: it is until the record is written, or somebody decides to leave it."""

    OPEN = "open"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class Problem(BaseModel):
    """Why one record was not written: a code for machines, one sentence for people, never personal data."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fate: Fate
    key: RecordKey
    advice: str | None = None
