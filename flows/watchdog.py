"""The watchdog as a flow: what died or did not happen is found, and told to people."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.wiring import open_ledger
from domain.errors import ConnectorError
from flows.logs import keep_tracebacks_out
from flows.origin import note_housekeeping
from operations.watching import Watched
from operations.watchman import look


@flow(name="watchdog", persist_result=False)
def watchdog() -> Watched | State[object]:
    """Find runs that died without a word, schedules that did not fire and runs that take too long, of all tenants.

    A worker that is stopped runs no watchdog either; so `unisync serve` does the same every minute.
    """
    keep_tracebacks_out()
    try:
        with open_ledger() as engine:
            note_housekeeping(engine)
            found = look(engine)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=error)
    if found.amiss:
        get_run_logger().warning("%s", found.amiss)
    if found.died or found.missed or found.overdue:
        counts = (found.died, found.missed, found.overdue)
        get_run_logger().warning("%d runs died, %d schedules did not fire, %d runs take too long", *counts)
    return found
