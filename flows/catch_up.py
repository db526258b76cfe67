"""Housekeeping of webhooks: those of shops are looked after every hour, and books are asked for what was not told."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Failed

from config.wiring import open_ledger
from domain.errors import ConnectorError
from flows.logs import keep_tracebacks_out
from flows.origin import note_housekeeping
from flows.progress import not_fatal
from operations.upkeep import Upkept, catch_up_with_books, check_webhooks, hand_over_the_rest


@flow(name="check-webhooks", persist_result=False)
def look_after_webhooks(tenant: str | None = None) -> list[Upkept] | State[object]:
    """Look whether shops still have our webhooks, and mend what they disabled or lost.

    WooCommerce disables a webhook silently after a few failures in a row; until it is mended, only the schedules tell
    of changes. Runs and schedules that a crash kept from Prefect are handed over as well.

    Args:
        tenant: Whose shops; everybody's when left out.
    """
    keep_tracebacks_out()
    try:
        with open_ledger() as engine:
            note_housekeeping(engine, tenant)
            found = told(check_webhooks(engine, tenant))
            hand_over_the_rest(engine, tenant)
            return found
    except ConnectorError as error:
        return Failed(message=str(error), data=error)


@flow(name="catch-up-with-books", persist_result=False)
def ask_books(tenant: str | None = None) -> list[Upkept] | State[object]:
    """Ask sets of books for everything that changed since they were last asked, at most 29 days back.

    Documents of ours that somebody else changed, voided or deleted there are queued for the bookkeeper.

    Args:
        tenant: Whose books; everybody's when left out.
    """
    keep_tracebacks_out()
    try:
        with open_ledger() as engine:
            note_housekeeping(engine, tenant)
            return told(catch_up_with_books(engine, tenant))
    except ConnectorError as error:
        return Failed(message=str(error), data=error)


def told(found: Sequence[Upkept]) -> list[Upkept]:
    """Log what was found and put it into the Prefect UI."""
    for each in found:
        level = "error" if each.amiss else "info"
        getattr(get_run_logger(), level)("%s of %s: %s", each.connection, each.tenant, each.amiss or each.found)
    if found:
        with not_fatal():
            table = [each.model_dump() for each in found]
            create_table_artifact(key="webhook-upkeep", table=table, description="What was found at each connection")
    return list(found)
