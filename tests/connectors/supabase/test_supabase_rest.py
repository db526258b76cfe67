"""By REST: answers are cut, addresses are short, keys are shown to nobody, and tenants are kept apart by us alone."""

from __future__ import annotations

import logging

import httpx
import pytest

from connectors.supabase import rest_rows
from connectors.supabase.connector import SupabaseConnector
from db import embedded
from domain.keys import Kind
from domain.writes import Action, Result
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import Look, carry, look_into, open_project, open_warehouse, run_sql
from tests.connectors.supabase.samples import MAKERS, STOCK, line, order, product, refund
from tests.connectors.writes_contract import plan_of, results


def test_rows_beyond_the_cut_of_an_answer_are_read_too(project: PostgrestTwin, admin: Look) -> None:
    orders = [order(number, lines=tuple(line(number * 10 + place) for place in range(5))) for number in range(7)]
    project.switches.max_rows = 3
    with open_project(project) as target:
        assert carry(target, *orders) == [Result.CREATED] * 7
        assert carry(target, *orders) == [Result.UNCHANGED] * 7
        assert len(target.held(Kind.ORDER, "shop", [str(number) for number in range(99)])) == 7
        fewer = [order(number, "2", lines=(line(number * 10 + 4),)) for number in range(7)]
        assert carry(target, *fewer) == [Result.UPDATED] * 7

    assert admin.rows("SELECT source_id FROM commerce.order_lines ORDER BY order_id::int") == [
        (str(number * 10 + 4),) for number in range(7)
    ]
    assert 206 in {call.status for call in project.log.lines()}


def test_more_than_a_thousand_records_are_held_and_their_addresses_stay_short(project: PostgrestTwin) -> None:
    many = [refund(number) for number in range(1100)]
    with open_project(project) as target:
        assert carry(target, *many) == [Result.CREATED] * 1100
        project.log.reset()
        assert carry(target, *many) == [Result.UNCHANGED] * 1100
        assert len(target.held(Kind.REFUND, "shop", [one.key.id for one in many])) == 1100

    calls = project.log.lines()
    assert {call.method for call in calls} == {"GET"}
    assert len(calls) == 2 * 3
    assert max(len(call.query) for call in calls) < 5000


@pytest.mark.parametrize(
    "key", ['a"b', "a\\b", "a,b", "(a)", "a.b", "null", " a ", "%2C", "ß-😀", "in.(1)", "1&tenant=eq.bert", "x" * 500]
)
def test_an_id_of_any_letters_is_found_and_removed(
    shared_twin: PostgrestTwin, tenant: str, look: Look, key: str
) -> None:
    odd, other = order(1, id=key, lines=(line(1, id=key), line(2))), order(2)
    with open_project(shared_twin, tenant) as target:
        assert carry(target, odd, other) == [Result.CREATED] * 2
        assert carry(target, odd, other) == [Result.UNCHANGED] * 2
        assert dict(target.held(Kind.ORDER, "shop", [key])) == {key: "order 1"}
        assert carry(target, order(1, "2", id=key, lines=(line(2),))) == [Result.UPDATED]
        assert look.rows("SELECT source_id FROM commerce.order_lines WHERE order_id = %s", key) == [("2",)]
        assert carry(target, odd, action=Action.REMOVE) == [Result.REMOVED]
        assert look.rows("SELECT source_id FROM commerce.orders WHERE deleted_at IS NULL") == [("2",)]


def test_a_refused_record_in_a_later_request_leaves_the_results_of_the_earlier_ones(
    project: PostgrestTwin, admin: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_rows, "BODY_ROWS", 4)
    admin.run("ALTER TABLE commerce.orders ADD CONSTRAINT even CHECK (source_id::int % 2 = 0)")
    with open_project(project) as target:
        outcomes = target.write(plan_of("warehouse", [order(number) for number in (0, 2, 4, 6, 8, 9, 10)]))

    assert results(outcomes) == [*[Result.CREATED] * 5, Result.FAILED, Result.CREATED]


