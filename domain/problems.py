"""A failure as data: what goes into the queue when one record cannot be read, mapped or written."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.keys import RecordKey


class Fate(StrEnum):
    """What becomes of the record: asked for again, left until somebody changes something, or the end of the run."""

    RETRY = "retry"
    SKIP = "skip"
    STOP = "stop"


class Problem(BaseModel):
    """Why one record was not written: a code for machines, one sentence for people, never personal data."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fate: Fate
    key: RecordKey
    advice: str | None = None
