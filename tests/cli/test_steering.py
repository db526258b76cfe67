"""unisync failures, schedules, sandbox, limits, status, cancel and confirm."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from config.requests import build_request
from db.ledger import save_problems
from db.ledger.confirmations import cover_pair
from db.session import tenant_session
from domain.problems import Fate, Problem
from tests.cli.conftest import Unisync
from tests.operations.steering import order

ROUTE = "woocommerce-to-supabase"
BOOKS_ROUTE = "woocommerce-to-quickbooks"
AWAY = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}


def fail(engine: Engine, *numbers: int) -> None:
    problems = [
        Problem(code="refused", message="It was refused.", fate=Fate.SKIP, key=order(number), advice="Mend it.")
        for number in numbers
    ]
    with tenant_session(engine, "default") as session:
        save_problems(session, uuid4(), "warehouse", problems)


def test_failures_are_listed_left_be_and_queued_again(unisync: Unisync, ledger_engine: Engine) -> None:
    fail(ledger_engine, 1, 2)
    listed = unisync("failures", "list").out
    assert "shop:order:1" in listed
    assert "Mend it." in listed
    assert all(each["id"] in listed for each in json.loads(unisync("failures", "list", "--json").out))

    assert "unisync failures show ID tells more" in unisync("failures", "list").err
    first, second = json.loads(unisync("failures", "list", "--json").out)
    ignored = unisync("failures", "ignore", first["id"], "--reason", "a test order")
    assert "1 are left be" in ignored.out
    assert [each["id"] for each in json.loads(unisync("failures", "list", "--json").out)] == [second["id"]]
    assert "Left be: a test order" in unisync("failures", "list", "--state", "ignored").out
    assert unisync("failures", "reopen", first["id"]).code == 0
    assert unisync("failures", "list", "--code", "other").out.strip() == "There is nothing of the kind."


def test_one_failure_is_shown_with_every_step_that_helps(unisync: Unisync, ledger_engine: Engine) -> None:
    problem = Problem(code="warehouse.rejected", message="It breaks a rule.", fate=Fate.SKIP, key=order(7))
    with tenant_session(ledger_engine, "default") as session:
        save_problems(session, uuid4(), "warehouse", [problem])
    (listed,) = json.loads(unisync("failures", "list", "--json").out)
    guidance = listed["guidance"]

    said = " ".join(unisync("failures", "show", listed["id"]).out.split())

    assert "shop:order:7 to warehouse: It breaks a rule." in said
    assert all(part in said for part in (guidance["cause"], *guidance["steps"], guidance["guide"]))
    assert json.loads(unisync("failures", "show", listed["id"], "--json").out) == listed
    assert listed["advice"] is None
    assert set(guidance["steps"][0].split()) <= set(unisync("failures", "list").out.split())


def test_what_cannot_be_retried_says_why(unisync: Unisync, ledger_engine: Engine) -> None:
    fail(ledger_engine, *range(11))
    many = unisync("failures", "retry", "--code", "refused", **AWAY)
    assert (many.code, "these are 11 records" in many.err) == (2, True)
    nothing = unisync("failures", "retry")
    assert (nothing.code, "not both and not neither" in nothing.err) == (2, True)
    short = unisync("failures", "ignore", "--code", "refused", "--reason", "x")
    assert (short.code, "--reason cannot be used" in short.err) == (2, True)


def test_schedules_are_made_paused_and_removed(unisync: Unisync, ledger_engine: Engine) -> None:
    with tenant_session(ledger_engine, "default") as session:
        for route, target in ((ROUTE, "warehouse"), (BOOKS_ROUTE, "books")):
            parameters = {"tenant": "default", "source": "shop", "target": target, "mode": "full"}
            cover_pair(session, build_request(route, parameters), uuid4())
    words = ("--route", ROUTE, "--cron", "30 2 * * *", "--zone", "Europe/Berlin", "--mode", "full")

    made = unisync("schedules", "add", "nightly", *words, **AWAY)
    assert (made.code, "once Prefect knows of it" in made.out, "does not answer" in made.err) == (0, True, True)
    changed = unisync("schedules", "update", "nightly", "--cron", "45 3 * * *", "--kind", "order")
    assert "nightly: 45 3 * * * (Europe/Berlin)" in changed.out
    (listed,) = json.loads(unisync("schedules", "list", "--json").out)
    assert (listed["kinds"], listed["mode"], listed["paused"]) == (["order"], "full", False)
    same = json.loads(unisync("schedules", "update", "nightly", "--route", ROUTE, "--json").out)
    assert (same["kinds"], same["target"], same["cron"]) == (["order"], "warehouse", "45 3 * * *")
    moved = json.loads(unisync("schedules", "update", "nightly", "--route", BOOKS_ROUTE, "--json").out)
    assert (len(moved["kinds"]) > 1, moved["target"]) == (True, "books")
    assert "paused" in unisync("schedules", "pause", "nightly").out
    assert "once Prefect knows of it" in unisync("schedules", "resume", "nightly").out
    (listed,) = json.loads(unisync("schedules", "list", "--json").out)
    assert (listed["name"], listed["time_zone"], listed["mirrored"]) == ("nightly", "Europe/Berlin", False)
    assert unisync("schedules", "remove", "nightly").code == 0
    assert "There are none" in unisync("schedules", "list").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("schedules", "add", "a", "--route", "x", "--cron", "0 2 * * *"), "--route cannot be used"),
        (("schedules", "add", "a", "--route", ROUTE, "--cron", "0 2 * * * * *"), "write five fields"),
        (("schedules", "pause", "nobody"), "there is no schedule of this name"),
        (("schedules", "update", "nobody", "--cron", "0 2 * * *"), "there is no schedule of this name"),
        (("schedules", "update", "nightly"), "name what is to change"),
        (("sandbox", "on", "--replace", "shop"), "write it like shop=staging-shop"),
        (("sandbox", "on", "--replace", "shop=staging"), "there is no connection shop"),
        (("limits", "much"), "'much' is no amount"),
        (("limits", "1.005"), "is no amount"),
        (("status", str(uuid4())), "there is no run with this id"),
        (("failures", "show", str(uuid4())), "there is no failure with this id"),
        (("cancel", str(uuid4())), "there is no run with this id"),
        (("plan", str(uuid4())), "there is no finished plan with this id"),
        (("confirm", "nonsense"), "there is no such token"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(unisync: Unisync, words: tuple[str, ...], sentence: str) -> None:
    ended = unisync(*words, **AWAY)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in " ".join(ended.err.split())


def test_the_sandbox_and_the_limit_are_shown_and_chosen(unisync: Unisync) -> None:
    assert "Sandbox mode is off." in unisync("sandbox", "show").out
    switched = json.loads(unisync("sandbox", "on", "--json").out)
    warehouse = {"connection": "warehouse", "system": "supabase", "replacement": "warehouse-sandbox"}
    assert switched == {"active": True, "connections": [warehouse]}
    assert "Sandbox mode is off." in unisync("sandbox", "off").out
    assert "10 records, 2,500" in unisync("limits", "2500").out
    assert json.loads(unisync("limits", "--json").out) == {"records": 10, "amount": "2500"}
    assert unisync("status").out.strip() == "Nothing of the kind was asked for."
