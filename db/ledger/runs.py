"""Runs from opening to closing, and the log of what each did to which record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from db.ledger.arrays import key_columns, rows_of, storable
from db.models.runs import record_log, runs
from domain.keys import Kind
from domain.sync import RunState, SyncRequest, Tally
from domain.writes import WriteOutcome


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
    return _changes_open_run(session, runs.c.id == run_id, tallies=values, heartbeat_at=func.clock_timestamp())


def close_run(session: Session, run_id: UUID, state: RunState, error: str | None = None) -> bool:
    """Close the run; True only for the one who did, False when it was closed already or never opened."""
    return _closes(session, runs.c.id == run_id, state, error)


def close_run_of_flow(session: Session, flow_run_id: str, state: RunState, error: str | None = None) -> bool:
    """Close the open run of this Prefect flow run, as ``close_run`` does: for hooks in another process."""
    return _closes(session, runs.c.flow_run_id == flow_run_id, state, error)


def load_run(session: Session, run_id: UUID) -> RunSummary | None:
    """Give the run, None when the tenant has none with this id."""
    row = session.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    return RunSummary.model_validate(row) if row else None


def list_runs(session: Session, limit: int) -> list[RunSummary]:
    """Give the newest runs, the last one first."""
    rows = session.execute(select(runs).order_by(runs.c.started_at.desc()).limit(limit)).mappings()
    return [RunSummary.model_validate(row) for row in rows]


def log_outcomes(session: Session, run_id: UUID, outcomes: Sequence[WriteOutcome]) -> None:
    """Note what became of each write of a page."""
    if not outcomes:
        return
    writes = [outcome.write for outcome in outcomes]
    columns = key_columns([write.source for write in writes]) | {
        "run_id": [run_id] * len(writes),
        "target_connection": [write.target.connection for write in writes],
        "role": [write.role for write in writes],
        "action": [write.action for write in writes],
        "result": [outcome.result for outcome in outcomes],
        "message": [storable(outcome.problem.message) if outcome.problem else None for outcome in outcomes],
    }
    session.execute(insert(record_log).from_select(list(columns), rows_of(record_log, columns)))


def _closes(session: Session, which: ColumnElement[bool], state: RunState, error: str | None) -> bool:
    return _changes_open_run(session, which, state=state, error=storable(error), finished_at=func.clock_timestamp())


def _changes_open_run(session: Session, which: ColumnElement[bool], **values: object) -> bool:
    statement = update(runs).where(which, runs.c.state == RunState.RUNNING).values(values).returning(runs.c.id)
    return session.execute(statement).first() is not None
