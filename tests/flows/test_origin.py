"""Who started a flow run, as the audit log is told."""

from __future__ import annotations

import pytest
from prefect import flow
from prefect.context import FlowRunContext
from sqlalchemy import Engine

from flows.origin import note_housekeeping
from tests.operations.people import audited, make_tenants

pytestmark = pytest.mark.prefect


@flow(name="keep-house", persist_result=False)
def keep_house(engine: Engine, tenant: str | None = None, scheduled: bool = False) -> None:
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    # As it is of a run that a deployment's schedule began.
    context.flow_run.auto_scheduled = scheduled
    note_housekeeping(engine, tenant)


def test_housekeeping_that_somebody_started_is_noted_for_whom_it_is_and_the_scheduled_is_not(
    installation: None, ledger_engine: Engine
) -> None:
    make_tenants(ledger_engine, "berlin")

    keep_house(ledger_engine, scheduled=True)
    assert [audited(ledger_engine, tenant) for tenant in ("default", "berlin")] == [[], []]

    keep_house(ledger_engine)
    keep_house(ledger_engine, "berlin")
    noted = [[each[1:] for each in audited(ledger_engine, tenant)] for tenant in ("default", "berlin")]
    row = ("housekeeping.run", "keep-house", "done")
    assert noted == [[row], [row, row]]
