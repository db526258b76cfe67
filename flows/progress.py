"""What a person sees of a run while it goes on."""

from __future__ import annotations

from prefect import get_run_logger

from config.wiring import OpenRun
from domain.keys import Kind
from domain.sync import Tally


def announce(run: OpenRun, kind: Kind) -> None:
    """Log how far the kind has come, one line a page.

    The figures travel with the log record too (``sync_kind``, ``sync_read``, ``sync_expected``), for progress bars.
    """
    tally = run.tallies.get(kind, Tally())
    expected = max(run.expected.get(kind, 0), tally.read)
    get_run_logger().info(
        "%s: %d of %d read; %d created, %d updated, %d unchanged, %d failed",
        kind, tally.read, expected, tally.created, tally.updated, tally.unchanged, tally.failed,
        extra={"sync_kind": kind.value, "sync_read": tally.read, "sync_expected": expected},
    )  # fmt: skip
