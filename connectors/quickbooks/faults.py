"""What QuickBooks' refusals come as, and the error or problem of ours that each becomes."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import httpx
import msgspec

from connectors.http import Call
from connectors.quickbooks.meanings import MEANINGS, RECONNECT, THROTTLED, meaning_of, sentence_of
from connectors.quickbooks.wire import ErrorWire, FaultWire, read_json
from domain.errors import (
    AccessDenied,
    Ambiguous,
    ConnectorError,
    FatalError,
    Misconfigured,
    RateLimited,
    RetryableError,
    Unavailable,
)
from domain.keys import RecordKey
from domain.problems import Fate, Problem


def problem_of(error: ErrorWire, key: RecordKey) -> Problem:
    """Give the problem that a fault of one item of a batch is to its record."""
    meaning = meaning_of(error)
    fate = Fate.SKIP
    if issubclass(meaning.error, RetryableError | Ambiguous):
        fate = Fate.RETRY
    return Problem(
        code=f"quickbooks.{meaning.word}",
        message=sentence_of(error),
        fate=fate,
        key=key,
        advice=meaning.advice or None,
    )


def find_fault(response: httpx.Response) -> FaultWire | None:
    """Find the fault of an answer, in whatever shape and under whatever status it comes; None when there is none."""
    if response.content.lstrip()[:1] == b"<":
        return _xml_fault(response.content)
    try:
        body = read_json(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return fault_in(body)


def fault_in(body: dict[str, Any]) -> FaultWire | None:
    """Find the fault in a decoded answer or item: ``Fault``, or ``fault`` where the gateway refuses."""
    found = body.get("Fault") or body.get("fault")
    if not isinstance(found, dict):
        return None
    errors = found.get("Error") or found.get("error") or []
    kept = tuple(_error(entry) for entry in errors if isinstance(entry, dict))
    return FaultWire(kept, str(found.get("type") or ""))


def refusal(response: httpx.Response, call: Call, fault: FaultWire | None) -> ConnectorError:
    """Give the error that an answer stands for that is none of success."""
    error = _refusal(response, call, fault)
    error.request_id = tid(response)
    return error


def tid(response: httpx.Response) -> str | None:
    """Give the id by which Intuit's support finds the request."""
    found = response.headers.get("intuit_tid", "")
    return found if re.fullmatch(r"[\w-]{1,80}", found) else None


def _refusal(response: httpx.Response, call: Call, fault: FaultWire | None) -> ConnectorError:
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return call.error(RateLimited, MEANINGS[THROTTLED].sentence, response)
    if fault is not None and fault.errors:
        error = call.error(meaning_of(fault.decisive).error, _advised(fault.decisive), response)
        error.code = fault.decisive.code
        return error
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return call.error(AccessDenied, f"QuickBooks refuses the token; {RECONNECT}", response)
    if response.status_code == httpx.codes.NOT_FOUND:
        return call.error(Misconfigured, "there is no QuickBooks company at this address; check the realm id", response)
    return call.error(Unavailable, f"the answer is none: status {response.status_code}, {_kind(response)}", response)


def _advised(error: ErrorWire) -> str:
    meaning = meaning_of(error)
    return (
        f"{sentence_of(error)}; {meaning.advice}"
        if meaning.advice and issubclass(meaning.error, FatalError)
        else (sentence_of(error))
    )


def _kind(response: httpx.Response) -> str:
    start = response.content.lstrip()[:1]
    return {b"<": "a web page", b"{": "JSON of another shape", b"": "nothing"}.get(start, "no whole JSON")


def _error(entry: dict[str, Any]) -> ErrorWire:
    # Fields may be missing, null, and code a number where the gateway speaks.
    code = str(entry.get("code") or "").lstrip("0")
    message = str(entry.get("Message") or entry.get("message") or "")
    detail = str(entry.get("Detail") or entry.get("detail") or "")
    return ErrorWire(code, message, detail, str(entry.get("element") or ""))


def _xml_fault(content: bytes) -> FaultWire | None:
    # A document type could make a small answer swell without end; no answer of QuickBooks has one.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return None
    try:
        root = ElementTree.fromstring(content)  # noqa: S314
    except ElementTree.ParseError:
        return None
    fault = next((node for node in root.iter() if _tag(node) == "Fault"), None)
    if fault is None:
        return None
    errors = tuple(_xml_error(node) for node in fault if _tag(node) == "Error")
    return FaultWire(errors, fault.get("type", ""))


def _xml_error(node: ElementTree.Element) -> ErrorWire:
    texts = {_tag(child): (child.text or "").strip() for child in node}
    code = node.get("code", "").lstrip("0")
    return ErrorWire(code, texts.get("Message", ""), texts.get("Detail", ""), node.get("element", ""))


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
