"""A failure as an exception, sorted by what the sync does next.

ConnectorError
 ├── RetryableError     ask again later
 │    ├── RateLimited    the system wants fewer calls
 │    └── Unavailable    down, slow, cut off or answering nonsense
 ├── RecordError        this record only; it becomes the record's outcome and never leaves ``write()``
 │    ├── Rejected       the system refuses the record
 │    ├── Conflict       somebody else changed it meanwhile
 │    ├── Missing        it is not there
 │    └── Ambiguous      it may or may not have been done
 └── FatalError         ends the run
      ├── AccessDenied   credentials refused
      ├── Cancelled      somebody asked the run to end
      └── Misconfigured  settings that cannot work
"""

from __future__ import annotations

from pydantic import ValidationError

from domain.keys import RecordKey
from domain.masking import mask


class ConnectorError(Exception):
    """A call to a foreign system failed; the text is one sentence for people and holds no secret."""

    def __init__(
        self,
        message: str,
        *,
        connection: str | None = None,
        operation: str | None = None,
        key: RecordKey | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.connection = connection
        self.operation = operation
        self.key = key
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        # Told to logs, to Prefect and to whoever asked alike; vendors and drivers may have had a hand in it.
        context = " ".join(part for part in (self.connection, self.operation) if part)
        return mask(f"{context}: {self.args[0]}" if context else str(self.args[0]))


class RetryableError(ConnectorError):
    """The same call may succeed later; ``retry_after`` is the wait in seconds that the system asked for, if it did."""


class RateLimited(RetryableError):
    """Too many calls."""


class Unavailable(RetryableError):
    """Down, slow, cut off or answering nonsense."""


class RecordError(ConnectorError):
    """One record cannot be handled; the others can."""


class Rejected(RecordError):
    """The system understood the record and refuses it."""


class Conflict(RecordError):
    """The record changed in the target since it was read."""


class Missing(RecordError):
    """The record is not in the system."""


class Ambiguous(RecordError):
    """Nobody knows whether the write was done."""


class FatalError(ConnectorError):
    """Nothing that this run still does can succeed."""


class AccessDenied(FatalError):
    """The system refuses the credentials or lacks a right."""


class Cancelled(FatalError):
    """Somebody asked the run to end; what it carried so far stays."""


class Misconfigured(FatalError):
    """The settings cannot work; the message says which one and what to do."""


def first_fault(error: ValidationError) -> tuple[str, str]:
    """Name the first value that cannot be used and say why; never the value itself, which may be a secret."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
