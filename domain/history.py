"""What is remembered of each record: one entry per thing that was done with it, or decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from domain.keys import RecordKey


class Operation(StrEnum):
    """What was done with a record: read from its source, planned (mapped), or written to the target."""

    READ = "read"
    PLAN = "plan"
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


class Became(StrEnum):
    """What became of it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    SKIPPED = "skipped"
    WAITING = "waiting"
    FAILED = "failed"


class Level(StrEnum):
    """Whether somebody must look: not at all, when it lasts, or now."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Entry(NamedTuple):
    """One line of the record log.

    ``milliseconds`` is what the write took: a document of the books as long as its batch, from asking to the answer,
    waits for the pace included; a row of a warehouse its share of the page's transaction. None where nothing was
    written. ``belongs_to`` is the id of the order of a refund, or of the product of a variation. ``details`` hold
    amounts and ids, never personal data. An entry that is ``lasting`` is noted only when it says something new: a
    record that waits, is skipped or cannot be read says the same in every run.
    """

    key: RecordKey
    operation: Operation
    became: Became
    level: Level = Level.INFO
    role: str = ""
    code: str | None = None
    message: str | None = None
    milliseconds: float | None = None
    belongs_to: str | None = None
    details: Mapping[str, Any] = {}
    lasting: bool = False
