"""What the steps of one run share while it lasts."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from uuid import UUID

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.session import tenant_session
from domain.connector import Reads, Writes
from domain.keys import Kind, RecordKey
from domain.sync import SyncRequest, Tally
from domain.writes import Link
from mapping.posting_policy import PostingPolicy


class OpenRun:
    """What the tasks of one run share: its request, its ledger, one open connector on either side, and the count.

    ``foretold`` are the links that a dry run would have made so far, ``bound_to`` is the stored plan beyond which the
    run writes nothing.

    A plain object with slots, so that Prefect hands it on without looking inside; it lives exactly as long as the run.
    """

    __slots__ = (
        "__weakref__",
        "_engine",
        "bound_to",
        "durations",
        "expected",
        "foretold",
        "id",
        "pages",
        "policy",
        "progress",
        "request",
        "shown_at",
        "source",
        "tallies",
        "target",
    )

    def __init__(
        self, run_id: UUID, request: SyncRequest, engine: Engine, source: Reads, target: Writes, policy: PostingPolicy
    ) -> None:
        self.id = run_id
        self.request = request
        self.source = source
        self.target = target
        self.policy = policy
        self.pages = 0
        self.progress: UUID | None = None
        self.shown_at = time.monotonic()
        self._engine = engine
        self.start_anew(bound_to=request.plan)

    def start_anew(self, bound_to: UUID | None) -> None:
        """Forget what was counted and foretold so far, and write nothing beyond this plan from now on."""
        self.tallies: dict[Kind, Tally] = {}
        self.durations: dict[Kind, float] = {}
        self.expected: dict[Kind, int] = {}
        self.foretold: dict[tuple[RecordKey, str], Link] = {}
        self.bound_to = bound_to

    def ledger(self) -> AbstractContextManager[Session]:
        """Open one transaction of this run's tenant."""
        return tenant_session(self._engine, self.request.tenant)

    def expect(self, kind: Kind, records: int | None) -> None:
        """Remember how many records of a kind the source says there are."""
        if records is not None:
            self.expected[kind] = records

    def count(self, kind: Kind, tally: Tally) -> None:
        """Add what one page did."""
        self.tallies = self.tallies_with(kind, tally)

    def tallies_with(self, kind: Kind, tally: Tally) -> dict[Kind, Tally]:
        """Give the tallies of the run as they stand once ``tally`` is added to ``kind``."""
        return {**self.tallies, kind: self.tallies.get(kind, Tally()) + tally}
