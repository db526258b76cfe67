"""Runs, plans, failures, schedules and the sandbox by HTTP alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from db.ledger import save_problems
from domain.problems import Fate, Problem
from tests.api.conftest import Service
from tests.operations.people import tables_holding
from tests.operations.steering import asked_of_prefect, connect, order, plan, write

ROUTE = "woocommerce-to-supabase"
FEW = {"route": ROUTE, "ids": ["1", "2"]}


@pytest.fixture
def joined(service: Service) -> Service:
    """The service of a tenant with a shop."""
    connect(service.caller())
    return service


def post(client: httpx.Client, path: str, body: object = None, key: str | None = None) -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})


def accepted(answer: httpx.Response, status: int = 202) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    content: dict[str, Any] = answer.json()
    return content


@pytest.mark.prefect
def test_a_few_records_are_run_once_looked_at_and_cancelled(joined: Service, on_demand: str) -> None:
    answers = [post(joined.operator, "/api/sync/order", FEW, key="retry-1") for _ in range(2)]
    run = accepted(answers[0])["run"]
    assert answers[1].json() == answers[0].json()
    assert len(asked_of_prefect(on_demand)) == 1

    shown = accepted(joined.viewer.get(f"/api/sync/status/{run['id']}"), 200)
    assert (shown["state"], shown["actor"]) == ("scheduled", "token:operator of default")
    assert shown["flow_run_page"].endswith(f"/runs/flow-run/{shown['flow_run_id']}")
    listed = accepted(joined.viewer.get("/api/sync/status", params={"state": "scheduled"}), 200)
    assert [each["id"] for each in listed["items"]] == [run["id"]]

    assert accepted(post(joined.operator, f"/api/sync/status/{run['id']}/cancel"))["state"] == "cancelled"
    assert post(joined.operator, f"/api/sync/status/{run['id']}/cancel").status_code == 409


@pytest.mark.prefect
def test_a_dry_run_is_asked_for_where_a_run_is(joined: Service, on_demand: str) -> None:
    asked = accepted(post(joined.operator, "/api/sync/order", {"route": ROUTE, "mode": "full", "dry_run": True}))
    assert (asked["confirmation"], asked["run"]["request"]["dry_run"]) == (None, True)
    assert asked["run"]["plan_id"] == asked["run"]["id"]
    assert asked_of_prefect(on_demand)[0]["parameters"]["dry_run"] is True


@pytest.mark.prefect
def test_a_plan_that_needs_no_word_is_confirmed_by_who_wants_schedules_to_follow(
    joined: Service, on_demand: str
) -> None:
    plan_id = plan(joined.caller(), [write(1)])
    shown = accepted(joined.operator.get(f"/api/sync/plans/{plan_id}"), 200)
    assert (shown["confirmations_needed"], shown["would_cover"]) == (0, True)
    asked = accepted(post(joined.operator, "/api/sync/all", {"plan": str(plan_id), "confirm": True}))
    assert (asked["run"]["state"], asked_of_prefect(on_demand)) == ("awaiting_confirmation", [])
    confirmed = accepted(post(joined.operator, f"/api/sync/confirm/{asked['confirmation']['token']}"))
    assert confirmed["run"]["state"] == "scheduled"
    assert joined.viewer.get(f"/api/sync/plans/{plan_id}").json()["confirmed_by"] == "token:operator of default"


@pytest.mark.prefect
def test_a_large_plan_is_looked_at_and_confirmed(joined: Service, on_demand: str) -> None:
    plan_id = plan(joined.caller(), [write(number) for number in range(12)])
    shown = accepted(joined.operator.get(f"/api/sync/plans/{plan_id}"), 200)
    assert (shown["records"], shown["amounts"], shown["confirmations_needed"]) == (12, {"EUR": "120.00"}, 1)
    page = accepted(joined.operator.get(f"/api/sync/plans/{plan_id}/writes", params={"limit": 10}), 200)
    rest = joined.operator.get(f"/api/sync/plans/{plan_id}/writes", params={"cursor": page["next_cursor"]}).json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (10, 2, None)

    asked = accepted(post(joined.operator, "/api/sync/all", {"plan": str(plan_id)}))
    token = asked["confirmation"]["token"]
    assert (asked["run"]["state"], asked_of_prefect(on_demand)) == ("awaiting_confirmation", [])
    assert post(joined.admin, f"/api/sync/confirm/{token}").status_code == 403

    confirmed = accepted(post(joined.operator, f"/api/sync/confirm/{token}"))
    assert (confirmed["run"]["id"], confirmed["run"]["state"]) == (asked["run"]["id"], "scheduled")
    assert post(joined.operator, f"/api/sync/confirm/{token}").status_code == 409


def test_an_answer_with_a_token_that_confirms_is_neither_kept_nor_given_again(joined: Service) -> None:
    plan_id = plan(joined.caller(), [write(number) for number in range(12)])
    answers = [post(joined.operator, "/api/sync/all", {"plan": str(plan_id)}, key="once") for _ in range(2)]

    tokens = [accepted(answer)["confirmation"]["token"] for answer in answers]
    assert tokens[0] != tokens[1]
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, None]
    assert [token for token in tokens if tables_holding(joined.engine, token)] == []


def test_what_needs_a_plan_says_so_in_so_many_words(joined: Service) -> None:
    for body in ({"route": ROUTE, "mode": "full"}, FEW | {"ids": [str(number) for number in range(11)]}):
        answer = post(joined.operator, "/api/sync/order", body)
        assert (answer.status_code, answer.json()["code"]) == (428, "confirmation_needed")
        assert "POST /api/sync/dry-run" in answer.json()["detail"]


def test_a_prefect_server_that_is_away_is_no_failure_of_the_service(joined: Service) -> None:
    answer = post(joined.operator, "/api/sync/dry-run", {"route": ROUTE, "mode": "full"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "unisync prefect server" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    (run,) = joined.viewer.get("/api/sync/status").json()["items"]
    assert (run["state"], run["guidance"]["title"]) == ("refused", "The Prefect server does not answer")


def test_failures_are_looked_at_and_left_be(joined: Service) -> None:
    problem = Problem(code="refused", message="It was refused.", fate=Fate.SKIP, key=order(1), advice="Mend it.")
    with joined.caller().ledger() as session:
        save_problems(session, uuid4(), "warehouse", [problem])
    (failure,) = joined.viewer.get("/api/sync/failures", params={"kind": "order"}).json()["items"]
    path = f"/api/sync/failures/{failure['id']}"
    assert (failure["advice"], failure["state"]) == ("Mend it.", "open")
    assert failure["guidance"].keys() == {"title", "cause", "steps", "guide"}
    assert failure["guidance"]["steps"]
    assert post(joined.viewer, f"{path}/ignore", {"reason": "A test order."}).status_code == 403
    assert post(joined.bookkeeper, f"{path}/ignore", {"reason": " "}).status_code == 422

    ignored = accepted(post(joined.bookkeeper, f"{path}/ignore", {"reason": "A test order."}), 200)
    assert (ignored["state"], ignored["decided_by"]) == ("ignored", "token:bookkeeper of default")
    assert joined.viewer.get("/api/sync/failures").json()["items"] == []
    assert accepted(post(joined.bookkeeper, f"{path}/reopen"), 200)["state"] == "open"
    assert accepted(
        post(joined.bookkeeper, "/api/sync/failures/ignore", {"code": "refused", "reason": "All."}), 200
    ) == {"count": 1}


def test_a_schedule_is_made_before_its_time_and_removed(joined: Service) -> None:
    wish = {"name": "nightly", "route": ROUTE, "mode": "full", "cron": "30 2 * * *", "paused": True}
    made = accepted(post(joined.admin, "/api/sync/schedules", wish), 201)
    assert (made["mirrored"], made["next_runs"], made["paused"]) == (False, [], True)
    assert "until Prefect has been told" in made["problem"]
    resumed = joined.admin.put("/api/sync/schedules/nightly", json={"route": ROUTE, "cron": "30 2 * * *"})
    assert (resumed.status_code, "nobody has confirmed" in resumed.json()["detail"]) == (409, True)
    assert joined.admin.delete("/api/sync/schedules/nightly").status_code == 204
    assert joined.viewer.get("/api/sync/schedules").json()["items"] == []


def test_the_sandbox_is_switched_by_who_manages_settings(joined: Service) -> None:
    connect(joined.caller(), "staging")
    body = {"active": True, "replacements": {"shop": "staging"}}
    assert post(joined.operator, "/api/sync/sandbox", body).status_code == 403
    assert accepted(post(joined.admin, "/api/sync/sandbox", body), 200)["active"]
    shown = joined.viewer.get("/api/sync/sandbox").json()
    assert {"connection": "shop", "system": "woocommerce", "replacement": "staging"} in shown["connections"]


def test_the_amount_that_needs_no_confirmation_is_chosen(joined: Service) -> None:
    assert joined.viewer.get("/api/sync/limits").json() == {"records": 10, "amount": "1000"}
    changed = joined.admin.put("/api/sync/limits", json={"amount": "2500.00"})
    assert changed.json() == {"records": 10, "amount": "2500.00"}
