"""Which flow run this is and who started it, as far as Prefect knows."""

from __future__ import annotations

from prefect.context import FlowRunContext
from prefect.runtime import flow_run
from sqlalchemy.engine import Engine

from config.beginning import Origin
from domain.keys import TenantName
from operations.housekeeping import note_start


def origin() -> Origin:
    """Say which flow run this is and who started it; Prefect without accounts knows no person."""
    context = FlowRunContext.get()
    known = context.flow_run if context else None
    if known is None:
        return Origin(str(flow_run.id), f"prefect:{flow_run.name}")
    details: dict[str, object] = {
        "scheduled": known.auto_scheduled,
        "deployed": known.deployment_id is not None,
        "created_by": known.created_by.display_value if known.created_by else None,
    }
    return Origin(str(known.id), f"prefect:{known.name}", details)


def note_housekeeping(engine: Engine, tenant: TenantName | None = None, **details: object) -> None:
    """Note in the audit log who had this flow run do its work, unless its schedule did.

    Raises:
        ConnectorError: the ledger is away.
    """
    found = origin()
    if not found.details.get("scheduled"):
        known = {"flow_run_id": found.flow_run_id, **found.details, **details}
        note_start(engine, str(flow_run.flow_name), found.actor, tenant, known)
