"""Calls to one company: authenticated, within the limits that all processes share, refusals typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import msgspec

from connectors.http import Call, Patience, open_client, send
from connectors.quickbooks.auth import TokenAuth
from connectors.quickbooks.faults import find_fault, refusal, tid
from connectors.quickbooks.pace import BATCHES, CALLS, Pace
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.quickbooks.wire import Entity, read_json
from db.connection_memory import ConnectionMemory
from domain.errors import Ambiguous, Misconfigured, RateLimited, Unavailable
from domain.usage import Purpose

# From 2025-08-01 on nothing lower is honoured (Intuit's blog of 2025-01-21).
MINOR_VERSION = 75
PAGE = 1000
MOST_ITEMS = 30
Body = dict[str, Any]


class BatchAnswer(NamedTuple):
    """The answer to each item of a batch by its bId, and the id by which Intuit's support finds the call."""

    items: dict[str, Body]
    request_id: str | None


class QuickBooksClient:
    """A company as questions and batches.

    Every method raises RetryableError when QuickBooks is busy, away or answers nonsense, FatalError when it refuses us
    or our question, and Missing when what is asked for by id is not there.
    """

    def __init__(
        self,
        settings: QuickBooksSettings,
        auth: TokenAuth,
        memory: ConnectionMemory,
        pace: Pace,
        patience: Patience,
        *,
        public_only: bool = False,
    ) -> None:
        self.connection = memory.connection
        self.realm_id = settings.realm_id
        self.pace = pace
        self._memory = memory
        self._patience = patience
        timeout = httpx.Timeout(pace.timeout, connect=10)
        self._http = open_client(settings.company_url, auth=auth, timeout=timeout, public_only=public_only)

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def read(self, path: str, entity: str) -> Entity:
        """Read one record by its path, such as ``invoice/12``."""
        return self.read_timed(path, entity)[0]

    def read_timed(self, path: str, entity: str) -> tuple[Entity, str]:
        """Read one record by its path, with QuickBooks' time."""
        body = self._ask(f"reading {entity}", path, {})
        found = body.get(entity)
        if not isinstance(found, dict):
            raise self._nonsense(f"reading {entity}", f"the answer holds no {entity}")
        return found, str(body.get("time", ""))

    def query(self, entity: str, conditions: Sequence[str] = ()) -> Iterator[Entity]:
        """Give all records that meet the conditions (``matching`` writes them), lowest id first, page by page.

        Inactive records of name lists come only when a condition asks for them.
        """
        start = 1
        while True:
            rows = self.query_page(entity, conditions, start)[0]
            yield from rows
            if len(rows) < PAGE:
                return
            start += PAGE

    def query_page(self, entity: str, conditions: Sequence[str], start: int) -> tuple[list[Entity], str]:
        """Give one page from the row ``start`` on, the first being 1, and QuickBooks' time."""
        where = f" where {' and '.join(conditions)}" if conditions else ""
        order = f"orderby Id startposition {start} maxresults {PAGE}"
        body = self._ask(f"listing {entity}", "query", {"query": f"select * from {entity}{where} {order}"})  # noqa: S608
        return _rows(body, entity), str(body.get("time", ""))

    def changes(self, entities: Sequence[str], since: str) -> tuple[dict[str, list[Entity]], str]:
        """Give what changed in these lists since a moment, in one call, and QuickBooks' time."""
        body = self._ask("listing changes", "cdc", {"entities": ",".join(entities), "changedSince": since})
        found: dict[str, list[Entity]] = {entity: [] for entity in entities}
        for answer in body.get("CDCResponse") or []:
            for block in answer.get("QueryResponse") or []:
                for entity in entities:
                    found[entity] += block.get(entity) or []
        return found, str(body.get("time", ""))

    def send_batch(self, request_id: str, texts: Sequence[str]) -> BatchAnswer:
        """Send a batch of items, each JSON text with a bId of its own, and give what is answered.

        Refused for haste it is sent again, each time noted as sent; nothing else is repeated.

        Raises:
            Ambiguous: nobody knows whether anything of it was done.
            RetryableError: not now; nothing of it was done.
            Rejected: QuickBooks refuses the batch as a whole; nothing of it was done.
            FatalError: QuickBooks refuses us; nothing of it was done.
        """
        content = f'{{"BatchItemRequest":[{",".join(texts)}]}}'.encode()

        def ask() -> tuple[Body, str | None]:
            self._wait_for(BATCHES)
            self._wait_for(CALLS, Purpose.WRITE)
            self._memory.mark_sent(request_id)
            return self._send_batch(request_id, content)

        body, found_by = self._patience.insist(ask)
        answers = body.get("BatchItemResponse")
        if not isinstance(answers, list):
            raise self._call("writing a batch").error(Ambiguous, "the answer to a batch holds no answers to its items")
        items = {str(answer.get("bId")): answer for answer in answers if isinstance(answer, dict)}
        return BatchAnswer(items, found_by)

    def _send_batch(self, request_id: str, content: bytes) -> tuple[Body, str | None]:
        call = self._call("writing a batch")
        params: dict[str, str | int] = {"minorversion": MINOR_VERSION, "requestid": request_id}
        try:
            response = send(self._http, call, "POST", "batch", params=params, json=content)
            return self._body(response, call), tid(response)
        except Unavailable as error:
            doubt = call.error(Ambiguous, str(error.args[0]))
            doubt.status, doubt.code, doubt.request_id = error.status, error.code, error.request_id
            raise doubt from None

    def _ask(self, operation: str, path: str, params: Mapping[str, str]) -> Body:
        call = self._call(operation)

        def ask() -> Body:
            self._wait_for(CALLS, Purpose.READ)
            response = send(self._http, call, "GET", path, params={**params, "minorversion": MINOR_VERSION})
            return self._body(response, call)

        return self._patience.insist(ask)

    def _body(self, response: httpx.Response, call: Call) -> Body:
        self._assert_realm(response)
        fault = find_fault(response)
        if response.status_code != httpx.codes.OK or fault is not None:
            error = refusal(response, call, fault)
            if isinstance(error, RateLimited):
                error.retry_after = max(error.retry_after or 0, self.pace.rest)
                self._memory.postpone_calls(CALLS, error.retry_after)
            raise error
        try:
            # Changes come as text/plain: the type says nothing.
            return read_json(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise refusal(response, call, None) from None

    def _wait_for(self, bucket: str, counts_as: Purpose | None = None) -> None:
        limits = self.pace.batches if bucket == BATCHES else self.pace.calls
        wait = self._memory.reserve_call(bucket, limits, counts_as)
        if wait > 0:
            self.pace.sleep(wait)

    def _assert_realm(self, response: httpx.Response) -> None:
        # QuickBooks repeats the realm nowhere in a body: what can be checked is where the answer came from.
        if f"/company/{self.realm_id}/" not in response.request.url.path:
            raise Misconfigured("a call went to another company than the one connected", connection=self.connection)

    def _nonsense(self, operation: str, message: str) -> Unavailable:
        return Unavailable(message, connection=self.connection, operation=operation)

    def _call(self, operation: str) -> Call:
        return Call(self.connection, operation)


def matching(field: str, value: str) -> str:
    """Write the condition that the field has this value, whatever is in it."""
    return f"{field} = {_quoted(value)}"


def any_of(field: str, values: Sequence[str]) -> str:
    """Write the condition that the field has one of the values."""
    return f"{field} in ({', '.join(map(_quoted, values))})"


def _quoted(value: str) -> str:
    # Escaped with a backslash, as "Data queries" at developer.intuit.com says; never doubled as in SQL.
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _rows(body: Body, entity: str) -> list[Entity]:
    answer = body.get("QueryResponse")
    return list((answer or {}).get(entity) or [])
