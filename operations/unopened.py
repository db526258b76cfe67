"""Runs that failed or died before they had a row: their parameters could not be meant, or their process ended early."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from db.ledger import tenant_exists
from db.ledger.open_runs import has_row
from db.session import tenant_session, watch_session
from domain.errors import ConnectorError
from domain.keys import ConnectionName, TenantName
from domain.sync import RunState
from notifications.advice import Cause, cause_of_error
from operations.notifier import notify_unopened_run
from operations.recoveries import Track


class UnopenedRun(BaseModel):
    """A flow run as Prefect knows it, and what it was to carry where."""

    model_config = ConfigDict(frozen=True)

    flow_run_id: str
    tenant: TenantName
    route: str
    source: ConnectionName
    target: ConnectionName


def tell_unopened_run(
    engine: Engine, run: UnopenedRun, state: RunState, error: ConnectorError | str, *, at: datetime
) -> bool:
    """Tell once that a run could not begin; false when it has a row, which tells better, or its tenant is nobody.

    Raises:
        ConnectorError: the ledger is away.
    """
    with watch_session(engine) as session:
        if has_row(session, run.flow_run_id):
            return False
    # Nothing is known of its kinds and filters, so whatever goes through there puts it right.
    track = Track(route=run.route, source=run.source, target=run.target, kinds=(), whole=False)
    if isinstance(error, ConnectorError):
        cause = cause_of_error(error)
    else:
        cause = Cause(event="run-crashed" if state is RunState.CRASHED else "", message=error)
    once = UUID(run.flow_run_id)
    with tenant_session(engine, run.tenant) as session:
        return tenant_exists(session, run.tenant) and notify_unopened_run(
            session, track, state, cause, at=at, once=once
        )
