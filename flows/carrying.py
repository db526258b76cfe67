"""Carrying what arrived to one target: a flow run for each kind, as a schedule would start it, with just its ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import httpx
from prefect import Flow, tags
from prefect.client.schemas.objects import State
from prefect.context import SyncClientContext
from prefect.exceptions import PrefectException, PrefectHTTPStatusError
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from sqlalchemy.engine import Engine

from config.routes import WOOCOMMERCE_TO_QUICKBOOKS, WOOCOMMERCE_TO_SUPABASE
from domain.errors import Cancelled, ConnectorError, Unavailable
from domain.sync import SyncReport
from flows.conduct import WEBHOOK_TAG
from flows.memory import calm_collector
from flows.woocommerce_to_quickbooks import woocommerce_to_quickbooks
from flows.woocommerce_to_supabase import woocommerce_to_supabase
from operations.book_changes import look_into
from operations.lanes import Lane, Step, Work, delay, fail, finish

FLOWS: dict[str, Flow[Any, SyncReport | State[object]]] = {
    WOOCOMMERCE_TO_SUPABASE: woocommerce_to_supabase,
    WOOCOMMERCE_TO_QUICKBOOKS: woocommerce_to_quickbooks,
}
NO_SERVER = "the Prefect server does not answer; is it running, and is PREFECT_API_URL right?"
UNEXPECTED = "it failed unexpectedly; the listener's log tells more"


@contextmanager
def warmed() -> Iterator[None]:
    """Have ready, for all threads that take over this one's context, what every flow run would make for itself.

    Raises:
        Unavailable: the Prefect server does not answer.
    """
    with ExitStack() as stack:
        stack.enter_context(calm_collector())
        # Prefect's heartbeat makes every run end a second late. Nothing looks for it here: a run's own row tells
        # whether it lives, and one that died is repaired by the arrivals that it left waiting.
        stack.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
        try:
            stack.enter_context(SyncClientContext.get_or_create())
        except (RuntimeError, httpx.HTTPError, PrefectException) as error:
            raise Unavailable(f"{NO_SERVER} ({type(error).__name__})") from None
        yield


def carry(engine: Engine, lane: Lane, work: Work) -> None:
    """Bring all of the work to the target of the lane, and note how it went; other lanes are not concerned.

    Records that the target refuses are queued as problems and count as carried.

    Raises:
        ConnectorError: it could not be carried now; it waits on.
    """
    flow_run_id: str | None = None
    try:
        if lane.route is None:
            look_into(engine, lane.tenant, lane.target, work.changes)
        else:
            for step in work.steps:
                flow_run_id = run_step(lane, lane.route, step)
        finish(engine, lane, work, flow_run_id)
    except Cancelled as error:
        # A person ended the run: what it was to carry is not forced upon them.
        fail(engine, lane, work, str(error), most_attempts=1)
    except ConnectorError as error:
        delay(engine, lane, work, str(error))
        raise
    except Exception:
        fail(engine, lane, work, UNEXPECTED)
        raise


@contextmanager
def reaching_prefect() -> Iterator[None]:
    """Tell a Prefect server that is away from a run that failed.

    Raises:
        Unavailable: it is.
    """
    try:
        yield
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise Unavailable(f"{NO_SERVER} ({type(error).__name__})") from None


def run_step(lane: Lane, route: str, step: Step) -> str:
    """Run the flow of the route for the records of one step and give the id of its flow run.

    Raises:
        ConnectorError: the run failed as a whole.
    """
    with tags(WEBHOOK_TAG), reaching_prefect():
        ended = FLOWS[route](
            tenant=lane.tenant,
            source=lane.connection,
            target=lane.target,
            kinds=[step.kind],
            ids=list(step.ids),
            return_state=True,
        )
    state = cast(State[Any], ended)
    if state.is_cancelled():
        raise Cancelled(state.message or "it was cancelled")
    state.result()
    return str(state.state_details.flow_run_id)
