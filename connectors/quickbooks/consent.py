"""The consent of a person to let our app into a company: asked for, taken up, given back.

As developer.intuit.com, "Set up OAuth 2.0", and Intuit's own clients (intuit/oauth-pythonclient) spell it.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import msgspec
from pydantic import SecretStr

from connectors.http import Call, open_client, send
from connectors.quickbooks.settings import IntuitApp, QuickBooksCredentials
from connectors.quickbooks.tokens import DeadGrant, read_pair, refusal
from domain.errors import AccessDenied, Misconfigured

SCOPE = "com.intuit.quickbooks.accounting"

TIMEOUT = httpx.Timeout(15, connect=10)

USED_UP = "Intuit says that this consent was used already or has run out; begin again"


class Consent:
    """Speaks with Intuit's OAuth service for one app, on behalf of one connection.

    Calls are made once: codes and tokens do not survive a second attempt.
    """

    def __init__(self, app: IntuitApp, client_secret: SecretStr, connection: str, *, public_only: bool) -> None:
        self._app = app
        self._secret = client_secret
        self._connection = connection
        self._public_only = public_only

    def address(self, redirect_uri: str, state: str) -> str:
        """Give the address at which a person picks a company and consents, to come back to ``redirect_uri``."""
        wanted = {
            "client_id": self._app.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return str(httpx.URL(self._app.consent_url, params=wanted))

    def exchange(self, code: str, redirect_uri: str) -> QuickBooksCredentials:
        """Give the tokens for the code that the person came back with.

        Raises:
            AccessDenied: the code counts no more.
            Misconfigured: Intuit does not know our app.
            RetryableError: not just now.
        """
        call = Call(self._connection, "asking for access")
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        response = self._post(self._app.tokens_url, call, form=sent)
        try:
            return read_pair(response, self._secret, call)
        except DeadGrant:
            raise call.error(AccessDenied, USED_UP, response) from None

    def revoke(self, refresh_token: SecretStr) -> None:
        """Give access back; at once when it is gone already.

        Raises:
            Misconfigured: Intuit does not know our app.
            RetryableError: not just now; access stands.
        """
        call = Call(self._connection, "giving access back")
        body = msgspec.json.encode({"token": refresh_token.get_secret_value()})
        response = self._post(self._app.revocation_url, call, json=body)
        if response.status_code == httpx.codes.OK:
            return
        error = refusal(response, call)
        # With 400 Intuit answers to a token that is revoked, has run out, or never was.
        if isinstance(error, Misconfigured) or response.status_code != httpx.codes.BAD_REQUEST:
            raise error

    def _post(
        self, url: str, call: Call, *, form: Mapping[str, str] | None = None, json: bytes | None = None
    ) -> httpx.Response:
        host, path = httpx.URL(url).copy_with(raw_path=b"/"), httpx.URL(url).path
        auth = httpx.BasicAuth(self._app.client_id, self._secret.get_secret_value())
        with open_client(str(host), auth=auth, timeout=TIMEOUT, public_only=self._public_only) as client:
            return send(client, call, "POST", path, form=form, json=json)
