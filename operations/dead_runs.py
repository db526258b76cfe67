"""Runs that died without a word: closed and told from outside, once, whoever else closes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.sandbox import pair_in_use
from db.ledger import close_run, load_run, open_run
from db.ledger.events import is_end_told
from db.ledger.lasting_runs import is_silent
from db.ledger.sync_requests import RequestedRun, load_request, lock_request
from db.ledger.watching import Whose
from db.session import tenant_session
from domain.errors import ConnectorError, Misconfigured
from domain.requests import RequestState
from domain.sync import RunState
from operations.closing import close_run_and_tell
from operations.notifier import notify_waiting_run
from operations.orchestrator import FlowRunState
from operations.recoveries import Track, track_of

AskPrefect = Callable[[str], FlowRunState | None]

_ENDS = {"FAILED": RunState.FAILED, "CANCELLED": RunState.CANCELLED}
"""How a run is closed that ended at Prefect before it began here; in every other way it died."""


Dead = dict[Whose, str | None]
"""Runs that were found dead, each with the flow run that carried it out."""


class Fate(NamedTuple):
    """What became of a run that did not begin: how it ended, or that it ``waits``; neither where it is paused."""

    waits: str = ""
    ended: RunState | None = None
    message: str = ""


def close_silent_run(engine: Engine, whose: Whose, since: datetime, now: datetime) -> Dead:
    """Close and tell a run that gave no sign of life since, unless it lives or somebody else closed it."""
    with tenant_session(engine, whose.tenant) as session:
        run = load_run(session, whose.id) if is_silent(session, whose.id, since) else None
        if run is None or not close_run_and_tell(session, run.id, RunState.CRASHED, None, at=now):
            return {}
        return {whose: run.flow_run_id}


def settle_unstarted_request(engine: Engine, whose: Whose, ask: AskPrefect, now: datetime) -> Dead:
    """Close and tell a request whose run died before it had a row; where it only waits for a worker, tell that once."""
    with tenant_session(engine, whose.tenant) as session:
        asked = load_request(session, whose.id)
    if asked is None:
        return {}
    fate = fate_of(asked, ask)
    with tenant_session(engine, whose.tenant) as session:
        # Whoever begins the run takes the same lock.
        asked = lock_request(session, whose.id)
        if asked is None or not still_to_begin(asked):
            return {}
        if fate.waits:
            sentence = f"The run that was asked for at {asked.asked_at:%Y-%m-%d %H:%M} UTC has not begun; {fate.waits}."
            track = track_in_use(session, track_of(asked.request))
            notify_waiting_run(session, asked.id, track, sentence, at=now, due_at=asked.asked_at)
        if fate.ended is None:
            return {}
        close_unstarted(session, asked, fate.ended, fate.message or None, now)
        return {whose: asked.flow_run_id}


def close_unstarted(session: Session, asked: RequestedRun, ended: RunState, message: str | None, now: datetime) -> None:
    """Give a request that never began a run that is closed, and tell of it unless its own hook did."""
    open_run(session, asked.id, asked.request.model_copy(update={"request_id": asked.id}), asked.flow_run_id)
    if asked.flow_run_id and is_end_told(session, UUID(asked.flow_run_id)):
        close_run(session, asked.id, ended, message)
    else:
        close_run_and_tell(session, asked.id, ended, message, at=now)


def fate_of(asked: RequestedRun, ask: AskPrefect) -> Fate:
    """Find out what became of a run that was asked for long ago and never began."""
    if asked.state is RequestState.ASKED:
        return Fate(waits="Prefect does not know of it yet")
    if asked.flow_run_id is None:
        # It was to run in the process that asked for it.
        return Fate(ended=RunState.CRASHED)
    try:
        state = ask(asked.flow_run_id)
    except ConnectorError:
        return Fate(waits="the Prefect server does not answer")
    if state is None:
        return Fate(ended=RunState.CRASHED)
    if state.type == "SCHEDULED":
        return Fate(waits="no worker took it up")
    if state.type == "PAUSED":
        return Fate()
    return Fate(ended=_ENDS.get(state.type, RunState.CRASHED), message=state.message.partition("\n")[0])


def still_to_begin(asked: RequestedRun) -> bool:
    """Whether nothing became of a request so far."""
    return asked.run_state is None and asked.state in (RequestState.ASKED, RequestState.STARTED)


def track_in_use(session: Session, track: Track) -> Track:
    """Give the track with the connections that runs of it really use; in sandbox mode they are others."""
    try:
        used = pair_in_use(session, track.source, track.target)
    except Misconfigured:
        return track
    return track.model_copy(update={"source": used.source, "target": used.target})
