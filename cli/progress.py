"""Progress bars while a flow runs in this process."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.flows import Flow
from prefect.logging.handlers import APILogWorker
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.output import err
from domain.errors import ConnectorError, FatalError
from domain.sync import SyncReport

DRAIN_SECONDS = 15


class ProgressBars(logging.Handler):
    """Turns the figures that travel with a run's log lines into one bar per kind."""

    def __init__(self, bars: Progress) -> None:
        super().__init__(logging.INFO)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Move the bar of the record's kind; lines without figures are not for us."""
        kind = getattr(record, "sync_kind", None)
        if kind is None:
            return
        if kind not in self._tasks:
            self._tasks[kind] = self._bars.add_task(kind)
        self._bars.update(self._tasks[kind], completed=record.sync_read, total=record.sync_expected)  # type: ignore[attr-defined]


def with_progress(flow: Flow[..., Any], parameters: Mapping[str, object]) -> SyncReport:
    """Run a sync flow in this process, with bars on the error stream, and give its report.

    Raises:
        ConnectorError: the run failed, for the reason it gives.
    """
    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        handler = ProgressBars(bars)
        logger = logging.getLogger("prefect.flow_runs")
        logger.addHandler(handler)
        try:
            state: State[object] = flow(**parameters, return_state=True)  # type: ignore[assignment]
        finally:
            logger.removeHandler(handler)
            send_the_rest()
    if not state.is_completed():
        error = state.result(raise_on_failure=False)
        raise error if isinstance(error, ConnectorError) else FatalError(state.message or f"the run ended {state.name}")
    report = state.result()
    if not isinstance(report, SyncReport):
        raise FatalError(f"the run ended {state.name} without a report")
    return report


def send_the_rest() -> None:
    """Let Prefect send the events and log lines it still holds.

    It would do so at exit, and try for a minute when a server of our own is gone by then.
    """
    EventsWorker.drain_all(timeout=DRAIN_SECONDS)
    APILogWorker.drain_all(timeout=DRAIN_SECONDS)
