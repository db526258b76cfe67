"""The gate of the API: tokens and companies, with the refusals of the gateway in front of it."""

from typing import Any

from simulators.http import Answer
from simulators.quickbooks.canned import stranger
from simulators.quickbooks.company import Company
from simulators.quickbooks.http import JSON, Request
from simulators.quickbooks.numbers import encode
from simulators.quickbooks.site import Site

_SHORTEST_TOKEN = 20


class Shut(Exception):
    """The gate stays shut; ``answer`` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def entered(site: Site, request: Request, realm: str) -> Company:
    """The company that the caller's token opens; raises Shut with 401 or 403."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) < _SHORTEST_TOKEN:
        raise Shut(_gate(site, 401, "Malformed bearer token: too short or too long"))
    access = site.tokens.access(token)
    if access is None:
        raise Shut(_gate(site, 401, "Token revoked"))
    if site.clock.now() >= access.until:
        # Captured: the refusal repeats the token.
        raise Shut(_gate(site, 401, f"Token expired: {token}"))
    company = site.companies.get(realm)
    if company is None or access.realm != realm:
        raise Shut(stranger() if site.switches.wrong_realm == "100" else _gate(site, 403, None))
    return company


def _gate(site: Site, status: int, detail: str | None) -> Answer:
    """The lower-case envelope of 401 and 403 (captured for 401; 403 as in node-quickbooks issue 154)."""
    code, what = ("3200", "AuthenticationFailed") if status == 401 else ("3100", "ApplicationAuthorizationFailed")
    error = {
        "message": f"message={what}; errorCode=00{code}; statusCode={status}", "detail": detail, "code": code,
        "element": None,
    }  # fmt: skip
    body: dict[str, Any] = {
        "warnings": None, "intuitObject": None,
        "fault": {"error": [error], "type": "AUTHENTICATION" if status == 401 else "SERVICE"},
        "report": None, "queryResponse": None, "batchItemResponse": [], "attachableResponse": [],
        "syncErrorResponse": None, "requestId": None, "time": int(site.clock.now().timestamp() * 1000), "status": None,
        "cdcresponse": [],
    }  # fmt: skip
    headers = [("Content-Type", JSON), ("intuit_tid", site.next_tid())]
    if status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"'))
    return Answer(status, encode(body), headers)
