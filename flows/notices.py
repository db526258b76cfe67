"""Telling people: what happened is judged, and notices that are due are sent."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.wiring import open_ledger
from domain.errors import ConnectorError
from flows.logs import keep_tracebacks_out
from flows.origin import note_housekeeping
from operations.outbox import Flushed, flush_outbox


@flow(name="deliver-notifications", persist_result=False)
def deliver_notifications() -> Flushed | State[object]:
    """Send all tenants' notices that are due: by e-mail, Slack, webhook or whatever was configured.

    What cannot be delivered is tried again by later runs; the notification history tells about it.
    """
    keep_tracebacks_out()
    try:
        with open_ledger() as engine:
            note_housekeeping(engine)
            return flush_outbox(engine)
    except ConnectorError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error), data=error)
