"""Schedules: ours are the truth, Prefect's deployments their mirror."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine

from config.requests import build_request
from db.ledger.confirmations import cover_pair
from domain.access import Role
from domain.listing import PageRequest
from domain.refusals import Clash, Forbidden, Unknown, Unusable
from operations import schedules
from operations.caller import Caller
from operations.mirror import mirror_schedules, reconcile
from operations.timetables import Schedule, ScheduleWish, Timing
from tests.operations.steering import ROUTE, SHOP, WAREHOUSE, connect

pytestmark = pytest.mark.prefect

AWAY = "http://127.0.0.1:9/api"
WISH = ScheduleWish(
    name="nightly", route=ROUTE, mode="full", kinds=("order",), cron="30 2 * * *", time_zone="Europe/Berlin"
)  # type: ignore[arg-type]


@pytest.fixture
def caller(boss: Caller, on_demand: str) -> Iterator[Caller]:
    """Somebody whose shop and warehouse a complete run of the orders has joined."""
    connect(boss)
    parameters = {"tenant": "default", "source": SHOP, "target": WAREHOUSE, "mode": "full", "kinds": ["order"]}
    with boss.ledger() as session:
        cover_pair(session, build_request(ROUTE, parameters), uuid4())
    yield boss
    for deployment in deployments(on_demand):
        httpx.delete(f"{on_demand}/deployments/{deployment['id']}", timeout=30)


def deployments(api: str) -> list[dict[str, Any]]:
    """The deployments of the tenant's schedules, as Prefect knows them."""
    found: list[dict[str, Any]] = httpx.post(f"{api}/deployments/filter", json={}, timeout=30).json()
    return [each for each in found if each["name"].startswith("default.")]


def test_a_schedule_is_a_deployment_with_all_that_its_runs_need(caller: Caller, on_demand: str) -> None:
    made = schedules.make_schedule(caller, WISH)

    (deployment,) = deployments(on_demand)
    assert (made.mirrored, made.problem, deployment["name"]) == (True, None, "default.nightly")
    assert deployment["parameters"] == {
        "tenant": "default", "source": SHOP, "target": WAREHOUSE, "kinds": ["order"], "mode": "full",
        "schedule": "nightly",
    }  # fmt: skip
    (timetable,) = deployment["schedules"]
    assert (timetable["active"], timetable["schedule"]["cron"]) == (True, "30 2 * * *")
    assert timetable["schedule"]["timezone"] == "Europe/Berlin"
    assert deployment["tags"] == ["tenant:default"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert made.next_due == made.next_runs[0]


def test_a_schedule_is_paused_changed_and_removed_at_prefect_too(caller: Caller, on_demand: str) -> None:
    made = schedules.make_schedule(caller, WISH)
    timing = Timing.model_validate(made.model_dump(include=set(Timing.model_fields)))

    paused = schedules.replace_schedule(caller, "nightly", timing.model_copy(update={"paused": True}))
    assert (paused.next_runs, paused.next_due) == ((), None)
    assert [each["schedules"][0]["active"] for each in deployments(on_demand)] == [False]

    hourly = timing.model_copy(update={"cron": "5 * * * *", "mode": "incremental"})
    schedules.replace_schedule(caller, "nightly", hourly)
    (deployment,) = deployments(on_demand)
    assert deployment["schedules"][0]["schedule"]["cron"] == "5 * * * *"
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"

    schedules.remove_schedule(caller, "nightly")
    assert deployments(on_demand) == []
    with pytest.raises(Unknown):
        schedules.find_schedule(caller, "nightly")


def test_what_prefect_did_not_hear_it_is_told_later(
    caller: Caller, on_demand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setenv("PREFECT_API_URL", AWAY)
        made = schedules.make_schedule(caller, WISH)
        assert (made.mirrored, "does not answer" in str(made.problem)) == (False, True)
    assert reconcile(caller) == 1
    assert (schedules.find_schedule(caller, "nightly").mirrored, len(deployments(on_demand))) == (True, 1)

    with monkeypatch.context() as away:
        away.setenv("PREFECT_API_URL", AWAY)
        schedules.remove_schedule(caller, "nightly")
    assert len(deployments(on_demand)) == 1
    assert (mirror_schedules(caller), deployments(on_demand)) == (1, [])
    assert mirror_schedules(caller) == 0


def test_a_name_is_used_once_and_again_when_it_is_free(caller: Caller, on_demand: str) -> None:
    schedules.make_schedule(caller, WISH)
    with pytest.raises(Clash, match="there is a schedule nightly already"):
        schedules.make_schedule(caller, WISH)
    schedules.remove_schedule(caller, "nightly")
    assert schedules.make_schedule(caller, WISH).mirrored


def test_a_schedule_needs_a_confirmed_run_of_the_same_kinds_before_it_begins(caller: Caller) -> None:
    everything = WISH.model_copy(update={"kinds": ()})
    with pytest.raises(Clash, match="nobody has confirmed a run of this from shop to warehouse"):
        schedules.make_schedule(caller, everything)
    waiting = schedules.make_schedule(caller, everything.model_copy(update={"paused": True}))
    assert waiting.paused


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cron": "* * * * *"}, "at least 5 minutes apart"),
        ({"time_zone": "Mars/Olympus"}, "there is no such time zone"),
        ({"kinds": ("invoice",)}, "does not carry invoice"),
    ],
)
def test_a_schedule_that_cannot_work_is_refused(caller: Caller, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        schedules.make_schedule(caller, WISH.model_copy(update=change))
    assert schedules.search_schedules(caller, PageRequest()).items == ()


def test_schedules_belong_to_their_tenant_and_to_who_may_manage_them(caller: Caller, agency: Engine) -> None:
    schedules.make_schedule(caller, WISH)
    stranger = replace(caller, tenant="berlin")
    assert schedules.search_schedules(stranger, PageRequest()).items == ()
    with pytest.raises(Unknown):
        schedules.remove_schedule(stranger, "nightly")
    with pytest.raises(Forbidden):
        schedules.remove_schedule(replace(caller, role=Role.OPERATOR), "nightly")
    assert names(schedules.search_schedules(caller, PageRequest()).items) == ["nightly"]


def names(some: tuple[Schedule, ...]) -> list[str]:
    return [each.name for each in some]
