"""What Prefect calls when a run ended: the run's row is closed and one clear line is logged.

Hooks are the fast path, not a promise: a killed process runs none. After a crash or a cancellation they run in another
process, so they know nothing but the flow run they are handed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow
from prefect.logging.loggers import flow_run_logger
from pydantic import ValidationError
from sqlalchemy.engine import Engine

from config.wiring import open_ledger
from domain.errors import ConnectorError
from domain.sync import RunState
from operations.closing import close_flow_run_and_tell
from operations.unopened import UnopenedRun, tell_unopened_run

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
    # In the process of the run the state still holds the failure itself, whose type tells more.
    error = state.data if isinstance(state.data, ConnectorError) else message
    try:
        with open_ledger() as engine:
            close_and_tell(engine, flow, flow_run, as_state, error)
    except ConnectorError as failure:
        logger.error("%s %s, but its row could not be closed: %s", flow_run.name, as_state, failure)
        return
    level = "info" if as_state is RunState.COMPLETED else "error"
    getattr(logger, level)("%s %s%s", flow_run.name, as_state, f": {message}" if message else "")


def close_and_tell(
    engine: Engine, flow: AnyFlow, flow_run: FlowRun, state: RunState, error: ConnectorError | str
) -> None:
    """Close the row of this flow run if it is open; one that has no row, because it could not begin, is told alone."""
    at, flow_run_id = datetime.now(UTC), str(flow_run.id)
    if close_flow_run_and_tell(engine, flow_run_id, state, error, at=at):
        return
    wanted = wanted_run(flow, flow_run)
    if wanted and state in (RunState.FAILED, RunState.CRASHED):
        tell_unopened_run(engine, wanted, state, error, at=at)


def wanted_run(flow: AnyFlow, flow_run: FlowRun) -> UnopenedRun | None:
    """Read from the parameters whose run it was to be; None where they name nobody's."""
    defaults = {name: known.get("default") for name, known in flow.parameters.properties.items()}
    given = {"flow_run_id": str(flow_run.id), "route": flow.name, **defaults, **flow_run.parameters}
    try:
        return UnopenedRun.model_validate(given)
    except ValidationError:
        # Parameters are what the run may have failed for; then its log in Prefect is all there is.
        return None


HOOKS: dict[str, Any] = {
    "on_failure": [close_failed],
    "on_crashed": [close_crashed],
    "on_cancellation": [close_cancelled],
    "on_completion": [close_completed],
}
