"""How far a request for a run has come, from the moment of asking."""

from __future__ import annotations

from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands until its run speaks for itself.

    ``asked`` is written down before Prefect hears of it, so that it is found again after a crash in between.
    """

    AWAITING_CONFIRMATION = "awaiting_confirmation"
    ASKED = "asked"
    STARTED = "started"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Progress(StrEnum):
    """How a request stands, its run included.

    ``expired`` was never confirmed, ``scheduled`` waits for a worker, ``cancelling`` ends at the next opportunity.
    """

    AWAITING_CONFIRMATION = "awaiting_confirmation"
    EXPIRED = "expired"
    ASKED = "asked"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
