"""Writing to the target, one writer at a time."""

from __future__ import annotations

import time

from prefect import task

from config.wiring import OpenRun
from db.ledger import acquire_lease
from domain.errors import Unavailable
from domain.keys import Kind
from domain.writes import Plan, WriteOutcome
from tasks.policy import STEP
from tasks.sealed import Sealed

# Long enough for the slowest page, short enough that a killed run does not hold up the next one for long.
LEASE_SECONDS = 120
# Somebody else's page takes seconds; a killed run's lease expires meanwhile.
LEASE_PATIENCE_SECONDS = LEASE_SECONDS + 60
LEASE_POLL_SECONDS = 0.2


class Written:
    """The outcomes of a plan with the fencing token under which they were written."""

    __slots__ = ("outcomes", "token")

    def __init__(self, outcomes: tuple[WriteOutcome, ...], token: int) -> None:
        self.outcomes = outcomes
        self.token = token


@task(task_run_name="write {kind}", **STEP)
def write_plan(run: OpenRun, kind: Kind, plan: Sealed[Plan]) -> Written:
    """Carry out the plan under the target's lease, which settling gives back."""
    token = take_lease(run)
    return Written(run.target.write(plan.content), token)


def take_lease(run: OpenRun) -> int:
    """Wait until nobody else writes to the target and give the fencing token.

    Raises:
        Unavailable: another run has been writing for longer than a lease can last.
    """
    deadline = time.monotonic() + LEASE_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with run.ledger() as session:
            token = acquire_lease(session, run.request.target, holder=str(run.id), seconds=LEASE_SECONDS)
        if token is not None:
            return token
        time.sleep(LEASE_POLL_SECONDS)
    raise Unavailable("another run keeps writing to it", connection=run.request.target, operation="lease")
