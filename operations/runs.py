"""Runs as they stand, from the moment of asking; each can be cancelled while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.orm import Session

from config.routes import RouteName
from db import ledger
from db.ledger.sync_requests import RequestedRun, change_request, list_requests, load_request, lock_request
from domain.access import Permission
from domain.errors import ConnectorError
from domain.keys import Kind
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown
from domain.requests import Progress, RequestState
from domain.sync import RunState, SyncRequest, Tally
from operations.caller import Caller
from operations.closing import close_run_and_tell
from operations.guidance import Ending, Guidance, guidance_on_runs
from operations.orchestrator import Orchestrator, flow_run_page

ENDED = frozenset(
    {Progress.COMPLETED, Progress.FAILED, Progress.CRASHED, Progress.CANCELLED, Progress.REFUSED, Progress.EXPIRED}
)
ENDED_AS = {
    Progress.FAILED: RunState.FAILED,
    Progress.REFUSED: RunState.FAILED,
    Progress.CRASHED: RunState.CRASHED,
    Progress.CANCELLED: RunState.CANCELLED,
}
"""How a run ended that did not go through; one that was refused never began."""

NEVER_BEGAN = "its process ended before the run began, and nothing was written; start it again"
_ENDED_AT_PREFECT = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})

EXAMPLE: dict[str, Any] = {
    "id": "7a1c6c2e-93e5-4a39-9b0a-0f6d7a2b9c77",
    "state": "completed",
    "request": {
        "tenant": "default", "route": "woocommerce-to-quickbooks", "source": "shop", "target": "books",
        "kinds": ["order"], "mode": "incremental", "ids": ["794"],
    },
    "used": None,
    "actor": "token:nightly export",
    "asked_at": "2026-03-01T08:00:00Z",
    "started_at": "2026-03-01T08:00:12Z",
    "finished_at": "2026-03-01T08:00:15Z",
    "seconds": 3.1,
    "tallies": {"order": {"read": 1, "created": 1}},
    "error": None,
    "plan_id": None,
    "flow_run_id": "0e1d9d62-0e33-4f3c-9d3a-3a5fca6c7c4e",
    "flow_run_page": "http://127.0.0.1:4200/runs/flow-run/0e1d9d62-0e33-4f3c-9d3a-3a5fca6c7c4e",
    "confirm_until": None,
    "guidance": None,
}  # fmt: skip


class Run(BaseModel):
    """A run as it stands, or the request for one.

    ``used`` is the request as it was carried out, where that is another one: in sandbox mode with other connections.
    ``plan_id`` names the plan that a dry run left behind, or that the run carries out; ``guidance`` says what to do
    about a run that did not go through.
    """

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    id: UUID
    state: Progress
    request: SyncRequest
    used: SyncRequest | None
    actor: str
    asked_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    seconds: float | None
    tallies: dict[Kind, Tally]
    error: str | None
    plan_id: UUID | None
    flow_run_id: str | None
    flow_run_page: str | None
    confirm_until: AwareDatetime | None
    guidance: Guidance | None = None


class RunFilter(PageRequest):
    """Which runs are wanted: all that fit everything given."""

    state: Progress | None = None
    route: RouteName | None = None
    dry_run: bool | None = None


def list_runs(caller: Caller, wanted: RunFilter) -> Listing[Run]:
    """Give runs and requests for runs, the newest first."""
    caller.require(Permission.VIEW)
    before = decode_cursor(wanted.cursor, tuple[AwareDatetime, UUID]) if wanted.cursor else None
    with caller.ledger() as session:
        found = list_requests(
            session, wanted.limit + 1, before, route=wanted.route, progress=wanted.state, dry_run=wanted.dry_run
        )
        items = all_shown(session, found[: wanted.limit])
    more = encode_cursor((items[-1].asked_at, items[-1].id)) if len(found) > wanted.limit else None
    return Listing(items=items, next_cursor=more)


def show_run(caller: Caller, run_id: UUID) -> Run:
    """Tell how a run stands.

    Raises:
        Unknown: the tenant has none with this id.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return all_shown(session, [known(load_request(session, run_id))])[0]


def cancel(caller: Caller, run_id: UUID) -> Run:
    """Have a run end at the next opportunity, or never begin; what it carried by then stays.

    Raises:
        Unknown: the tenant has none with this id.
        Clash: it has ended.
    """
    caller.require(Permission.RUN_SYNC)
    with caller.ledger() as session:
        asked = known(lock_request(session, run_id))
        if asked.progress in ENDED:
            raise Clash(f"the run has ended already: it is {asked.progress}")
        if asked.run_state is None:
            change_request(session, run_id, RequestState.CANCELLED, expected=RequestState)
        else:
            ledger.ask_to_cancel(session, run_id)
        caller.note(session, "sync.cancel", str(run_id))
    if asked.flow_run_id:
        stop(caller, run_id, asked.flow_run_id)
    return show_run(caller, run_id)


def stop(caller: Caller, run_id: UUID, flow_run_id: str) -> None:
    """Let Prefect stop the flow run; where it cannot, the run sees at its next page that it is unwanted."""
    try:
        with Orchestrator() as prefect:
            state = prefect.cancel(flow_run_id)
    except ConnectorError:
        return
    if state is None or state.type in _ENDED_AT_PREFECT:
        # Its process is gone and will not close the row.
        with caller.ledger() as session:
            close_run_and_tell(session, run_id, RunState.CANCELLED, "it was cancelled", at=datetime.now(UTC))


def known(asked: RequestedRun | None) -> RequestedRun:
    """Give the request that was looked for.

    Raises:
        Unknown: there is none.
    """
    if asked is None:
        raise Unknown("there is no run with this id; GET /api/sync/status lists the runs there are")
    return asked


def all_shown(session: Session, requests: Sequence[RequestedRun]) -> tuple[Run, ...]:
    """Give requests and their runs as everybody of the tenant may see them, with what helps where one failed."""
    guidance = guidance_on_runs(
        session,
        (
            Ending(each.id, each.used or each.request, ENDED_AS[each.progress], error_of(each) or "")
            for each in requests
            if each.progress in ENDED_AS
        ),
    )
    return tuple(shown(each, guidance.get(each.id)) for each in requests)


def error_of(asked: RequestedRun) -> str | None:
    """Say why a run did not go through, if it did not."""
    never_began = asked.progress is Progress.CRASHED and asked.run_state is None
    return asked.run_error or asked.error or (NEVER_BEGAN if never_began else None)


def shown(asked: RequestedRun, guidance: Guidance | None) -> Run:
    """Give a request and its run."""
    began, ended = asked.started_at, asked.finished_at
    used = asked.used.model_copy(update={"request_id": None}) if asked.used else None
    return Run(
        id=asked.id,
        state=asked.progress,
        request=asked.request,
        used=used if used != asked.request else None,
        actor=asked.actor,
        asked_at=asked.asked_at,
        started_at=began,
        finished_at=ended,
        seconds=(ended - began).total_seconds() if began and ended else None,
        tallies=asked.tallies or {},
        error=error_of(asked),
        plan_id=asked.id if asked.request.dry_run else asked.request.plan,
        flow_run_id=asked.flow_run_id,
        flow_run_page=flow_run_page(asked.flow_run_id) if asked.flow_run_id else None,
        confirm_until=asked.awaited_until if asked.progress is Progress.AWAITING_CONFIRMATION else None,
        guidance=guidance,
    )
