"""Runs from opening to closing."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import case, func, insert, select, update
from sqlalchemy.orm import Session

from db.ledger.arrays import loggable
from db.models.runs import runs
from domain.keys import Kind
from domain.sync import RunState, SyncRequest, Tally


class RunSummary(BaseModel):
    """A run as it stands: open while ``state`` is running, and alive while ``heartbeat_at`` moves."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    flow_run_id: str | None
    request: SyncRequest
    state: RunState
    tallies: dict[Kind, Tally]
    error: str | None
    started_at: AwareDatetime
    heartbeat_at: AwareDatetime
    finished_at: AwareDatetime | None


def open_run(session: Session, run_id: UUID, request: SyncRequest, flow_run_id: str | None) -> None:
    """Note that the run began."""
    session.execute(insert(runs).values(id=run_id, flow_run_id=flow_run_id, request=request.model_dump(mode="json")))


def report_progress(session: Session, run_id: UUID, tallies: Mapping[Kind, Tally]) -> bool:
    """Note the counts so far and that the run lives; tell whether it is still open."""
    values = {kind.value: tally.model_dump() for kind, tally in tallies.items()}
    return _changes_open_run(session, run_id, tallies=values, heartbeat_at=func.clock_timestamp())


def note_heartbeat(session: Session, run_id: UUID) -> bool:
    """Note that the run lives; tell whether it is still open."""
    return _changes_open_run(session, run_id, heartbeat_at=func.clock_timestamp())


def close_run(session: Session, run_id: UUID, state: RunState, error: str | None = None) -> bool:
    """Close the run; True only for the one who did, False when it was closed already or never opened."""
    # The process of a run that was asked to end is killed, which by itself looks like a crash.
    ended: object = state
    if state is RunState.CRASHED:
        ended = case((runs.c.cancel_requested_at.is_not(None), RunState.CANCELLED.value), else_=state.value)
    return _changes_open_run(session, run_id, state=ended, error=loggable(error), finished_at=func.clock_timestamp())


def load_run(session: Session, run_id: UUID) -> RunSummary | None:
    """Give the run, None when the tenant has none with this id."""
    row = session.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    return RunSummary.model_validate(row) if row else None


def list_runs(session: Session, limit: int) -> list[RunSummary]:
    """Give the newest runs, the last one first."""
    rows = session.execute(select(runs).order_by(runs.c.started_at.desc()).limit(limit)).mappings()
    return [RunSummary.model_validate(row) for row in rows]


def use_request(session: Session, run_id: UUID, request: SyncRequest) -> None:
    """Note that the run does something else than it was opened with, such as reading a connection that stands in."""
    session.execute(update(runs).where(runs.c.id == run_id).values(request=request.model_dump(mode="json")))


def ask_to_cancel(session: Session, run_id: UUID) -> bool:
    """Note that the run shall end at the next opportunity; tell whether it is still open."""
    return _changes_open_run(session, run_id, cancel_requested_at=func.clock_timestamp())


def is_unwanted(session: Session, run_id: UUID) -> bool:
    """Whether somebody asked the run to end, or closed it already."""
    open_ = select(runs.c.id).where(
        runs.c.id == run_id, runs.c.state == RunState.RUNNING, runs.c.cancel_requested_at.is_(None)
    )
    return session.execute(open_).first() is None


def _changes_open_run(session: Session, run_id: UUID, **values: object) -> bool:
    which = (runs.c.id == run_id, runs.c.state == RunState.RUNNING)
    return session.execute(update(runs).where(*which).values(values).returning(runs.c.id)).first() is not None