def test_a_record_that_the_database_refuses_keeps_the_lines_it_had(project: PostgrestTwin, admin: Look) -> None:
    with open_project(project) as target:
        carry(target, order(1), order(2))
        admin.run("ALTER TABLE commerce.orders ADD CONSTRAINT old CHECK (customer_note <> 'version 2') NOT VALID")
        lines = "SELECT order_id, source_id, name, deleted_at FROM commerce.order_lines ORDER BY 1, 2"
        before = admin.rows(lines)

        changed = order(1, "2", lines=(line(11, name="new"), line(13))), order(2), order(3, "2")
        assert carry(target, *changed) == [Result.FAILED, Result.UNCHANGED, Result.FAILED]
        assert admin.rows(lines) == before
        assert admin.rows("SELECT customer_note FROM commerce.orders ORDER BY source_id") == [("version 1",)] * 2
        assert dict(target.held(Kind.ORDER, "shop", ["1", "2"])) == {"1": "", "2": "order 1"}

        admin.run("ALTER TABLE commerce.orders DROP CONSTRAINT old")
        assert carry(target, *changed) == [Result.UPDATED, Result.UNCHANGED, Result.CREATED]


def test_tenants_of_one_project_keep_their_own(shared_twin: PostgrestTwin, tenant: str) -> None:
    with open_project(shared_twin, tenant) as anna, open_project(shared_twin, f"{tenant}-b") as bert:
        for make in MAKERS.values():
            assert carry(anna, make(1), make(2)) == [Result.CREATED] * 2
            assert bert.held(make(1).key.kind, "shop", ["1", "2"]) == {}
            assert carry(bert, make(1, "2")) == [Result.CREATED]
            assert carry(bert, make(2), action=Action.REMOVE) == [Result.UNCHANGED]
            assert carry(anna, make(1), action=Action.REMOVE) == [Result.REMOVED]
            assert carry(anna, make(1), make(2, "3")) == [Result.UPDATED] * 2
            assert dict(bert.held(make(1).key.kind, "shop", ["1", "2"])) == {"1": make(1, "2").fingerprint}


def test_the_same_runs_leave_the_same_tables_either_way(
    postgres: embedded.Server, project: PostgrestTwin, admin: Look
) -> None:
    url = embedded.ensure_database(postgres, "supabase_either_way")
    with open_warehouse(url) as direct, open_project(project) as target:
        direct.prepare()
        for way in (direct, target):
            for make in MAKERS.values():
                carry(way, *(make(number) for number in range(1, 6)))
                carry(way, make(2, "2"), make(6))
                carry(way, make(3), make(4), action=Action.REMOVE)
                carry(way, make(4))
            carry(way, order(1, "3", lines=(line(11), line(19))))
            carry(way, product(2, "3", stock=STOCK.model_copy(update={"quantity": None})))
    with look_into(url, tenant="anna") as look:
        assert look.contents() == admin.contents()
        assert all(look.contents().values())


def test_the_key_is_sent_where_it_belongs_and_shown_nowhere(
    shared_twin: PostgrestTwin, tenant: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = shared_twin.keys
    for key in (keys.secret, keys.service_role):
        with open_project(shared_twin, tenant, key) as target:
            vitals = target.check()
            carry(target, order(1))
            assert (vitals.place, vitals.version) == (f"{shared_twin.url} (REST, schema commerce)", "PostgREST")
            assert vitals.clock_ahead is not None
            assert abs(vitals.clock_ahead) < 5
        assert key not in caplog.text
        assert key not in repr(target)
    assert "commerce" in str(vitals)


def test_the_publishable_key_opens_nothing_even_though_the_schema_is_exposed(shared_twin: PostgrestTwin) -> None:
    for key in (shared_twin.keys.publishable, shared_twin.keys.anon):
        answer = httpx.get(
            f"{shared_twin.url}/rest/v1/orders?select=source_id", headers={"apikey": key, "Accept-Profile": "commerce"}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "42501")


def test_a_lost_right_of_the_service_role_comes_back_with_the_sql(
    own: SupabaseConnector, project: PostgrestTwin, warehouse_url: str, admin: Look
) -> None:
    admin.run("REVOKE ALL ON SCHEMA commerce FROM service_role", "GRANT SELECT ON commerce.orders TO pg_monitor")
    run_sql(warehouse_url)
    with open_project(project) as target:
        assert carry(target, order(1)) == [Result.CREATED]
    assert admin.rows("SELECT has_table_privilege('pg_monitor', 'commerce.orders', 'SELECT')") == [(True,)]
    assert own.held(Kind.ORDER, "shop", ["1"]) == {"1": "order 1"}
