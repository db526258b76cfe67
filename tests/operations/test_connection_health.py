"""How connections are: asked right now, told by runs, and known without a call to anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from config.checkups import noting
from config.wiring import load_endpoint
from db.connection_memory import RECONNECT
from db.ledger import save_problems
from domain.access import Role
from domain.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from domain.keys import Kind, RecordKey
from domain.listing import PageRequest
from domain.problems import Fate, Problem
from domain.refusals import Forbidden, Unknown
from operations.caller import Caller
from operations.health import health, list_health, list_statuses, status, try_connection
from operations.health_views import Authentication, Condition
from operations.integrations import disable
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.operations.places import BOOKS, SHOP, WAREHOUSE, connect_books, connect_shop, connect_warehouse


def test_a_working_connection_is_well_and_says_what_it_leads_to(
    boss: Caller, shop: Twin, company: QuickBooksTwin, warehouse_url: str
) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    connect_warehouse(boss, warehouse_url)

    found = {each.name: each for each in list_health(boss, PageRequest()).items}

    assert {each.condition for each in found.values()} == {Condition.WELL}
    assert {each.authentication for each in found.values()} == {Authentication.ACCEPTED}
    assert {name: each.api_version.split()[0] for name, each in found.items()} == {
        SHOP: "WooCommerce",
        BOOKS: "v3,",
        WAREHOUSE: "Postgres",
    }
    assert (found[SHOP].place, found[BOOKS].place) == (shop.url, "Twin eu")
    for each in found.values():
        assert each.latency is not None
        assert 0 < each.latency < 10
        assert each.clock_ahead is not None
        assert abs(each.clock_ahead) < 3
        assert each.warnings == ()
    assert found[WAREHOUSE].expiry is None


def test_a_key_that_may_not_see_the_version_is_none_the_worse_for_it(boss: Caller, shop: Twin) -> None:
    for code, body in ((403, "{}"), (200, "<html>")):
        shop.faults.add(path="/system_status", count=1, status=code, body=body)
        assert connect_shop(boss, shop).enabled
        assert health(boss, SHOP).api_version == "REST API v3"


def test_looking_at_the_health_calls_nobody(boss: Caller, shop: Twin, company: QuickBooksTwin) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    shop.log.reset()
    company.log.reset()

    list_health(boss, PageRequest())
    list_statuses(boss, PageRequest())
    health(boss, BOOKS)
    status(boss, SHOP)

    assert (shop.log.lines(), company.log.lines()) == ([], [])


def test_a_test_says_in_one_sentence_what_is_wrong_and_the_next_one_that_it_is_well_again(
    boss: Caller, shop: Twin
) -> None:
    connect_shop(boss, shop)
    shop.site.keys.revoke(shop.key)
    refused = try_connection(boss, SHOP)
    again = status(boss, SHOP)

    assert (refused.works, refused.condition, refused.authentication) == (False, "failing", "refused")
    assert refused.sentence.startswith("the shop takes us for a stranger: either it does not know the consumer key")
    assert (again.condition, again.sentence) == (Condition.FAILING, refused.sentence)
    assert refused.last_success_at is not None
    assert refused.last_failure_at is not None
    assert refused.last_failure_at > refused.last_success_at


def test_a_shop_that_is_away_fails_without_counting_as_refused(boss: Caller) -> None:
    with Twin.start(shop=recorded_shop()) as twin:
        connect_shop(boss, twin)
    found = try_connection(boss, SHOP)

    assert (found.condition, found.authentication) == (Condition.FAILING, Authentication.UNKNOWN)
    assert found.sentence.startswith("cannot reach 127.0.0.1")


def test_a_clock_that_is_off_is_told(boss: Caller, company: QuickBooksTwin) -> None:
    connect_books(boss, company)
    company.clock.advance(seconds=600)

    (warning,) = try_connection(boss, BOOKS).warnings
    assert warning.startswith("its clock is ")
    assert warning.endswith(" seconds ahead of ours; have both set by the network")


def test_a_withdrawn_access_is_told_until_it_is_connected_anew_and_keeps_runs_out(
    boss: Caller, company: QuickBooksTwin
) -> None:
    connect_books(boss, company)
    company.world.disconnect()
    found = try_connection(boss, BOOKS)
    calls = len(company.log.lines())

    assert (found.condition, found.authentication, found.sentence) == ("reconnect", "lost", RECONNECT)
    with pytest.raises(AccessDenied, match="connect it anew"):
        load_endpoint(boss.engine, boss.tenant, BOOKS)
    assert len(company.log.lines()) == calls, "nothing was asked"

    connect_books(boss, company)
    assert health(boss, BOOKS).condition is Condition.WELL
    load_endpoint(boss.engine, boss.tenant, BOOKS)


def test_what_is_switched_off_keeps_runs_out_and_can_be_tested(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    disable(boss, SHOP)
    found = try_connection(boss, SHOP)

    assert (found.condition, found.works) == (Condition.OFF, True)
    assert found.sentence == "it is switched off; enable it to go on"
    with pytest.raises(Misconfigured, match="switched off; switch it on with: unisync connections enable shop"):
        load_endpoint(boss.engine, boss.tenant, SHOP)


def test_runs_keep_how_each_side_served_them(boss: Caller, shop: Twin, company: QuickBooksTwin) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    before = health(boss, SHOP)

    with pytest.raises(Unavailable), noting(boss.engine, boss.tenant, {SHOP, BOOKS}):
        raise Unavailable("took longer than 60 seconds", connection=SHOP, operation="listing orders")
    failed = health(boss, SHOP)
    with noting(boss.engine, boss.tenant, {SHOP, BOOKS}):
        pass

    assert before.last_failure_at is None
    assert (failed.condition, failed.sentence) == (Condition.FAILING, "took longer than 60 seconds")
    assert health(boss, BOOKS).last_failure_at is None
    assert health(boss, SHOP).condition is Condition.WELL
    assert health(boss, SHOP).checked_at == before.checked_at, "a run is no check"


def test_a_failure_of_neither_side_is_nobodys(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    with pytest.raises(ConnectorError), noting(boss.engine, boss.tenant, {SHOP}):
        raise Misconfigured("the mapping cannot work")

    assert health(boss, SHOP).condition is Condition.WELL


def test_what_waits_is_counted_on_both_sides_with_its_age(boss: Caller, shop: Twin, company: QuickBooksTwin) -> None:
    connect_shop(boss, shop)
    connect_books(boss, company)
    with boss.ledger() as session:
        problems = [
            Problem(
                code="x", message="refused", fate=Fate.RETRY, key=RecordKey(connection=SHOP, kind=Kind.ORDER, id=number)
            )
            for number in "123"
        ]
        save_problems(session, uuid4(), BOOKS, problems)

    for name in (SHOP, BOOKS):
        found = health(boss, name)
        assert found.queue_size == 3
        assert found.queue_oldest_at is not None
        assert found.queue_age_seconds is not None
        assert datetime.now(UTC) - found.queue_oldest_at < timedelta(minutes=1)
        assert 0 <= found.queue_age_seconds < 60


def test_who_may_look_may_not_have_others_called(boss: Caller, shop: Twin) -> None:
    connect_shop(boss, shop)
    viewer, runner = replace(boss, role=Role.VIEWER), replace(boss, role=Role.OPERATOR)

    assert health(viewer, SHOP).works
    with pytest.raises(Forbidden):
        try_connection(viewer, SHOP)
    assert try_connection(runner, SHOP).works
    with pytest.raises(Unknown):
        health(viewer, "nothing")
