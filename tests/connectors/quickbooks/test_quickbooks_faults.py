"""Refusals in every shape that QuickBooks and the gateway before it are known to give."""

from __future__ import annotations

import json

import httpx
import pytest

from connectors.http import Call
from connectors.quickbooks.faults import find_fault, problem_of, refusal
from connectors.quickbooks.meanings import MEANINGS, sentence_of
from connectors.quickbooks.wire import ErrorWire
from domain.errors import (
    AccessDenied,
    Conflict,
    ConnectorError,
    FatalError,
    Misconfigured,
    Missing,
    RateLimited,
    RecordError,
    Rejected,
    RetryableError,
    Unavailable,
)
from domain.keys import Kind
from domain.problems import Fate
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.samples import key

CALL = Call("books", "testing")


def fault(code: str, detail: str = "some detail", **more: object) -> str:
    error = {"Message": "some message", "Detail": detail, "code": code, **more}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-01-31T02:03:04.567-08:00"})


def gateway(code: str, status: int) -> str:
    error = {"message": f"errorCode=00{code}; statusCode={status}", "detail": None, "code": code, "element": None}
    return json.dumps({"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}, "time": 1601391072830})


def xml(code: str, kind: str, *, namespace: str = "http://schema.intuit.com/finance/v3") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="{namespace}" '
        f'time="2016-12-07T15:27:09.527-08:00"><Fault type="{kind}"><Error code="{code}" element="">'
        "<Message>some message</Message><Detail>some detail</Detail></Error></Fault></IntuitResponse>"
    )


def error_of(status: int, body: str, **headers: str) -> ConnectorError:
    response = httpx.Response(status, text=body, headers=headers, request=httpx.Request("GET", "https://example.com"))
    return refusal(response, CALL, find_fault(response))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, fault("610"), Missing, "610"),
        (400, fault("5010", element=""), Conflict, "5010"),
        (400, fault("6240", "The name supplied already exists. : null"), Rejected, "6240"),
        (400, fault("2020", element="Line.DetailType"), Rejected, "2020"),
        (400, fault("4001"), Misconfigured, "4001"),
        (400, fault("6190"), Misconfigured, "6190"),
        (400, fault("99999"), Unavailable, "99999"),
        (400, fault("1234"), Rejected, "1234"),
        (200, fault("6000"), Rejected, "6000"),
        (200, fault("10000"), Unavailable, "10000"),
        (401, gateway("3200", 401), AccessDenied, "3200"),
        (403, gateway("3100", 403), AccessDenied, "3100"),
        (429, fault("3001"), RateLimited, None),
        (403, fault("3001"), RateLimited, "3001"),
        (429, xml("3001", "SERVICE"), RateLimited, None),
        (403, xml("3001", "SERVICE"), RateLimited, "3001"),
        (401, xml("100", "AuthenticationFault"), AccessDenied, "100"),
        (500, xml("10000", "SystemFault"), Unavailable, "10000"),
        (400, xml("6270", "ValidationFault"), Rejected, "6270"),
        (400, xml("003200", "AUTHENTICATION", namespace="urn:other"), AccessDenied, "3200"),
        (503, "<html><title>Down</title></html>", Unavailable, None),
        (200, "<html><title>Hello</title></html>", Unavailable, None),
        (502, "", Unavailable, None),
        (404, "not here", Misconfigured, None),
        (403, "forbidden", AccessDenied, None),
        (200, "[1, 2]", Unavailable, None),
        (400, '{"Fault": null}', Unavailable, None),
        (400, '{"Fault": {"Error": []}}', Unavailable, None),
        (500, "<IntuitResponse><Fault>", Unavailable, None),
    ],
)
def test_every_shape_becomes_the_error_that_says_what_comes_next(
    status: int, body: str, kind: type[ConnectorError], code: str | None
) -> None:
    error = error_of(status, body)

    assert type(error) is kind
    assert error.code == code
    assert "some detail" not in str(error)
    assert "some message" not in str(error)


def test_the_support_id_and_the_wait_that_is_asked_for_are_kept() -> None:
    error = error_of(429, fault("3001"), intuit_tid="1-5f-7771", **{"Retry-After": "17"})

    assert (error.request_id, error.retry_after, error.status) == ("1-5f-7771", 17.0, 429)
    assert error_of(429, "", intuit_tid="<script>").request_id is None


def test_of_several_errors_the_one_counts_with_which_something_can_be_done() -> None:
    both = {"Fault": {"Error": [{"code": "2020", "Detail": "x"}, {"code": "6140", "Detail": "y"}]}}

    assert error_of(400, json.dumps(both)).code == "6140"


def test_a_document_type_is_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><IntuitResponse><Fault><Error code="100"/></Fault></IntuitResponse>'

    assert find_fault(httpx.Response(200, text=bomb)) is None


def test_names_of_fields_are_told_but_no_values() -> None:
    assert sentence_of(ErrorWire("2020", element="Line.Amount")).endswith("(QuickBooks error 2020, field Line.Amount)")
    assert sentence_of(ErrorWire("2020", element="Anna Arm <x>")).endswith("(QuickBooks error 2020)")


@pytest.mark.parametrize("code", [*MEANINGS, "77777", ""])
def test_every_code_makes_a_problem_with_a_sentence_and_a_way_on(code: str) -> None:
    problem = problem_of(ErrorWire(code), key(Kind.ORDER, 1))
    kind = MEANINGS[code].error if code in MEANINGS else None

    assert problem.code.startswith("quickbooks.")
    assert f"QuickBooks error {code or 'without code'}" in problem.message
    if kind and issubclass(kind, RecordError) and code != "600":
        assert problem.fate is Fate.SKIP
        assert problem.advice or code in ("5010",)
    if kind and issubclass(kind, RetryableError):
        assert problem.fate is Fate.RETRY
    if kind and issubclass(kind, FatalError):
        assert problem.message


RECORDINGS: dict[str, type[ConnectorError]] = {
    "system-failure": Unavailable,
    "system-failure-xml": Unavailable,
    "system-failure-in-200": Unavailable,
    "company-locked": Unavailable,
    "maintenance": Unavailable,
    "maintenance-html": Unavailable,
    "bad-gateway-html": Unavailable,
    "throttled": RateLimited,
    "throttled-xml": RateLimited,
    "throttled-403-xml": RateLimited,
    "authentication-xml": AccessDenied,
}


def test_what_stays_is_told_as_what_it_is(office: Office) -> None:
    met = {}
    for recording in RECORDINGS:
        office.twin.faults.add(path="/companyinfo", count=0, recording=recording)
        with pytest.raises(ConnectorError, match="books reading CompanyInfo: ") as error:
            office.open().check()
        met[recording] = type(error.value)
        office.twin.faults.clear()

    assert met == RECORDINGS


def test_what_passes_is_asked_again(office: Office) -> None:
    for recording, error in RECORDINGS.items():
        if issubclass(error, RetryableError):
            office.twin.faults.add(path="/companyinfo", count=2, recording=recording)
            assert office.open().check().place == "Twin eu"
