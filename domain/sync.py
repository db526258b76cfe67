"""What is asked of a sync, what it counts, and what it reports."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.filters import Filters
from domain.inputs import Line
from domain.keys import ConnectionName, Kind, TenantName

MOST_IDS = 1000
"""No request names more records; who wants more uses filters."""


class Mode(StrEnum):
    """Everything the source holds, or what changed since the last complete walk."""

    FULL = "full"
    INCREMENTAL = "incremental"


class RunState(StrEnum):
    """How a run stands; a run is closed once, by whoever comes first."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


class SyncRequest(BaseModel):
    """What one run shall do; never holds a secret.

    ``since`` replaces the stored watermark of an incremental run. ``ids`` reads just those records of one kind,
    ``filters`` leaves out what does not fulfil them. Runs with any of these never move a watermark.
    ``allow_removals`` lets a full run mark as deleted more records than can plausibly have vanished from a healthy
    source; it counts only together with ``plan``, a stored and confirmed dry run, beyond which nothing is written.
    ``most_records`` and ``most_amount``, in any one currency, are what may be written unconfirmed: a larger run ends
    before it writes anything. ``request_id`` and ``schedule`` say what started the run; ``sandbox`` that source and
    target are the ones that stand in for others.
    """

    model_config = ConfigDict(frozen=True)

    tenant: TenantName
    route: str
    source: ConnectionName
    target: ConnectionName
    kinds: tuple[Kind, ...]
    mode: Mode
    since: AwareDatetime | None = None
    ids: tuple[Line, ...] = Field(default=(), max_length=MOST_IDS)
    filters: Filters = Filters()
    dry_run: bool = False
    allow_removals: bool = False
    plan: UUID | None = None
    most_records: int | None = Field(default=None, ge=1)
    most_amount: Decimal | None = Field(default=None, ge=0)
    request_id: UUID | None = None
    schedule: ConnectionName | None = None
    sandbox: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the run looks at everything, or at everything that changed."""
        return not (self.ids or self.since or self.filters)

    @property
    def moves_watermark(self) -> bool:
        """Whether a complete walk of this run may be built upon by the next one."""
        return self.is_complete and not self.dry_run

    @property
    def scope(self) -> SyncRequest:
        """What the run is about, without how it was started: equal for a dry run and the run that carries it out."""
        return self.model_copy(update={name: type(self).model_fields[name].default for name in _ABOUT_THE_START})


_ABOUT_THE_START = ("dry_run", "plan", "most_records", "most_amount", "request_id", "schedule")


class Tally(BaseModel):
    """Source records of one kind by the worst that became of them.

    A record found gone counts as read and updated; one that is read a second time, because it changed meanwhile or was
    still queued, counts a second time.
    """

    model_config = ConfigDict(frozen=True)

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    waiting: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.model_fields})

    @property
    def is_balanced(self) -> bool:
        """Whether every record that was read is accounted for."""
        return bool(self.read == sum(self.model_dump(exclude={"read"}).values()))


class SyncReport(BaseModel):
    """What a run did, kind by kind; ``durations`` are in seconds."""

    model_config = ConfigDict(frozen=True)

    request: SyncRequest
    tallies: dict[Kind, Tally]
    durations: dict[Kind, float]
    started_at: AwareDatetime
    finished_at: AwareDatetime

    @property
    def seconds(self) -> float:
        """Wall-clock length of the run."""
        return (self.finished_at - self.started_at).total_seconds()
