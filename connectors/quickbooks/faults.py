"""What QuickBooks' refusals mean: an error of ours, one sentence, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import httpx
import msgspec

from connectors.http import Call
from connectors.quickbooks.wire import ErrorWire, FaultWire, read_json
from domain.errors import (
    AccessDenied,
    Ambiguous,
    Conflict,
    ConnectorError,
    FatalError,
    Misconfigured,
    Missing,
    RateLimited,
    Rejected,
    RetryableError,
    Unavailable,
)
from domain.keys import RecordKey
from domain.problems import Fate, Problem

THROTTLED = "3001"


@dataclass(frozen=True)
class Meaning:
    """What a code stands for; ``word`` is the end of the code of a problem."""

    error: type[ConnectorError]
    word: str
    sentence: str
    advice: str = ""


_RECONNECT = "connect the company anew as one of its administrators"
_REMAP = "activate it again in QuickBooks, or map the record to another one"
_MAPPING = "correct the mapping or the posting policy, or the record in the shop"
_UNPAID = "renew the subscription of the company, or switch the connection off"

# Codes and their meaning: developer.intuit.com "Error codes" and "Handling common errors".
MEANINGS = {
    "": Meaning(Unavailable, "silent", "QuickBooks did not say what became of it"),
    "100": Meaning(AccessDenied, "access", "QuickBooks refuses the token for this company", _RECONNECT),
    "110": Meaning(AccessDenied, "access", "QuickBooks refuses the token", _RECONNECT),
    "120": Meaning(AccessDenied, "access", "the user who connected the company lost the right to it", _RECONNECT),
    "130": Meaning(Unavailable, "away", "QuickBooks looks for the company in the wrong place"),
    "140": Meaning(Unavailable, "away", "the company is locked for the moment"),
    "150": Meaning(Unavailable, "away", "the company is under maintenance"),
    "500": Meaning(Rejected, "unsupported", "QuickBooks does not know this operation", _MAPPING),
    "600": Meaning(Ambiguous, "repeated", "QuickBooks saw this request before"),
    "610": Meaning(Missing, "missing", "something it refers to is not there or was made inactive", _REMAP),
    "620": Meaning(Rejected, "unlinkable", "the documents cannot be linked", "check customer, type and open balance"),
    "2010": Meaning(Rejected, "property", "QuickBooks does not know a field that was sent", _MAPPING),
    "2020": Meaning(Rejected, "required", "a required field is missing", _MAPPING),
    "2030": Meaning(Rejected, "id", "an id is none", _MAPPING),
    "2040": Meaning(Rejected, "character", "a text holds a character that is not allowed there", _MAPPING),
    "2050": Meaning(Rejected, "length", "a text is too long", _MAPPING),
    "2210": Meaning(Rejected, "email", "an e-mail address is none", "correct the address in the shop"),
    "2220": Meaning(Rejected, "currency", "the company does not know this currency", _MAPPING),
    "2280": Meaning(Rejected, "tax", "a tax code came without an amount of tax", _MAPPING),
    "2290": Meaning(Rejected, "negative", "a line is negative where none may be", _MAPPING),
    "2500": Meaning(Rejected, "reference", "it refers to a record that the company does not have", _REMAP),
    "3000": Meaning(Rejected, "custom_field", "a custom field is not switched on in the company", _MAPPING),
    "3001": Meaning(RateLimited, "throttled", "QuickBooks wants fewer calls"),
    "3100": Meaning(AccessDenied, "access", "the token belongs to another company, or lost its right", _RECONNECT),
    "3200": Meaning(AccessDenied, "access", "QuickBooks refuses the token", _RECONNECT),
    "4000": Meaning(Misconfigured, "query", "QuickBooks cannot read our question"),
    "4001": Meaning(Misconfigured, "query", "QuickBooks does not answer this question"),
    "4002": Meaning(Unavailable, "query", "QuickBooks could not work on our question"),
    "5010": Meaning(Conflict, "changed_meanwhile", "somebody changed it in QuickBooks meanwhile"),
    "5020": Meaning(Rejected, "plan", "the company's plan or the user's role does not allow this", "upgrade the plan"),
    "5030": Meaning(Rejected, "plan", "the company does not have this feature", "switch the feature on in QuickBooks"),
    "6000": Meaning(Rejected, "business", "it breaks a rule of the books", _MAPPING),
    "6070": Meaning(Rejected, "amount", "an amount is not price times quantity", _MAPPING),
    "6100": Meaning(Rejected, "tax", "a line of a US company takes only the tax codes TAX and NON", _MAPPING),
    "6140": Meaning(Rejected, "number", "another document has this number", "choose another prefix for numbers"),
    "6160": Meaning(Rejected, "tax", "this tax code cannot be used", _MAPPING),
    "6190": Meaning(Misconfigured, "subscription", "the company's subscription has ended", _UNPAID),
    "6200": Meaning(
        Rejected, "closed", "the books are closed for its date", "open the period, or leave the record out"
    ),
    "6210": Meaning(
        Rejected, "closed", "the books are closed for its date", "open the period, or leave the record out"
    ),
    "6230": Meaning(Rejected, "tax", "this tax code cannot be used", _MAPPING),
    "6240": Meaning(Rejected, "name", "its name is taken", "rename one of the two"),
    "6250": Meaning(Rejected, "customer", "its customer is missing or inactive", _REMAP),
    "6270": Meaning(Rejected, "stock_start", "it is older than the item's stock", "move the item's start date back"),
    "6430": Meaning(Rejected, "account", "the account is of the wrong type", _MAPPING),
    "6440": Meaning(Rejected, "line", "a line with an amount has no item", _MAPPING),
    "6480": Meaning(Rejected, "matched", "it is matched to a bank transaction", "unmatch it in QuickBooks"),
    "6540": Meaning(Rejected, "deposited", "it is part of a deposit", "take it out of the deposit in QuickBooks"),
    "10000": Meaning(Unavailable, "failure", "QuickBooks failed inside"),
    "10200": Meaning(Misconfigured, "reset", "the company was reset and its ids are gone", "start a full run anew"),
}
_OTHER = Meaning(Rejected, "refused", "QuickBooks refuses it", _MAPPING)
_FAILURE = Meaning(Unavailable, "failure", "QuickBooks failed inside")


def meaning_of(error: ErrorWire) -> Meaning:
    """Tell what an error means; a code nobody heard of is a refusal, unless it says that the operation broke."""
    if error.code in ("1000", "1010", "1020") or (error.code.isdecimal() and int(error.code) > 10200):
        return MEANINGS.get(error.code, _FAILURE)
    return MEANINGS.get(error.code, _OTHER)


def sentence_of(error: ErrorWire) -> str:
    """Say what is wrong in one sentence, with QuickBooks' code and the name of the field, but none of its values."""
    field = f", field {error.element}" if re.fullmatch(r"[A-Za-z][\w.\[\]]{0,80}", error.element) else ""
    return f"{meaning_of(error).sentence} (QuickBooks error {error.code or 'without code'}{field})"


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
        return call.error(AccessDenied, f"QuickBooks refuses the token; {_RECONNECT}", response)
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
