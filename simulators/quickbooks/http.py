"""What is Intuit's about requests and answers: parameters, headers, envelopes, XML on request."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape, quoteattr

from simulators import http
from simulators.http import Answer
from simulators.quickbooks.numbers import encode, envelope_time
from simulators.quickbooks.refusals import Refusal

JSON = "application/json"
_XML_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = ("domain", "sparse", "status", "startPosition", "maxResults", "totalCount")
# Captured: these stand on successes only, faults come without them.
_SUCCESS = [("QBO-Version", "1988.128"), ("Service-Time", "total=20, db=10"), ("Expires", "0")]
_NEVER_CACHED = [("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")]


class Request(http.Request):
    """One request; ``params`` are its query."""

    params: dict[str, str] = {}  # noqa: RUF012 -- msgspec gives every request a dict of its own

    def __post_init__(self) -> None:
        self.params = dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def wants_json(self) -> bool:
        """Whether JSON is accepted; XML is what Intuit answers otherwise."""
        return JSON in self.headers.get("accept", "")


def answered(site: Any, request: Request, content: dict[str, Any]) -> Answer:
    """A success in its envelope."""
    body = {**content, "time": envelope_time(site.clock.now())}
    headers = [("Content-Type", f"{JSON};charset=utf-8"), *_SUCCESS, *_NEVER_CACHED, ("intuit_tid", site.next_tid())]
    if request.wants_json:
        return Answer(200, encode(body), headers)
    headers[0] = ("Content-Type", "application/xml;charset=UTF-8")
    return Answer(200, xml(body).encode(), headers)


def refused(site: Any, request: Request, error: Refusal) -> Answer:
    """A fault in its envelope; with HTTP 200 where the switch says so."""
    status = 200 if site.switches.faults_in_200 else error.status
    body: dict[str, Any] = {"Fault": error.fault()}
    if error.timed:
        body["time"] = envelope_time(site.clock.now())
    headers = [("Content-Type", JSON), ("intuit_tid", site.next_tid())]
    if request.wants_json:
        return Answer(status, encode(body), headers)
    headers[0] = ("Content-Type", "application/xml")
    return Answer(status, fault_xml(error, envelope_time(site.clock.now())), headers)


def fault_xml(error: Refusal, time: str) -> bytes:
    """A fault as XML (captured: 429, 6270)."""
    errors = "".join(
        f"<Error{_attributes({'code': problem.code, 'element': problem.element})}>"
        f"<Message>{escape(problem.shown()['Message'])}</Message><Detail>{escape(problem.detail)}</Detail></Error>"
        for problem in error.problems
    )
    fault = f'<Fault type="{error.kind}">{errors}</Fault>'
    return f'{_XML_HEAD}<IntuitResponse xmlns="{_NAMESPACE}" time="{time}">{fault}</IntuitResponse>'.encode()


def xml(body: dict[str, Any]) -> str:
    """An answer as XML: attributes for domain, sparse and paging, text for references (captured shapes)."""
    inner = "".join(_element(name, value) for name, value in body.items() if name != "time")
    return f'{_XML_HEAD}<IntuitResponse xmlns="{_NAMESPACE}" time="{body["time"]}">{inner}</IntuitResponse>'


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if not isinstance(value, dict):
        return f"<{name}>{_text(value)}</{name}>"
    if "value" in value:
        label = f" name={quoteattr(value['name'])}" if "name" in value else ""
        return f"<{name}{label}>{escape(str(value['value']))}</{name}>"
    outside = {member: value[member] for member in _ATTRIBUTES if member in value}
    inner = "".join(_element(member, item) for member, item in value.items() if member not in outside)
    return f"<{name}{_attributes(outside)}>{inner}</{name}>"


def _attributes(values: Mapping[str, Any]) -> str:
    return "".join(f' {name}="{_text(value)}"' for name, value in values.items() if value is not None)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
