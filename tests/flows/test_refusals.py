"""Requests that cannot be carried out: one sentence, nothing written."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db import ledger
from db.session import tenant_session
from domain.errors import AccessDenied, Misconfigured
from domain.sync import RunState
from simulators.woocommerce.server import Twin
from tests.flows.conftest import TENANT, Warehouse, connect, run

pytestmark = pytest.mark.prefect


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"mode": "incremental"}, "no complete run of product from shop to warehouse is known.*mode full"),
        ({"mode": "full", "tenant": "nobody"}, "there is no tenant nobody; create it with: unisync tenant add nobody"),
        ({"mode": "full", "source": "other"}, "tenant default has no connection other"),
        ({"mode": "full", "source": "warehouse"}, "needs a woocommerce connection where warehouse leads to supabase"),
        ({"mode": "full", "target": "shop"}, "needs a supabase connection where shop leads to woocommerce"),
        ({"mode": "full", "ids": ["1"]}, "ids needs exactly one kind"),
        ({"mode": "full", "since": "2026-01-01T00:00:00Z"}, "since needs mode incremental"),
        ({"mode": "incremental", "since": "2026-01-01T00:00:00"}, "since cannot be used: .*timezone"),
        ({"mode": "full", "source": "No Name"}, "source cannot be used"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused_in_one_sentence(
    shop: Twin, warehouse: Warehouse, parameters: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Misconfigured, match=sentence) as refused:
        run(**parameters)
    assert "\n" not in str(refused.value)
    assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]


def test_refused_credentials_end_the_run_before_anything_is_written_and_close_its_row(
    shop: Twin, warehouse: Warehouse, ledger_engine: Engine
) -> None:
    connect(ledger_engine, shop, consumer_secret="cs_" + "0" * 40)
    with pytest.raises(AccessDenied):
        run(mode="full")

    assert warehouse.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'commerce'") == [(0,)]
    with tenant_session(ledger_engine, TENANT) as session:
        (closed,) = ledger.list_runs(session, 9)
    assert closed.state is RunState.FAILED
    assert closed.error is not None
    assert "shop" in closed.error
