"""Schedules and webhooks may carry what a complete run carried whose plan somebody had confirmed, and nothing else."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from config.coverage import cover, is_covered, would_cover
from config.requests import build_request
from db.ledger.plans import load_plan, use_plan
from domain.access import Role
from domain.keys import Kind
from operations.caller import Caller
from tests.operations.steering import ROUTE, SHOP, WAREHOUSE, plan, write

ANN = "user:ann@example.org"


@pytest.fixture
def caller(ledger_engine: Engine) -> Caller:
    return Caller(ledger_engine, "default", ANN, Role.ADMIN)


def carried_out(caller: Caller, confirmed_by: str | None, **parameters: Any) -> bool:
    """Have a run of a plan end well, and tell whether schedules may follow it."""
    plan_id, run_id = plan(caller, [write(1)], **parameters), uuid4()
    with caller.ledger() as session:
        use_plan(session, plan_id, run_id, confirmed_by)
        planned = load_plan(session, plan_id)
        assert planned is not None
        cover(session, planned.request.model_copy(update={"dry_run": False, "plan": plan_id}), run_id)
        return is_covered(session, ROUTE, SHOP, WAREHOUSE, [Kind.ORDER])


def test_a_complete_run_that_somebody_confirmed_covers_what_it_carried(caller: Caller) -> None:
    assert carried_out(caller, ANN)
    with caller.ledger() as session:
        assert not is_covered(session, ROUTE, SHOP, WAREHOUSE)


@pytest.mark.parametrize(
    ("confirmed_by", "parameters"),
    [
        pytest.param(None, {}, id="small enough for nobody to be asked"),
        pytest.param(ANN, {"ids": ["1"]}, id="a named record"),
        pytest.param(ANN, {"statuses": ["completed"]}, id="filtered"),
        pytest.param(ANN, {"mode": "incremental"}, id="what changed"),
    ],
)
def test_a_plan_that_nobody_confirmed_and_a_part_of_everything_cover_nothing(
    caller: Caller, confirmed_by: str | None, parameters: dict[str, Any]
) -> None:
    assert not carried_out(caller, confirmed_by, **parameters)


@pytest.mark.parametrize("origin", [{}, {"schedule": "nightly"}, {"dry_run": True}], ids=str)
def test_a_run_without_a_plan_covers_nothing_whoever_or_whatever_started_it(
    caller: Caller, origin: dict[str, Any]
) -> None:
    parameters = {"tenant": "default", "source": SHOP, "target": WAREHOUSE, "mode": "full", "kinds": ["order"]}
    request = build_request(ROUTE, parameters | origin)
    with caller.ledger() as session:
        assert would_cover(session, request)
        cover(session, request, uuid4())
        assert not is_covered(session, ROUTE, SHOP, WAREHOUSE, [Kind.ORDER])
