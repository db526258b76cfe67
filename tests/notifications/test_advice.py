"""Advice for what went wrong, measured against causes that were labelled before there was a catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from connectors.http import Call, send
from connectors.quickbooks.faults import fault_in, find_fault, problem_of
from connectors.quickbooks.faults import refusal as refusal_of_quickbooks
from connectors.supabase.failures import explain
from connectors.supabase.places import place_of, read_url
from connectors.woocommerce.answers import read_listing, refusal
from db.connection_memory import RECONNECT
from domain.errors import ConnectorError
from domain.keys import System
from domain.problems import Fate, Problem
from notifications.advice import GENERAL, Cause, advise, catalogue, cause_of_error, cause_of_problem
from notifications.guide import guide
from tests.records import key_of

HERE = Path(__file__).parent
RECORDINGS = HERE.parent.parent / "simulators" / "woocommerce" / "recordings" / "errors"
LABELLED: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "labelled_causes.yaml").read_text())
NO_ERRORS = ("200-", "201-", "store-bom")
PLACE = place_of(read_url("postgresql://postgres:secret@db.example:5432/postgres"))


def answered(status: int, body: str | bytes, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=body, headers=headers, request=httpx.Request("GET", "https://x.example"))


def quickbooks(row: dict[str, Any]) -> Iterator[Cause]:
    """A fault of a whole request, and the same fault of one record."""
    error = {"Message": "message", "Detail": row.get("detail", "detail"), "code": row["code"], "element": ""}
    response = answered(row.get("status", 400), json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}}))
    yield cause_of_error(
        refusal_of_quickbooks(response, Call("books", "post"), find_fault(response)), System.QUICKBOOKS
    )
    fault = fault_in(json.loads(response.content))
    assert fault is not None
    yield cause_of_problem(problem_of(fault.decisive, key_of(1)), System.QUICKBOOKS)


def woocommerce(row: dict[str, Any]) -> Iterator[Cause]:
    head = json.loads((RECORDINGS / f"{row['recorded']}.head.json").read_text())
    response = answered(head["status"], (RECORDINGS / f"{row['recorded']}.body").read_bytes())
    yield cause_of_error(error_of_shop(response), System.WOOCOMMERCE)


def http(row: dict[str, Any]) -> Iterator[Cause]:
    headers = {"Location": row["location"]} if "location" in row else {}
    yield cause_of_error(error_of_shop(answered(row["status"], b"", **headers)), System.WOOCOMMERCE)


def error_of_shop(response: httpx.Response) -> ConnectorError:
    call = Call("shop", "read")
    if response.status_code >= httpx.codes.BAD_REQUEST:
        return refusal(response, call)
    with pytest.raises(ConnectorError) as caught:
        read_listing(response, call)
    return caught.value


def network(row: dict[str, Any]) -> Iterator[Cause]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise getattr(httpx, row["raised"])(row.get("says", ""), request=request)

    client = httpx.Client(base_url="https://x.example", transport=httpx.MockTransport(fail))
    with client, pytest.raises(ConnectorError) as caught:
        send(client, Call("any", "read"), "GET", "/")
    yield cause_of_error(caught.value, System(row["system"]))


def warehouse(row: dict[str, Any]) -> Iterator[Cause]:
    made: Exception = psycopg.OperationalError(row.get("says", ""))
    if state := row.get("sqlstate"):
        made = psycopg.errors.lookup(state)(row.get("says", ""))
    yield cause_of_error(explain(made, PLACE, "warehouse", "write"), System.SUPABASE)


def problems(row: dict[str, Any]) -> Iterator[Cause]:
    problem = Problem(code=row["code"], message="It did not work.", fate=Fate.SKIP, key=key_of(1))
    yield cause_of_problem(problem, System.QUICKBOOKS)


def ours(row: dict[str, Any]) -> Iterator[Cause]:
    yield Cause(error=row.get("error", ""), event=row.get("event", ""), message=row["says"])


def intuit(row: dict[str, Any]) -> Iterator[Cause]:
    """As the connector words it when access cannot be renewed; that it does so is tested beside it."""
    error, message = {
        "invalid_grant": ("AccessDenied", RECONNECT),
        "invalid_client": ("Misconfigured", "Intuit does not know client_id and client_secret; copy both again"),
        "unauthorized_client": ("Misconfigured", "Intuit does not know client_id and client_secret; copy both again"),
    }.get(row["error"], ("Unavailable", f"Intuit renews no access: status {row['status']}"))
    if row["status"] == httpx.codes.TOO_MANY_REQUESTS:
        error, message = "RateLimited", "Intuit wants fewer calls"
    yield Cause(system=System.QUICKBOOKS, error=error, status=row["status"], message=message)


READERS = {
    reader.__name__: reader for reader in (quickbooks, woocommerce, http, network, warehouse, problems, ours, intuit)
}
CASES = [(source, row) for source, rows in LABELLED.items() for row in rows]


def test_at_least_95_of_100_labelled_causes_get_the_right_advice() -> None:
    wrong = [
        (source, row, advise(cause).topic)
        for source, row in CASES
        for cause in READERS[source](row)
        if advise(cause).topic != row["topic"]
    ]
    total = sum(1 for source, row in CASES for _ in READERS[source](row))
    assert len(wrong) <= total * 0.05, "\n".join(map(str, wrong))


def test_every_recorded_error_of_a_shop_gets_the_right_advice() -> None:
    advised = {row["recorded"]: advise(cause).topic for row in LABELLED["woocommerce"] for cause in woocommerce(row)}
    assert advised == {row["recorded"]: row["topic"] for row in LABELLED["woocommerce"]}


def test_every_recorded_error_of_a_shop_is_labelled() -> None:
    recorded = {path.name.removesuffix(".body") for path in RECORDINGS.glob("*.body")}
    labelled = {row["recorded"] for row in LABELLED["woocommerce"]}
    assert {name for name in recorded if not name.startswith(NO_ERRORS)} == labelled


def test_what_nobody_knows_gets_the_general_answer() -> None:
    assert advise(Cause(message="the moon is in the wrong house")) == GENERAL


def test_the_catalogue_knows_at_least_60_causes_each_with_steps_and_a_name_of_its_own() -> None:
    topics = [advice.topic for advice, _ in catalogue()]
    assert len(topics) == len(set(topics)) >= 60
    assert all(advice.steps and matches for advice, matches in catalogue())


def test_the_guide_in_the_docs_is_the_catalogue() -> None:
    page = HERE.parent.parent / "docs" / "troubleshooting.md"
    assert page.read_text() == guide(), "run: python -m notifications.guide"
