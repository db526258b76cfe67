"""What Supabase's REST API means when it refuses: what to do next, and one sentence without row values."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import httpx
import msgspec

from connectors.http import Call
from connectors.supabase.keys import ADVICE
from connectors.supabase.sqlstates import AWAY, REFUSALS, by_state, refusal
from domain.errors import AccessDenied, ConnectorError, Misconfigured, RateLimited, Rejected, Unavailable

Meaning = tuple[type[ConnectorError], str]

NO_TABLE = frozenset({"PGRST205", "42P01"})
"""The codes of a table that is not there, or that the API has not noticed yet."""

_RUN_SQL = "run the SQL that unisync warehouse sql --schema {schema} prints in the SQL editor of the dashboard"

# By status (supabase.com/docs/guides/platform/http-status-codes; 413 and 429 as in RFC 9110).
_STATUSES: dict[int, Meaning] = {
    401: (AccessDenied, f"the project at {{place}} refuses the service key: it is revoked or of another one; {ADVICE}"),
    402: (AccessDenied, "Supabase restricts the project at {place}: its dashboard tells which limit or bill is open"),
    413: (Rejected, refusal("it is larger than the API takes")),
    429: (RateLimited, "the project at {place} wants fewer calls"),
    540: (Unavailable, "the project at {place} is paused: let its owner restore it in the Supabase dashboard"),
    544: (Unavailable, "the project at {place} took too long to answer"),
}
# By code (docs.postgrest.org/en/stable/references/errors.html).
_CODES: dict[str, Meaning] = {
    "PGRST103": (Unavailable, "rows of the project at {place} came or went while they were read"),
    "PGRST106": (
        Misconfigured,
        "the project at {place} does not expose the schema {schema}: add it in the Supabase dashboard under Settings, "
        "API, Exposed schemas, and " + _RUN_SQL,
    ),
    "PGRST204": (
        Misconfigured,
        "the API of {place} does not know a column that is needed: " + _RUN_SQL + ", which also reloads what it knows",
    ),
    "42703": (Misconfigured, "a table in the schema {schema} of {place} lacks a column: " + _RUN_SQL),
    **dict.fromkeys(
        NO_TABLE,
        (Misconfigured, "the schema {schema} of {place} lacks a table, or its API does not know it: " + _RUN_SQL),
    ),
    "42501": (Misconfigured, "the service key lacks a right in the schema {schema} of {place}: " + _RUN_SQL),
    "25006": (Misconfigured, "the database of {place} is read-only: it is a replica, or its disk is full"),
}
_CODE = re.compile(r"[A-Z0-9]{5,8}")
_RULE = re.compile(r'(?:constraint|column) "([^"]+)"')


class Where(NamedTuple):
    """The project and the schema that a call was for."""

    place: str
    schema: str

    def fill(self, sentence: str) -> str:
        """Put their names into a sentence."""
        return sentence.replace("{place}", self.place).replace("{schema}", self.schema)


class Said(msgspec.Struct):
    """The body of a refusal, by PostgREST or by the gateway before it."""

    code: Any = None
    message: Any = None


def explain(response: httpx.Response, call: Call, where: Where) -> ConnectorError:
    """Give the error of a call that was refused: Rejected for the fault of a record, else what stands in its way."""
    try:
        said = msgspec.json.decode(response.content, type=Said)
    except (msgspec.DecodeError, RecursionError):
        kind, sentence = _page(response.status_code)
        return call.error(kind, where.fill(sentence), response)
    # Whatever it is that answers: only what looks like a code is shown.
    code = said.code if isinstance(said.code, str) and _CODE.fullmatch(said.code) else ""
    kind, sentence = _meaning(response.status_code, code, str(said.message or ""))
    # The name of a rule, which users choose, is not to be filled in.
    error = call.error(kind, sentence if kind is Rejected else where.fill(sentence), response)
    error.code = code or None
    return error


def _meaning(status: int, code: str, message: str) -> Meaning:
    if status in _STATUSES:
        return _STATUSES[status]
    if code in _CODES:
        return _CODES[code]
    if reason := by_state(REFUSALS, code):
        rule = _RULE.search(message) if code.startswith("23") else None
        return Rejected, refusal(reason, rule[1] if rule else None, code)
    if away := by_state(AWAY, code):
        return Unavailable, f"{away} ({{place}})"
    if status == httpx.codes.NOT_FOUND and not code:
        return _page(status)
    told = f"(HTTP {status} {code})" if code else f"(HTTP {status})"
    if status < httpx.codes.INTERNAL_SERVER_ERROR:
        return Misconfigured, f"the API of {{place}} does not take what PostgREST takes {told}: is it one?"
    return Unavailable, f"the API of {{place}} has trouble of its own {told}"


def _page(status: int) -> Meaning:
    """Say what an answer means that is no JSON, or is not of PostgREST: something else answers in its place."""
    if status in _STATUSES:
        return _STATUSES[status]
    if status == httpx.codes.FORBIDDEN:
        return AccessDenied, "something before the project at {place} turns us away (HTTP 403): a firewall perhaps"
    if httpx.codes.MULTIPLE_CHOICES <= status < httpx.codes.INTERNAL_SERVER_ERROR:
        return (
            Misconfigured,
            f"there is no Supabase API at {{place}} (HTTP {status}): correct the address of the project",
        )
    return (
        Unavailable,
        f"{{place}} answers with a page instead of data (HTTP {status}): the project is paused or restarts",
    )
