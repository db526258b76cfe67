"""The tokens of a company: renewed in time, once for all processes, and remembered before they are used."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from connectors.http import Call
from connectors.quickbooks.pace import Pace
from connectors.quickbooks.settings import QuickBooksCredentials, QuickBooksSettings
from connectors.quickbooks.tokens import DeadGrant, basic, read_pair
from connectors.stored import parse
from db.connection_memory import RECONNECT, ConnectionMemory, HeldCredentials
from domain.errors import AccessDenied

logger = logging.getLogger(__name__)

Flow = Generator[httpx.Request, httpx.Response, QuickBooksCredentials]

# Tokens last an hour. A request may be under way for two minutes, and clocks differ.
EARLY = timedelta(minutes=5)


class TokenAuth(httpx.Auth):
    """Puts the access token on every request, and renews it when it runs out or is refused.

    Intuit's refresh tokens change and the former one dies, so of all processes one renews while the others wait for
    the database's lock and then find the new pair. The pair is committed before it is used. If a process dies between
    Intuit's answer and that commit, the pair is lost: the next attempt is refused, the connection is marked, and
    nothing is called any more until a person connects it anew.
    """

    requires_response_body = True

    def __init__(self, settings: QuickBooksSettings, client_secret: SecretStr, memory: ConnectionMemory, pace: Pace):
        self._settings = settings
        self._client_secret = client_secret
        self._memory = memory
        self._call = Call(memory.connection, "renewing access")
        self._timeout = httpx.Timeout(pace.token_timeout, connect=10).as_dict()
        self._tokens: QuickBooksCredentials | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with a token that counts; when it is refused all the same, renew it and send once more.

        Raises:
            AccessDenied: a person must connect the company anew.
            Misconfigured: Intuit does not know our app.
            RetryableError: the token could not be renewed just now.
        """
        tokens = self._tokens or self._parsed(self._memory.credentials())
        if _is_running_out(tokens):
            tokens = yield from self._renewed(tokens)
        self._tokens = tokens
        _sign(request, tokens)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens = yield from self._renewed(tokens)
            _sign(request, self._tokens)
            yield request

    def _renewed(self, used: QuickBooksCredentials) -> Flow:
        with self._memory.held_credentials() as held:
            stored = self._parsed(held.secrets)
            if held.needs_reconnect:
                raise self._call.error(AccessDenied, RECONNECT)
            if stored.access_token != used.access_token and not _is_running_out(stored):
                return stored  # another process was here first
            response = yield self._request(stored)
            renewed = self._read(response, stored)
            self._remember(held, renewed)
        # Only now is it certain that the block's changes are kept, whichever they are.
        if renewed is None:
            self._tokens = None
            raise self._call.error(AccessDenied, RECONNECT, response)
        logger.info("%s: access renewed", self._memory.connection)
        return renewed

    def _remember(self, held: HeldCredentials, renewed: QuickBooksCredentials | None) -> None:
        if renewed is None:
            held.demand_reconnect()
        else:
            held.replace(renewed.stored())

    def _request(self, stored: QuickBooksCredentials) -> httpx.Request:
        return httpx.Request(
            "POST",
            self._settings.tokens_url,
            headers={
                "Authorization": basic(self._settings.client_id, self._client_secret),
                "Accept": "application/json",
            },
            data={"grant_type": "refresh_token", "refresh_token": stored.refresh_token.get_secret_value()},
            # A request built by hand has none otherwise.
            extensions={"timeout": self._timeout},
        )

    def _read(self, response: httpx.Response, stored: QuickBooksCredentials) -> QuickBooksCredentials | None:
        """Give the new pair; None when the old one is dead."""
        try:
            return read_pair(response, stored.client_secret, self._call)
        except DeadGrant:
            return None

    def _parsed(self, secrets: Mapping[str, str]) -> QuickBooksCredentials:
        return parse(QuickBooksCredentials, secrets, self._memory.connection, "QuickBooks")


def _sign(request: httpx.Request, tokens: QuickBooksCredentials) -> None:
    request.headers["Authorization"] = f"Bearer {tokens.access_token.get_secret_value()}"


def _is_running_out(tokens: QuickBooksCredentials) -> bool:
    # Who connects with a refresh token alone has no access token yet.
    if not tokens.access_token.get_secret_value():
        return True
    return tokens.access_expires_at is not None and tokens.access_expires_at <= datetime.now(UTC) + EARLY
