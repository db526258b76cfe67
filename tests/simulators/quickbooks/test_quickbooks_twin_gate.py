"""The gate of the API: which token opens which company."""

from typing import Any

import httpx

from simulators.quickbooks.modes import Setup
from tests.simulators.quickbooks.books import NO_CERTIFICATES, Body, Books
from tests.simulators.quickbooks.conftest import OpenBooks


def call(books: Books, token: str, realm: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    address = f"{books.twin.url}/v3/company/{realm or books.realm}/item/1"
    return httpx.get(address, headers=headers, verify=NO_CERTIFICATES)


def gate(answer: httpx.Response) -> tuple[int, str, Any]:
    body: Body = answer.json()
    assert {"warnings", "intuitObject", "fault", "report", "batchItemResponse", "time", "cdcresponse"} <= set(body)
    assert isinstance(body["time"], int)
    error = body["fault"]["error"][0]
    return answer.status_code, error["code"], error["detail"]


def test_the_gate_answers_401_in_its_own_shape(books: Books) -> None:
    token = books.twin.tokens()["access_token"]
    books.twin.world.expire_access()

    expired, malformed, unknown = call(books, token), call(books, "short"), call(books, "x" * 40)

    assert gate(expired) == (401, "3200", f"Token expired: {token}")
    assert gate(malformed) == (401, "3200", "Malformed bearer token: too short or too long")
    assert gate(unknown)[:2] == (401, "3200")
    assert expired.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert expired.json()["fault"]["type"] == "AUTHENTICATION"
    missing = httpx.get(f"{books.twin.url}/v3/company/{books.realm}/item/1", verify=NO_CERTIFICATES)
    assert missing.status_code == 401


def test_a_token_opens_only_its_own_company(open_books: OpenBooks) -> None:
    books = open_books("us", others=[Setup("eu")])
    first, second = books.twin.realms
    token = books.twin.tokens(second)["access_token"]

    foreign = call(books, token, first)

    assert call(books, token, second).status_code == 200
    assert gate(foreign) == (403, "3100", None)
    assert foreign.json()["fault"]["type"] == "SERVICE"
    assert call(books, token, "123").status_code == 403
    books.twin.switches.wrong_realm = "100"
    strange = call(books, token, first)
    assert strange.headers["Content-Type"] == "application/xml"
    assert '<Fault type="AuthenticationFault"><Error code="100">' in strange.text
