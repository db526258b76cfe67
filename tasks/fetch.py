"""Reading from the source: one task run per page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from prefect import task

from config.open_run import OpenRun
from domain.keys import Kind
from domain.records import Page
from tasks.policy import STEP
from tasks.sealed import Sealed


@task(task_run_name="fetch {kind} from {at}", **STEP)
def fetch_page(run: OpenRun, kind: Kind, since: datetime | None, at: str | None) -> Sealed[Page]:
    """Read the page at ``at``; asks again while the source is merely busy."""
    return Sealed(run.source.read(kind, since=since, at=at))


@task(task_run_name="fetch single {kind} records", **STEP)
def fetch_ids(run: OpenRun, kind: Kind, ids: Sealed[tuple[str, ...]]) -> Sealed[Page]:
    """Read the named records; those the source no longer has are missing from the page."""
    return Sealed(run.source.read_ids(kind, ids.content))


@task(task_run_name="sweep {kind} ids", **STEP)
def sweep_ids(run: OpenRun, kind: Kind) -> Sealed[Mapping[str, str | None]]:
    """Read id and version of everything of this kind, to find what moved or vanished while pages were read."""
    return Sealed(run.source.sweep(kind))
