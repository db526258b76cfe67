"""Writing to the target, one writer at a time."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from prefect import task

from config.open_run import OpenRun
from domain.keys import Kind
from domain.writes import Plan, WriteOutcome
from tasks.lease import leased
from tasks.policy import STEP
from tasks.sealed import Sealed


class Written:
    """The outcomes of a plan with the fencing token under which they were written, and how long that took."""

    __slots__ = ("__weakref__", "outcomes", "seconds", "token")

    def __init__(self, outcomes: tuple[WriteOutcome, ...], token: int, seconds: float) -> None:
        self.outcomes = outcomes
        self.token = token
        self.seconds = seconds


@task(task_run_name="write {kind}", **STEP)
def write_plan(run: OpenRun, kind: Kind, plan: Sealed[Plan]) -> Written:
    """Carry out the plan under the target's lease, which settling gives back."""
    with leased(run) as token:
        return timed(lambda: run.target.write(plan.content), token)


@task(task_run_name="settle what was in doubt", **STEP)
def finish_open_intents(run: OpenRun) -> Written:
    """Find out what became of writes that an earlier run sent and never heard of, before anything is planned anew."""
    with leased(run) as token:
        return timed(run.target.settle_open_intents, token)


def timed(write: Callable[[], tuple[WriteOutcome, ...]], token: int) -> Written:
    """Write and note how long it took."""
    began = perf_counter()
    outcomes = write()
    return Written(outcomes, token, perf_counter() - began)
