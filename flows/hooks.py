"""What Prefect calls when a run ended: the run's row is closed and one clear line is logged.

Hooks are the fast path, not a promise: a killed process runs none. After a crash or a cancellation they run in another
process, so they know nothing but the flow run they are handed.
"""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow
from prefect.logging.loggers import flow_run_logger

from config.wiring import open_ledger
from db.ledger import close_run_of_flow
from db.session import watch_session
from domain.errors import ConnectorError
from domain.sync import RunState

AnyFlow = Flow[Any, Any]
AnyState = State[Any]


def close_failed(flow: AnyFlow, flow_run: FlowRun, state: AnyState) -> None:
    """Close the run as failed."""
    close(flow, flow_run, state, RunState.FAILED)


def close_crashed(flow: AnyFlow, flow_run: FlowRun, state: AnyState) -> None:
    """Close the run as crashed: its process ended without a word."""
    close(flow, flow_run, state, RunState.CRASHED)


def close_cancelled(flow: AnyFlow, flow_run: FlowRun, state: AnyState) -> None:
    """Close the run as cancelled."""
    close(flow, flow_run, state, RunState.CANCELLED)


def close_completed(flow: AnyFlow, flow_run: FlowRun, state: AnyState) -> None:
    """Close the run as completed, if the flow has not done so itself."""
    close(flow, flow_run, state, RunState.COMPLETED)


def close(flow: AnyFlow, flow_run: FlowRun, state: AnyState, as_state: RunState) -> None:
    """Close the row of this flow run once and log how it ended; a ledger out of reach is logged, never raised."""
    logger = flow_run_logger(flow_run, flow)
    message = (state.message or "").partition("\n")[0]
    try:
        with open_ledger() as engine, watch_session(engine) as session:
            close_run_of_flow(session, str(flow_run.id), as_state, message)
    except ConnectorError as error:
        logger.error("%s %s, but its row could not be closed: %s", flow_run.name, as_state, error)
        return
    level = "info" if as_state is RunState.COMPLETED else "error"
    getattr(logger, level)("%s %s%s", flow_run.name, as_state, f": {message}" if message else "")


HOOKS: dict[str, Any] = {
    "on_failure": [close_failed],
    "on_crashed": [close_crashed],
    "on_cancellation": [close_cancelled],
    "on_completion": [close_completed],
}
