"""Errors: problem details that say what is wrong and never what was sent or where it broke."""

from __future__ import annotations

import logging
from typing import Annotated

import httpx
import pytest
from fastapi import Body, FastAPI

from api.app import create_app
from api.problems import SORTS, sort_of
from db.session import open_engine
from domain import errors, refusals
from tests.api.conftest import Service, Stage

SECRET = "canary-4111111111111111"

FAILURES: dict[str, Exception] = {
    "unauthenticated": refusals.Unauthenticated("who"),
    "forbidden": refusals.Forbidden("no"),
    "unknown": refusals.Unknown("gone"),
    "clash": refusals.Clash("not now"),
    "unusable": refusals.Unusable("bad", field="since"),
    "confirmation_needed": refusals.ConfirmationNeeded("plan first"),
    "too_many": refusals.TooMany("slowly", retry_after=12.2),
    "unavailable": errors.Unavailable("down"),
    "rate_limited": errors.RateLimited("slowly", retry_after=7),
    "access_denied": errors.AccessDenied("withdrawn", connection="shop"),
    "misconfigured": errors.Misconfigured("wrong"),
    "internal": RuntimeError(SECRET),
    "reconnect": errors.AccessDenied("the access was withdrawn or has run out; connect the company anew"),
}


@pytest.fixture
def failing(service: Service, stage: tuple[Stage, str]) -> Service:
    """The service with addresses that fail as wanted."""
    app = stage[0].app
    assert isinstance(app, FastAPI)

    @app.get("/api/fail/{code}")
    def fail(code: str) -> None:
        raise FAILURES[code]

    @app.post("/api/add")
    def add(number: Annotated[int, Body(embed=True)]) -> int:
        return number + 1

    return service


def facts(answer: httpx.Response) -> tuple[int, str, str, str | None]:
    content = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert content["status"] == answer.status_code
    assert content["type"] == f"/problems/{content['code']}"
    assert content["instance"] == answer.request.url.path
    assert content["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, content["code"], content["detail"], answer.headers.get("Retry-After")


def test_every_failure_is_answered_with_its_own_problem(failing: Service) -> None:
    answers = {code: facts(failing.nobody.get(f"/api/fail/{code}")) for code in FAILURES}

    internal = answers.pop("internal")
    assert answers.pop("reconnect")[:2] == (422, "access_denied")
    assert answers == {
        "unauthenticated": (401, "unauthenticated", "who", None),
        "forbidden": (403, "forbidden", "no", None),
        "unknown": (404, "unknown", "gone", None),
        "clash": (409, "clash", "not now", None),
        "unusable": (422, "unusable", "bad", None),
        "confirmation_needed": (428, "confirmation_needed", "plan first", None),
        "too_many": (429, "too_many", "slowly", "13"),
        "unavailable": (503, "unavailable", "down", "30"),
        "rate_limited": (503, "rate_limited", "slowly", "7"),
        "access_denied": (422, "access_denied", "shop: withdrawn", None),
        "misconfigured": (422, "misconfigured", "wrong", None),
    }
    assert internal[:2] == (500, "internal")


def test_who_is_not_recognised_is_told_how_to_say_who_asks(failing: Service) -> None:
    assert failing.nobody.get("/api/fail/unauthenticated").headers["WWW-Authenticate"] == 'Bearer realm="unisync"'


def test_a_refusal_names_the_field_where_there_is_one(failing: Service) -> None:
    assert failing.nobody.get("/api/fail/unusable").json()["field"] == "since"


def test_a_failure_that_the_catalogue_knows_comes_with_what_helps(failing: Service) -> None:
    known, general = (failing.nobody.get(f"/api/fail/{code}").json() for code in ("reconnect", "misconfigured"))

    assert known["advice"].startswith("Open Connections and choose Reconnect")
    assert "advice" not in general


def test_what_is_unexpected_tells_its_number_here_and_its_place_in_the_log(
    failing: Service, caplog: pytest.LogCaptureFixture
) -> None:
    answer = failing.nobody.get("/api/fail/internal")

    name = answer.headers["X-Request-Id"]
    assert answer.json()["detail"] == f"something unexpected happened; the service's log tells more under {name}"
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith(f"{name} failed: builtins.RuntimeError at test_problems.py:")
    assert SECRET not in answer.text + caplog.text


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        (f'{{"number": "{SECRET}"}}', "number", "number in the body cannot be used: input should be a valid integer"),
        (f'{{"number": 1{SECRET}', None, "the body is no JSON: mend what your program sends"),
        ("{}", "number", "number in the body cannot be used: field required"),
        ('{"number": "\\ud800"}', "number", "number in the body cannot be used: input should be a valid string"),
        (b'{"number": "\xff"}', None, "the body"),
    ],
)
def test_an_unusable_value_is_named_but_never_repeated(
    failing: Service, body: str | bytes, field: str | None, detail: str
) -> None:
    answer = failing.nobody.post("/api/add", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert facts(answer)[2].startswith(detail)
    assert answer.json().get("field") == field
    assert SECRET not in answer.text


def test_an_address_or_method_that_is_none_is_a_problem_too(service: Service) -> None:
    nowhere, wrong = service.nobody.get("/api/nowhere"), service.nobody.delete("/healthz")

    assert facts(nowhere)[:2] == (404, "not_found")
    assert facts(wrong)[:2] == (405, "wrong_method")
    assert wrong.headers["Allow"] == "GET"
    assert service.nobody.patch("/api/session").headers["Allow"] == "DELETE, GET, POST"


def test_every_refusal_and_every_failure_of_a_foreign_system_has_a_status() -> None:
    def tree(root: type[Exception]) -> list[type[Exception]]:
        return [root, *(leaf for child in root.__subclasses__() for leaf in tree(child))]

    leaves = [
        one for root in (refusals.Refusal, errors.ConnectorError) for one in tree(root) if not one.__subclasses__()
    ]

    assert [one for one in leaves if not any(kind in SORTS for kind in one.__mro__)] == []


def test_a_failure_of_the_services_own_database_is_told_to_its_operator_only(
    service: Service, stage: tuple[Stage, str], caplog: pytest.LogCaptureFixture
) -> None:
    stage[0].app = create_app(open_engine("postgresql://inside:canary@127.0.0.1:9/hidden"))

    answer = service.client("some-token").get("/api/users")

    assert facts(answer)[::3] == (503, "30")
    assert facts(answer)[2] == "the service's own database cannot be used right now; ask again later"
    assert "the database 'hidden' on 127.0.0.1 cannot be reached" in caplog.text
    assert "canary" not in caplog.text


def test_the_nearest_sort_of_an_exception_counts() -> None:
    assert sort_of(errors.RateLimited("slowly")) is SORTS[errors.RateLimited]
