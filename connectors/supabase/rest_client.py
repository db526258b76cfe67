"""Calls to the REST API of one Supabase project: keyed, patient, read to the last row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from connectors.call_count import CallCount
from connectors.http import Call, Patience, open_client, send
from connectors.supabase.keys import is_jwt
from connectors.supabase.rest_failures import Where, explain
from connectors.supabase.settings import RestCredentials, RestSettings
from domain.errors import Unavailable
from domain.keys import ConnectionName

Params = Mapping[str, str | int]

# Amounts are compared to the last digit.
_ROWS = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)
_TOTAL = re.compile(r"(?:\d+-\d+|\*)/(\d+)")


class RestClient:
    """The tables of one schema of one project, as lists of rows.

    Every method raises RetryableError when the project is busy or away, FatalError when it refuses us, and Rejected
    when a row cannot be stored; all that it does may be done twice.
    """

    def __init__(
        self,
        connection: ConnectionName,
        settings: RestSettings,
        credentials: RestCredentials,
        *,
        patience: Patience | None = None,
        public_only: bool = False,
        calls: CallCount | None = None,
    ) -> None:
        self.where = Where(settings.project_url, settings.schema_name)
        self._connection = connection
        self._patience = patience or Patience()
        self._http = open_client(f"{settings.project_url}/rest/v1/", public_only=public_only)
        self._calls = calls
        if calls is not None:
            calls.watch(self._http)
        key = credentials.service_key.get_secret_value()
        # docs.postgrest.org/en/stable/references/api/schemas.html: the former names the schema of reads.
        schema = self.where.schema
        self._http.headers.update({"apikey": key, "Accept-Profile": schema, "Content-Profile": schema})
        if is_jwt(key):
            self._http.headers["Authorization"] = f"Bearer {key}"

    def ask(
        self, operation: str, method: str, table: str, params: Params, *, prefer: str = "", body: bytes | None = None
    ) -> httpx.Response:
        """Make one call to a table and give its answer, which is a success."""
        call = Call(self._connection, operation)
        headers = {"Prefer": prefer} if prefer else {}

        def attempt() -> httpx.Response:
            response = send(self._http, call, method, table, params=params, json=body, headers=headers)
            if not response.is_success:
                raise explain(response, call, self.where)
            return response

        return self._patience.insist(attempt)

    def rows(self, operation: str, table: str, params: Params) -> list[dict[str, Any]]:
        """Give all rows that a query finds, in its order, which must be one that leaves no choice.

        A project cuts every answer after its "Max rows" (1,000 unless changed) and tells so only beside the rows.
        """
        rows: list[dict[str, Any]] = []
        while True:
            response = self.ask(operation, "GET", table, {**params, "offset": len(rows)}, prefer="count=exact")
            page, total = self.read(operation, response), _TOTAL.fullmatch(response.headers.get("Content-Range", ""))
            rows += page
            if total and len(rows) >= int(total[1]):
                return rows
            if total is None or not page:
                raise Call(self._connection, operation).error(
                    Unavailable, f"the API of {self.where.place} does not tell how many rows there are", response
                )

    def read(self, operation: str, response: httpx.Response) -> list[dict[str, Any]]:
        """Give the rows of an answer."""
        try:
            return _ROWS.decode(response.content)
        except (msgspec.DecodeError, RecursionError):
            raise Call(self._connection, operation).error(
                Unavailable, f"{self.where.place} answers with a page instead of data: is the project paused?", response
            ) from None

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()
        if self._calls is not None:
            self._calls.flush()
