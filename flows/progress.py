"""What a person sees of a run while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException

from config.open_run import OpenRun
from domain.keys import Kind
from domain.sync import Tally

# Each update of the bar costs a call of up to 160 ms, so a run of a few seconds has none.
SECONDS_BETWEEN_UPDATES = 5.0


def announce(run: OpenRun, kind: Kind) -> None:
    """Log how far the kind has come, one line a page, and now and then move the bar in the Prefect UI.

    The figures travel with the log record too (``sync_kind``, ``sync_read``, ``sync_expected``), for progress bars.
    """
    tally = run.tallies.get(kind, Tally())
    expected = max(run.expected.get(kind, 0), tally.read)
    get_run_logger().info(
        "%s: %d of %d read; %d created, %d updated, %d unchanged, %d failed",
        kind, tally.read, expected, tally.created, tally.updated, tally.unchanged, tally.failed,
        extra={"sync_kind": kind.value, "sync_read": tally.read, "sync_expected": expected},
    )  # fmt: skip
    if time.monotonic() - run.shown_at >= SECONDS_BETWEEN_UPDATES:
        with not_fatal():
            show_bar(run, kind, tally.read / expected if expected else 1.0)


def show_bar(run: OpenRun, kind: Kind, part: float) -> None:
    """Move the progress bar of the run: kinds done and the part of the present one, each counted alike."""
    kinds = run.request.kinds
    percent = 100 * (kinds.index(kind) + min(part, 1.0)) / len(kinds)
    if run.progress is None:
        made = create_progress_artifact(percent, key="sync-progress", description="How far this run has come")
        run.progress = cast(UUID, made)  # a coroutine only where an event loop runs, which is never here
    else:
        update_progress_artifact(run.progress, percent)
    run.shown_at = time.monotonic()


def finish_bar(run: OpenRun) -> None:
    """Fill the bar of a run that is done, if it was long enough to have one."""
    if run.progress is not None:
        with not_fatal():
            update_progress_artifact(run.progress, 100.0)


@contextmanager
def not_fatal() -> Iterator[None]:
    """Go on when Prefect cannot show something: what is only looked at must not end what is being done."""
    try:
        yield
    except (PrefectException, httpx.HTTPError) as error:
        get_run_logger().warning("Prefect could not show how far this run has come: %s", error)
