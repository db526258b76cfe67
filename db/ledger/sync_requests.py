"""Requests for runs, by whomever: from the moment of asking, with the run that they became."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, and_, case, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from db.ledger.arrays import loggable, storable
from db.models.runs import runs
from db.models.steering import confirmations, sync_requests
from domain.access import Permission
from domain.keys import Kind
from domain.requests import Progress, RequestState
from domain.sync import RunState, SyncRequest, Tally

_BEGINS_WITHIN = timedelta(minutes=10)
"""A run in the process of who asked begins within seconds; what has not by then was killed before it could."""


class RequestedRun(BaseModel):
    """A request as it was made, and how the run of the same id stands; without a run, what is the run's is None.

    ``used`` is what the run really does, ``awaited_until`` the moment until which the request can be confirmed.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    request: SyncRequest
    state: RequestState
    progress: Progress
    actor: str
    permission: Permission
    flow_run_id: str | None
    error: str | None
    asked_at: AwareDatetime
    awaited_until: AwareDatetime | None
    used: SyncRequest | None
    run_state: RunState | None
    tallies: dict[Kind, Tally] | None
    run_error: str | None
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


def save_request(
    session: Session,
    request_id: UUID,
    request: SyncRequest,
    state: RequestState,
    *,
    actor: str,
    permission: Permission = Permission.RUN_SYNC,
    flow_run_id: str | None = None,
) -> None:
    """Write down that somebody asked for a run."""
    session.execute(
        insert(sync_requests).values(
            id=request_id,
            request=request.model_dump(mode="json"),
            state=state,
            actor=storable(actor),
            permission=permission,
            flow_run_id=flow_run_id,
        )
    )


def lock_request(session: Session, request_id: UUID) -> RequestedRun | None:
    """Give the request and keep everybody else from changing it until the transaction ends."""
    held = select(sync_requests.c.id).where(sync_requests.c.id == request_id).with_for_update()
    return load_request(session, request_id) if session.execute(held).first() else None


def load_request(session: Session, request_id: UUID) -> RequestedRun | None:
    """Give the request with its run, None when the tenant has none with this id."""
    row = session.execute(_joined().where(sync_requests.c.id == request_id)).mappings().first()
    return RequestedRun.model_validate(row) if row else None


def change_request(
    session: Session,
    request_id: UUID,
    state: RequestState,
    *,
    expected: Iterable[RequestState],
    flow_run_id: str | None = None,
    error: str | None = None,
) -> bool:
    """Move the request on, if it is in one of the expected states; tell whether it was."""
    known = {"flow_run_id": flow_run_id} if flow_run_id else {}
    statement = (
        update(sync_requests)
        .where(sync_requests.c.id == request_id, sync_requests.c.state.in_(list(expected)))
        .values(state=state, error=loggable(error), **known)
        .returning(sync_requests.c.id)
    )
    return session.execute(statement).first() is not None


def note_flow_run(session: Session, request_id: UUID, flow_run_id: str) -> None:
    """Note which flow run carries the request out."""
    session.execute(update(sync_requests).where(sync_requests.c.id == request_id).values(flow_run_id=flow_run_id))


def stranded_requests(session: Session, seconds: float) -> list[UUID]:
    """Give the requests that were written down so long ago and never handed to Prefect."""
    old = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return list(
        session.scalars(
            select(sync_requests.c.id)
            .where(sync_requests.c.state == RequestState.ASKED, sync_requests.c.asked_at < old)
            .order_by(sync_requests.c.asked_at)
        )
    )


def list_requests(
    session: Session,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    *,
    route: str | None = None,
    progress: Progress | None = None,
    dry_run: bool | None = None,
) -> list[RequestedRun]:
    """Give the newest requests with their runs, the last one first, from a position on."""
    wanted = _joined().order_by(sync_requests.c.asked_at.desc(), sync_requests.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(tuple_(sync_requests.c.asked_at, sync_requests.c.id) < before)
    if route is not None:
        wanted = wanted.where(sync_requests.c.request["route"].astext == route)
    if dry_run is not None:
        wanted = wanted.where(sync_requests.c.request["dry_run"].as_boolean() == dry_run)
    if progress is not None:
        wanted = wanted.where(_progress() == progress)
    return [RequestedRun.model_validate(row) for row in session.execute(wanted).mappings()]


def _joined() -> Select[Any]:
    of_run = {"used": runs.c.request, "run_state": runs.c.state, "run_error": runs.c.error}
    computed = {"progress": _progress(), "awaited_until": _awaited_until()}
    return select(
        sync_requests,
        *(column.label(name) for name, column in (of_run | computed).items()),
        *(runs.c[name] for name in ("tallies", "started_at", "finished_at")),
    ).select_from(
        sync_requests.outerjoin(runs, and_(runs.c.tenant == sync_requests.c.tenant, runs.c.id == sync_requests.c.id))
    )


def _awaited_until() -> ColumnElement[Any]:
    last = select(func.max(confirmations.c.expires_at)).where(
        confirmations.c.tenant == sync_requests.c.tenant, confirmations.c.request_id == sync_requests.c.id
    )
    return last.correlate(sync_requests).scalar_subquery()


def _progress() -> ColumnElement[str]:
    # Prefect was never told of it, so it was to begin at once, in the process that wrote it down.
    never_began = and_(
        sync_requests.c.state == RequestState.STARTED,
        sync_requests.c.flow_run_id.is_(None),
        sync_requests.c.asked_at < func.now() - _BEGINS_WITHIN,
    )
    awaiting = sync_requests.c.state == RequestState.AWAITING_CONFIRMATION
    return case(
        (and_(runs.c.state == RunState.RUNNING, runs.c.cancel_requested_at.is_not(None)), Progress.CANCELLING),
        (runs.c.state.is_not(None), runs.c.state),
        (and_(awaiting, _awaited_until() <= func.now()), Progress.EXPIRED),
        (never_began, Progress.CRASHED),
        (sync_requests.c.state == RequestState.STARTED, Progress.SCHEDULED),
        else_=sync_requests.c.state,
    )
