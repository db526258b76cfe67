"""Calls that start work: carried out once per key, however often they are sent."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api.idempotency import starting
from domain.access import Permission
from domain.refusals import Clash
from operations.caller import Caller
from tests.api.conftest import Service, Stage


class Wish(BaseModel):
    what: str = "orders"


@dataclass
class Works:
    """An endpoint that starts work, and how often it did."""

    service: Service
    done: list[str] = field(default_factory=list)
    fails_with: Exception | None = None
    began: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def start(self, what: str) -> dict[str, object]:
        self.began.set()
        assert self.may_end.wait(10)
        if self.fails_with:
            raise self.fails_with
        self.done.append(what)
        return {"what": what, "number": len(self.done)}

    def ask(self, key: str | None = "k-1", what: str = "orders", client: httpx.Client | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key.encode("latin-1")} if key is not None else {}
        return (client or self.service.admin).post("/api/work", json={"what": what}, headers=headers)

    def age_keys(self, ledger_url: str, hours: float) -> None:
        with psycopg.connect(ledger_url) as connection:
            connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
            connection.execute(f"UPDATE unisync.idempotency_keys SET claimed_at = now() - interval '{hours} hours'")


@pytest.fixture
def works(service: Service, stage: tuple[Stage, str]) -> Works:
    app, works = stage[0].app, Works(service)
    assert isinstance(app, FastAPI)
    works.may_end.set()

    @app.post("/api/work", status_code=202)
    def work(caller: Annotated[Caller, starting(Permission.RUN_SYNC)], wanted: Wish) -> dict[str, object]:
        del caller
        return works.start(wanted.what)

    return works


def test_the_same_call_with_the_same_key_is_carried_out_once_and_answered_alike(works: Works) -> None:
    first, second = works.ask(), works.ask()

    assert works.done == ["orders"]
    assert (first.status_code, first.json()) == (202, {"what": "orders", "number": 1})
    assert (second.status_code, second.content) == (202, first.content)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (None, "true")


def test_without_a_key_every_call_is_carried_out(works: Works) -> None:
    assert [works.ask(key=None).json()["number"] for _ in range(2)] == [1, 2]


def test_a_key_stands_for_one_call_only(works: Works) -> None:
    works.ask()

    for other in (works.ask(what="products"), works.ask(client=works.service.operator)):
        assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert works.done == ["orders"]


def test_the_keys_of_two_tenants_do_not_meet(works: Works) -> None:
    assert works.ask().json()["number"] == 1
    assert works.ask(client=works.service.stranger).json()["number"] == 2


def test_whoever_may_not_start_the_work_gets_no_stored_answer_either(works: Works) -> None:
    works.ask()

    assert works.ask(client=works.service.viewer).status_code == 403


def test_a_second_call_while_the_first_is_at_work_is_told_to_wait(works: Works) -> None:
    works.may_end.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(works.ask)
        assert works.began.wait(10)
        second = works.ask(client=works.service.client(works.service.admin.headers["Authorization"].split()[1]))
        works.may_end.set()
        assert first.result().status_code == 202

    assert (second.status_code, second.json()["code"]) == (409, "clash")
    assert works.done == ["orders"]


@pytest.mark.parametrize(("failure", "status"), [(RuntimeError("bug"), 500), (Clash("a run is at work"), 409)])
def test_a_call_of_which_nothing_came_gives_its_key_back(works: Works, failure: Exception, status: int) -> None:
    works.fails_with = failure
    assert works.ask().status_code == status
    works.fails_with = None

    assert works.ask().json()["number"] == 1


def test_a_call_with_an_unusable_body_gives_its_key_back(works: Works) -> None:
    assert works.service.admin.post("/api/work", json=[], headers={"Idempotency-Key": "k-1"}).status_code == 422

    assert works.ask().status_code == 202


@pytest.mark.parametrize(("hours", "number"), [(23.9, 1), (24.1, 2)])
def test_an_answer_is_kept_for_a_day(works: Works, ledger_url: str, hours: float, number: int) -> None:
    works.ask()
    works.age_keys(ledger_url, hours)

    assert works.ask().json()["number"] == number


def test_the_key_of_a_call_that_died_with_its_process_is_free_after_ten_minutes(works: Works, ledger_url: str) -> None:
    works.ask()
    with psycopg.connect(ledger_url) as connection:
        connection.execute("SELECT set_config('unisync.tenant', 'default', false)")
        connection.execute("UPDATE unisync.idempotency_keys SET status = NULL, body = NULL")
    assert works.ask().status_code == 409
    works.age_keys(ledger_url, 0.2)

    assert works.ask().status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 201, "two words", "k\xff"])
def test_a_key_has_1_to_200_visible_characters(works: Works, key: str) -> None:
    refused = works.ask(key=key)

    assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
    assert works.done == []


def test_many_at_once_with_one_key_do_the_work_once(works: Works) -> None:
    token = works.service.admin.headers["Authorization"].split()[1]
    clients = [works.service.client(token) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda client: works.ask(client=client), clients)]

    assert works.done == ["orders"]
    assert set(statuses) <= {202, 409}
    assert 202 in statuses
