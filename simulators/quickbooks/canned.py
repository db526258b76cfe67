"""Ready answers that a fault can send: throttles, outages, maintenance (captured bodies and reported ones)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from simulators.http import Answer
from simulators.quickbooks.http import JSON, fault_xml
from simulators.quickbooks.numbers import encode, envelope_time
from simulators.quickbooks.refusals import Problem, Refusal
from simulators.quickbooks.throttle import throttled

_WHEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
_SYSTEM = Problem(
    "10000", "System Failure Error: Unexpected Internal Error", None,
    "An application error has occurred while processing your request",
)  # fmt: skip
_LOCKED = Problem("140", "CompanyLockedOut: the company is locked, statusCode: 400", None, "Company Locked Out")
_MAINTAINED = Problem("150", "CompanyUnderMaintenance: try later, statusCode: 503", None, "Company Under Maintenance")
# oauth-jsclient issue 91, python-quickbooks issue 120: XML although JSON was asked.
_STRANGER = Problem(
    "100", "AuthenticationErrorGeneral: SRV-110-Authentication Failure", None, "General Authentication Error"
)


def _fault(status: int, kind: str, problem: Problem) -> Answer:
    body = {"Fault": Refusal(problem, kind=kind).fault(), "time": envelope_time(_WHEN)}
    return Answer(status, encode(body), [("Content-Type", JSON)])


def _xml(status: int, kind: str, problem: Problem) -> Answer:
    body = fault_xml(Refusal(problem, kind=kind), envelope_time(_WHEN))
    return Answer(status, body, [("Content-Type", "application/xml")])


def _html(status: int, title: str) -> Answer:
    body = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Answer(status, body.encode(), [("Content-Type", "text/html")])


_ANSWERS = {
    "throttled": throttled(429, _WHEN, as_xml=False, retry_after=None),
    "throttled-xml": throttled(429, _WHEN, as_xml=True, retry_after=None),
    "throttled-403-xml": throttled(403, _WHEN, as_xml=True, retry_after=None),
    "system-failure": _fault(500, "SystemFault", _SYSTEM),
    "system-failure-xml": _xml(500, "SystemFault", _SYSTEM),
    "system-failure-in-200": _fault(200, "SystemFault", _SYSTEM),
    "company-locked": _fault(400, "SystemFault", _LOCKED),
    "maintenance": _fault(503, "SystemFault", _MAINTAINED),
    "maintenance-html": _html(503, "503 Service Temporarily Unavailable"),
    "bad-gateway-html": _html(502, "502 Bad Gateway"),
    "gateway-timeout-html": _html(504, "504 Gateway Time-out"),
    "authentication-xml": _xml(401, "AuthenticationFault", _STRANGER),
}


def canned_names() -> list[str]:
    """The answers that a fault can name."""
    return sorted(_ANSWERS)


def canned(name: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A ready answer, with ``headers`` in place of its own of the same name; raises ValueError that lists the known."""
    if name not in _ANSWERS:
        raise ValueError(f"No recording is called {name!r}. Known: {', '.join(canned_names())}.")
    answer = _ANSWERS[name]
    replaced = {header.lower() for header in headers or {}}
    kept = [(header, value) for header, value in answer.headers if header.lower() not in replaced]
    return Answer(answer.status, answer.body, [*kept, *(headers or {}).items()])


def stranger() -> Answer:
    """The XML answer to a token of another company."""
    return canned("authentication-xml")
