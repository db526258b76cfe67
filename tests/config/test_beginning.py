"""What a run that carries a plan out must find when it begins."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from config.beginning import require_start
from db.ledger.plans import load_plan, use_plan
from domain.access import Role
from domain.errors import Misconfigured
from operations.caller import Caller
from tests.operations.steering import let_time_pass, plan, write

RUN = uuid4()


@pytest.fixture
def caller(ledger_engine: Engine) -> Caller:
    return Caller(ledger_engine, "default", "user:ann@example.org", Role.ADMIN)


@pytest.fixture
def plan_id(caller: Caller) -> UUID:
    return plan(caller, [write(1)])


def begin(caller: Caller, plan_id: UUID, **changes: Any) -> None:
    """Begin the run that carries the plan out."""
    with caller.ledger() as session:
        planned = load_plan(session, plan_id)
        assert planned is not None
        about = {"dry_run": False, "plan": plan_id, "request_id": RUN}
        require_start(session, planned.request.model_copy(update=about | changes))


def claim(caller: Caller, plan_id: UUID) -> None:
    with caller.ledger() as session:
        assert use_plan(session, plan_id, RUN, None)


def test_a_plan_is_carried_out_by_the_run_that_has_it_to_itself(caller: Caller, plan_id: UUID) -> None:
    # Without a request is how somebody would start it in the Prefect UI.
    for request_id in (RUN, None):
        with pytest.raises(Misconfigured, match="was never confirmed"):
            begin(caller, plan_id, request_id=request_id)
    claim(caller, plan_id)
    begin(caller, plan_id)
    for request_id in (uuid4(), None):
        with pytest.raises(Misconfigured, match=f"carried out already, by the run {RUN}"):
            begin(caller, plan_id, request_id=request_id)


def test_a_plan_that_waited_for_more_than_a_day_is_not_carried_out(
    caller: Caller, plan_id: UUID, ledger_url: str
) -> None:
    claim(caller, plan_id)
    let_time_pass(ledger_url, "plans", "expires_at", "1 day")
    with pytest.raises(Misconfigured, match="is older than a day; make a new dry run"):
        begin(caller, plan_id)


def test_a_plan_is_of_no_use_to_a_run_of_something_else(caller: Caller, plan_id: UUID) -> None:
    claim(caller, plan_id)
    with pytest.raises(Misconfigured, match="made for another request, or before sandbox mode was switched"):
        begin(caller, plan_id, sandbox=True)


def test_a_plan_that_is_not_there_is_named(caller: Caller, plan_id: UUID) -> None:
    missing = uuid4()
    with pytest.raises(Misconfigured, match=f"there is no finished plan {missing}; make a dry run"):
        begin(caller, plan_id, plan=missing)
