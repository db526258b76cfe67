"""Open runs of all tenants, for those who close them from outside."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.runs import runs
from domain.keys import TenantName
from domain.sync import RunState


class OpenRow(NamedTuple):
    """A run whose row is open, and whose it is."""

    tenant: TenantName
    run_id: UUID


def open_run_of_flow(session: Session, flow_run_id: str) -> OpenRow | None:
    """Tell which open run a Prefect flow run carries out; needs a ``watch_session``. None when there is none (left)."""
    wanted = select(runs.c.tenant, runs.c.id).where(runs.c.flow_run_id == flow_run_id, runs.c.state == RunState.RUNNING)
    row = session.execute(wanted).first()
    return OpenRow(*row) if row else None


def has_row(session: Session, flow_run_id: str) -> bool:
    """Whether a Prefect flow run ever opened a row, of whichever tenant; needs a ``watch_session``."""
    return session.execute(select(runs.c.id).where(runs.c.flow_run_id == flow_run_id)).first() is not None
