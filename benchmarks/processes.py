"""The contender's process, and what it makes the others work: Postgres, the twin, the Prefect server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import psutil

from benchmarks.contest import Figures, Job
from config.settings import CHECKOUT
from domain.errors import FatalError

# No contender takes so long at any sensible size; without an end a hung one would hang us.
RUN_SECONDS = 1800

QUIET_SHARE = 0.15
"""Of one core: a Prefect server and a Postgres that have nothing to do use less together."""
QUIET_SAMPLE_SECONDS = 0.5
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Run:
    """One contender, once: its own figures and the CPU seconds of the servers that it kept busy."""

    wall: float
    done: float
    cpu: float
    peak_rss_mb: float
    import_seconds: float
    beside: dict[str, float]


class Bystanders:
    """The servers that a run keeps busy, by name; they work on for a while after it."""

    def __init__(self, pids: Mapping[str, int], patience: float) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._patience = patience

    def cpu_seconds(self) -> dict[str, float]:
        """Tell how much CPU each has used so far, with all its children."""
        return {name: _cpu_seconds(process) for name, process in self._processes.items()}

    def calm_down(self) -> None:
        """Wait until they have nothing to do, so that no contender pays for the one before, if there is patience."""
        deadline = time.monotonic() + self._patience
        used = sum(self.cpu_seconds().values())
        while time.monotonic() < deadline:
            time.sleep(QUIET_SAMPLE_SECONDS)
            before, used = used, sum(self.cpu_seconds().values())
            if used - before < QUIET_SHARE * QUIET_SAMPLE_SECONDS:
                return


def measure_run(name: str, job: Job, environment: Mapping[str, str], bystanders: Bystanders) -> Run:
    """Run one contender and wait until the servers are done with what it left them.

    Raises:
        FatalError: it failed.
    """
    bystanders.calm_down()
    before = bystanders.cpu_seconds()
    own = run_contender(name, job, environment)
    bystanders.calm_down()
    beside = {server: seconds - before[server] for server, seconds in bystanders.cpu_seconds().items()}
    return Run(**msgspec.structs.asdict(own), beside=beside)


def _cpu_seconds(process: psutil.Process) -> float:
    seconds = 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            # Children that have ended count with their parent; macOS does not tell.
            times = one.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def run_contender(name: str, job: Job, environment: Mapping[str, str]) -> Figures:
    """Run one contender to its end and give its own figures.

    Raises:
        FatalError: it failed; with the end of what it said.
    """
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    env = {**os.environ, **environment}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with fixed arguments
            command,
            input=msgspec.json.encode(job),
            capture_output=True,
            cwd=CHECKOUT,
            env=env,
            timeout=RUN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FatalError(f"the contender {name} was not done after {RUN_SECONDS} s") from None
    if done.returncode:
        raise FatalError(f"the contender {name} failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(done.stdout, type=Figures)
