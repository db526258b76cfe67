"""How every route's flow runs: a request out of its parameters, the walk, the report; failures as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled as PrefectCancelled
from prefect.states import Failed

from config.beginning import Origin
from config.coverage import cover
from config.open_run import OpenRun
from config.requests import build_request
from config.running import open_run
from config.wiring import open_ledger
from domain.errors import Cancelled, ConnectorError
from domain.sync import RunState, SyncReport, SyncRequest, Tally
from flows.logs import keep_tracebacks_out
from flows.memory import calm_collector
from flows.origin import origin
from flows.planning import plan_all, plan_within_limits
from flows.progress import finish_bar, not_fatal
from flows.route import Route
from flows.summary import publish
from flows.walk import walk
from operations.closing import close_flow_run_and_tell, close_run_and_tell

WEBHOOK_TAG = "webhook"
"""The tag of flow runs that the listener starts for what shops and books told."""


def conduct(route: Route, parameters: Mapping[str, object]) -> SyncReport | State[object]:
    """Run a route over the kinds asked for, or over every kind it carries.

    Gives the report, or a failed state whose message is one sentence; a failure that we understand leaves no traceback.
    """
    keep_tracebacks_out()
    try:
        request = build_request(route.name, parameters)
        with open_run(request, origin_of(request)) as run, calm_collector():
            return carry_out(run, route)
    except Cancelled as error:
        close(RunState.CANCELLED, str(error))
        return PrefectCancelled(message=str(error), data=error)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        close(RunState.FAILED, error)
        return Failed(message=str(error), data=error)


def close(state: RunState, error: ConnectorError | str) -> None:
    """Close the row of this run, if it has one, and put into the outbox how it ended.

    A ledger out of reach is left to the hooks, and after them to the watchdog.
    """
    with suppress(ConnectorError), open_ledger() as engine:
        close_flow_run_and_tell(engine, str(flow_run.id), state, error, at=datetime.now(UTC))


def carry_out(run: OpenRun, route: Route) -> SyncReport:
    """Walk, close the run's row and publish what was done."""
    started_at = datetime.now(UTC)
    walk_as_asked(run, route)
    finish_bar(run)
    tallies = {kind: run.tallies.get(kind, Tally()) for kind in run.request.kinds}
    report = SyncReport(
        request=run.request,
        tallies=tallies,
        durations=run.durations,
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )
    with run.ledger() as session:
        close_run_and_tell(session, run.id, RunState.COMPLETED, at=report.finished_at)
        cover(session, run.request, run.id)
    with not_fatal():
        publish(run, report)
    return report


def walk_as_asked(run: OpenRun, route: Route) -> None:
    """Plan or write, whatever the request says."""
    if run.request.dry_run:
        plan_all(run, route)
        return
    if run.request.most_records is not None:
        plan_within_limits(run, route)
    walk(run, route)


def origin_of(request: SyncRequest) -> Origin:
    """Say which flow run this is and who or what started it."""
    found = origin()
    if request.schedule:
        return found._replace(actor=f"schedule:{request.schedule}")
    if WEBHOOK_TAG in flow_run.tags:
        return found._replace(actor=f"webhook:{request.source}")
    return found
