"""How every route's flow runs: a request out of its parameters, the walk, the report; failures as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed
from pydantic import ValidationError

from config.open_run import OpenRun
from config.routes import ROUTES
from config.wiring import open_run
from db.ledger import close_run
from domain.errors import ConnectorError, Misconfigured, first_fault
from domain.sync import Mode, RunState, SyncReport, SyncRequest, Tally
from flows.logs import keep_tracebacks_out
from flows.memory import calm_collector
from flows.progress import finish_bar, not_fatal
from flows.route import Route
from flows.summary import publish
from flows.walk import walk


def conduct(route: Route, parameters: Mapping[str, object]) -> SyncReport | State[object]:
    """Run a route over the kinds asked for, or over every kind it carries.

    Gives the report, or a failed state whose message is one sentence; a failure that we understand leaves no traceback.
    """
    keep_tracebacks_out()
    try:
        request = build_request(route.name, parameters)
        with open_run(request, str(flow_run.id)) as run, calm_collector():
            return carry_out(run, route)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=error)


def carry_out(run: OpenRun, route: Route) -> SyncReport:
    """Walk, close the run's row and publish what was done."""
    started_at = datetime.now(UTC)
    walk(run, route)
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
        close_run(session, run.id, RunState.COMPLETED, None)
    with not_fatal():
        publish(run, report)
    return report


def build_request(route: str, parameters: Mapping[str, object]) -> SyncRequest:
    """Make a request of flow parameters.

    Raises:
        Misconfigured: one sentence naming the parameter that cannot be used, and why.
    """
    every = ROUTES[route].kinds
    # A form that was cleared hands on an empty list, and means the same as one that was never filled in.
    given = {name: value for name, value in parameters.items() if value not in (None, [])}
    try:
        request = SyncRequest.model_validate({"route": route, "kinds": every, **given})
    except ValidationError as error:
        where, why = first_fault(error)
        raise Misconfigured(f"the parameter {where} cannot be used: {why}") from None
    if request.ids and len(request.kinds) != 1:
        raise Misconfigured("the parameter ids needs exactly one kind, because ids of different kinds overlap")
    if request.since and (request.ids or request.mode is Mode.FULL):
        raise Misconfigured("the parameter since needs mode incremental and no ids")
    unknown = [kind for kind in request.kinds if kind not in every]
    if unknown:
        raise Misconfigured(f"the route {route} does not carry {unknown[0]}; it carries {', '.join(every)}")
    # In the order of the route, because later kinds lean on earlier ones.
    return request.model_copy(update={"kinds": tuple(kind for kind in every if kind in request.kinds)})
