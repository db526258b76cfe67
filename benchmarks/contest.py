"""What a contender is told, and how it measures itself in a process of its own."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

TENANT = "default"
SHOP = "shop"
WAREHOUSE = "warehouse"
BOOKS = "books"

ORDERS_PER_API_PAGE = 100


class Job(msgspec.Struct, frozen=True):
    """Where the shop is, and the two fresh databases."""

    url: str
    key: str
    secret: str
    ledger: str
    warehouse: str


Work = Callable[[Job], datetime | None]
"""Does the job; tells when everything was written, where that is before it returns."""


class Figures(msgspec.Struct, frozen=True):
    """What a contender cost: seconds until everything was ``done`` and until the call returned (``wall``), and memory.

    ``cpu`` is user and system time of its own process during the wall time. Importing comes before and is told apart;
    ``peak_rss_mb`` is of the whole process.
    """

    wall: float
    done: float
    cpu: float
    peak_rss_mb: float
    import_seconds: float


def compete(load: Callable[[], Work]) -> None:
    """Be a contender: read the job from standard input, do it once with the clock running, print the figures.

    ``load`` imports what the contender needs and gives the function that does the job.
    """
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    began = time.perf_counter()
    work = load()
    ready, started_at, used = time.perf_counter(), datetime.now(UTC), time.process_time()
    done_at = work(job)
    wall, cpu = time.perf_counter() - ready, time.process_time() - used
    figures = Figures(
        wall=wall,
        done=(done_at - started_at).total_seconds() if done_at else wall,
        cpu=cpu,
        peak_rss_mb=peak_rss_mb(),
        import_seconds=ready - began,
    )
    print(msgspec.json.encode(figures).decode())


def peak_rss_mb() -> float:
    """Tell the most memory that this process has held, in MB (1,000,000 bytes)."""
    with suppress(FileNotFoundError):
        # Linux' ru_maxrss also counts what the parent held when it started us; VmHWM begins anew with our program.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS
