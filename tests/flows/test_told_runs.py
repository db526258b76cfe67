"""What people hear of runs, from the flow to the receiver: the flow closes and tells, another one delivers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from prefect.exceptions import ParameterTypeError

from config.settings import settings
from db.models.notifications import IncidentState
from domain.errors import AccessDenied, ConnectorError, Misconfigured
from domain.keys import System
from flows.connection_checks import check_connections
from flows.notices import deliver_notifications
from operations.connecting import Candidate, connect
from operations.incidents import IncidentFilter, search_incidents
from operations.outbox import Flushed, flush_outbox
from simulators.woocommerce.server import Twin
from tests.flows.conftest import SHOP, Warehouse, run
from tests.notifications.channels.receivers import HttpReceiver
from tests.operations.people import make_tenants
from tests.operations.telling import Story, posted, told

pytestmark = pytest.mark.prefect

OPENED, RESOLVED = ("connection_failed", "opened"), ("recovered", "resolved")
TAX_RATES: dict[str, Any] = {"mode": "full", "kinds": ["tax_rate"]}
NO_KEY = b'{"code": "woocommerce_rest_authentication_error"}'


def test_an_outage_that_ends_and_comes_back_at_once_is_told_once_and_so_is_its_end(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    for _ in range(2):
        shop.faults.add(status=404, count=0)
        with pytest.raises(Misconfigured):
            run(**TAX_RATES)
        flush_outbox(story.engine)
        shop.faults.clear()
        run(**TAX_RATES)
        flush_outbox(story.engine)

    assert told(receiver) == [OPENED, RESOLVED]
    (incident,) = search_incidents(story.caller, IncidentFilter()).items
    assert (incident.state, incident.count) == (IncidentState.RESOLVED, 2)
    assert "it failed again soon after it was resolved; it is told if it lasts" in {
        entry.why for entry in story.history()
    }


def test_two_causes_at_once_are_two_alerts_and_a_run_names_what_it_met(
    story: Story, shop: Twin, warehouse: Warehouse, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    run(**TAX_RATES)
    shop.faults.add(status=401, body=NO_KEY, count=0)
    with pytest.raises(AccessDenied):
        run(**TAX_RATES)
    shop.faults.clear()
    warehouse.forbid_writes()
    with pytest.raises(ConnectorError):
        run(mode="full", kinds=["product"])
    flush_outbox(story.engine)

    found = [(notice["event"], dict(notice["fields"])["Connection"]) for notice in posted(receiver)]
    assert found == [("reconnect_needed", SHOP), ("connection_failed", "warehouse")]


def test_every_tenant_hears_of_its_own_runs(story: Story, shop: Twin, receiver: HttpReceiver) -> None:
    make_tenants(story.engine, "berlin")
    berlin = Story(story.engine, "berlin")
    secrets = {"consumer_key": shop.key, "consumer_secret": shop.secret}
    connect(berlin.caller, Candidate(SHOP, System.WOOCOMMERCE, {"url": shop.url}, secrets))
    shop.faults.add(status=404, count=0)
    for each in (story, berlin):
        each.subscribe(receiver)
        with pytest.raises(Misconfigured):
            run(tenant=each.tenant, **TAX_RATES)
    flush_outbox(story.engine)

    assert sorted(notice["tenant"] for notice in posted(receiver)) == ["berlin", "default"]
    assert set(told(receiver)) == {OPENED}


def test_records_that_the_warehouse_refuses_are_one_alert_and_one_end_for_each_that_wants_to_know(
    story: Story, warehouse_url: str, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver, "one")
    story.subscribe(receiver, "two", kinds=["customer"])
    story.subscribe(receiver, "books only", systems=["quickbooks"])
    run(**TAX_RATES)
    with psycopg.connect(warehouse_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE commerce.customers ADD CONSTRAINT none_today CHECK (false)")
        for _ in range(2):
            run(mode="full", kinds=["customer"])
            flush_outbox(story.engine)
        connection.execute("ALTER TABLE commerce.customers DROP CONSTRAINT none_today")
    run(mode="full", kinds=["customer"])
    flush_outbox(story.engine)

    assert told(receiver) == [("records_rejected", "opened")] * 2 + [RESOLVED] * 2
    alert = posted(receiver)[0]
    assert alert["title"] == "42 customer records could not be written to warehouse"
    assert len(alert["records"]) == 10


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"ids": ["1"], "kinds": None}, Misconfigured), ({"mode": "sideways"}, ParameterTypeError)],
    ids=["by us", "by Prefect"],
)
def test_a_run_whose_parameters_are_refused_before_it_begins_is_told_until_one_goes_through(
    story: Story, receiver: HttpReceiver, wrong: dict[str, object], error: type[Exception]
) -> None:
    story.subscribe(receiver)
    with pytest.raises(error):
        run(**{**TAX_RATES, **wrong})
    flush_outbox(story.engine)
    assert told(receiver) == [("sync_failed", "opened")]
    assert posted(receiver)[0]["title"] == "The sync from shop to warehouse failed before it began"

    run(**TAX_RATES)
    flush_outbox(story.engine)
    assert told(receiver)[1:] == [RESOLVED]


@pytest.mark.parametrize("nobody", [{"tenant": "nobody"}, {"source": "No Name"}])
def test_a_run_of_nobody_is_told_to_nobody(story: Story, nobody: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        run(**TAX_RATES, **nobody)

    assert deliver_notifications() == Flushed(judged=0, delivered=0)


def test_a_ledger_that_is_away_fails_the_delivery_in_one_sentence(
    installation: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/ledger")
    settings.cache_clear()
    for flow in (deliver_notifications, check_connections):
        state = flow(return_state=True)
        assert state.is_failed()
        assert "cannot be reached: is it running, and is the address right?" in (state.message or "")


def test_a_check_of_connections_finds_what_a_delivery_then_tells(
    story: Story, shop: Twin, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    shop.faults.add(status=404)
    (found,) = check_connections()  # type: ignore[misc]

    assert deliver_notifications() == Flushed(judged=1, delivered=1)
    assert "no WooCommerce REST API" in found.amiss
    assert told(receiver) == [OPENED]
