"""Housekeeping of connections: every hour each one is asked whether it works."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.wiring import open_ledger
from domain.errors import ConnectorError
from flows.logs import keep_tracebacks_out
from flows.origin import note_housekeeping
from operations import connection_checks
from operations.connection_checks import Checked


@flow(name="check-connections", persist_result=False)
def check_connections(tenant: str | None = None) -> list[Checked] | State[object]:
    """Ask every connection that is switched on with a real call; people are told of those that do not work.

    Args:
        tenant: Whose connections; everybody's when left out.
    """
    keep_tracebacks_out()
    try:
        with open_ledger() as engine:
            note_housekeeping(engine, tenant)
            found = connection_checks.check_connections(engine, tenant)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=error)
    for each in found:
        if each.amiss:
            get_run_logger().error("%s of %s: %s", each.connection, each.tenant, each.amiss)
    get_run_logger().info("%d connections checked", len(found))
    return found
