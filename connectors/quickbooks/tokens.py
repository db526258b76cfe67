"""What Intuit answers to whoever wants tokens."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
from pydantic import SecretStr

from connectors.http import Call
from connectors.quickbooks.settings import QuickBooksCredentials
from connectors.quickbooks.wire import read_token_refusal, read_tokens
from domain.errors import ConnectorError, Misconfigured, RateLimited, Unavailable


class DeadGrant(Exception):
    """The code or refresh token was used, has run out, or was revoked: only a person can go on."""


def basic(client_id: str, client_secret: SecretStr) -> str:
    """Write the header with which an app says who it is."""
    pair = f"{client_id}:{client_secret.get_secret_value()}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def read_pair(response: httpx.Response, client_secret: SecretStr, call: Call) -> QuickBooksCredentials:
    """Give the pair of tokens that an answer holds, with the moments at which they end.

    Raises:
        DeadGrant: what we gave for them counts no more.
        Misconfigured: Intuit does not know our app.
        RetryableError: not just now.
    """
    if response.status_code != httpx.codes.OK:
        raise refusal(response, call)
    try:
        tokens = read_tokens(response.content)
    except msgspec.DecodeError:
        raise call.error(Unavailable, "Intuit's answer holds no tokens", response) from None
    return QuickBooksCredentials(
        client_secret=client_secret,
        access_token=SecretStr(tokens.access_token),
        refresh_token=SecretStr(tokens.refresh_token),
        access_expires_at=_in(tokens.expires_in),
        refresh_expires_at=_in(tokens.x_refresh_token_expires_in),
        consent_expires_at=_in(tokens.x_refresh_token_hard_expires_in),
    )


def refusal(response: httpx.Response, call: Call) -> ConnectorError | DeadGrant:
    """Say why Intuit's OAuth service refuses us."""
    try:
        reason = read_token_refusal(response.content).error
    except msgspec.DecodeError:
        reason = ""
    if reason == "invalid_grant":
        return DeadGrant()
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return call.error(RateLimited, "Intuit wants fewer calls", response)
    if reason in ("invalid_client", "unauthorized_client") or response.status_code == httpx.codes.UNAUTHORIZED:
        advice = "copy both again from Keys & credentials of the app at developer.intuit.com"
        return call.error(Misconfigured, f"Intuit does not know client_id and client_secret; {advice}", response)
    return call.error(Unavailable, f"Intuit renews no access: status {response.status_code}", response)


def _in(seconds: int | None) -> datetime | None:
    return datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None
