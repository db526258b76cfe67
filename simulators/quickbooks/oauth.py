"""OAuth 2.0: codes, tokens, their rotation and their end.

Sources: Intuit's discovery document (endpoints), oauth-pythonclient and oauth-jsclient (bodies), Intuit FAQ (rotation).
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from simulators.clock import Clock
from simulators.quickbooks.switches import Switches

SCOPE = "com.intuit.quickbooks.accounting"
_CODE_LIFE, _DAY = timedelta(minutes=10), timedelta(days=1)


class Denied(Exception):
    """A token request is refused: HTTP status, OAuth error, description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error_description": description, "error": error}


class Grant(msgspec.Struct):
    """A connection of an app to a company: the present refresh token and how long it may live."""

    realm: str
    refresh: str
    made: datetime
    renewed: datetime
    former: str = ""
    replaced: datetime | None = None

    def __repr__(self) -> str:
        return f"Grant(realm={self.realm!r})"


class _Code(msgspec.Struct, frozen=True):
    realm: str
    redirect: str
    made: datetime


class Access(msgspec.Struct, frozen=True):
    """What an access token opens, and until when."""

    realm: str
    until: datetime


class Tokens:
    """All codes and tokens of one app; token texts follow from a counter, so runs are alike."""

    def __init__(self, clock: Clock, switches: Switches, client: str, secret: str) -> None:
        self.client, self.secret = client, secret
        self._clock = clock
        self._switches = switches
        self._made = 0
        self._codes: dict[str, _Code] = {}
        self._grants: list[Grant] = []
        self._access: dict[str, Access] = {}

    def __repr__(self) -> str:
        return f"Tokens(client={self.client!r})"

    def allow(self, realm: str, redirect: str) -> str:
        """The code that approving the consent page yields."""
        code = self._text("code", 30)
        self._codes[code] = _Code(realm, redirect, self._clock.now())
        return code

    def exchange(self, code: str, redirect: str) -> dict[str, Any]:
        """A code becomes tokens, once; raises Denied."""
        known = self._codes.pop(code, None)
        if known is None or known.redirect != redirect or self._clock.now() - known.made > _CODE_LIFE:
            raise Denied("invalid_grant", "Invalid authorization code")
        return self.connect(known.realm)

    def connect(self, realm: str) -> dict[str, Any]:
        """A new connection; the token answer."""
        now = self._clock.now()
        grant = Grant(realm, self._text("refresh", 50), now, now)
        self._grants.append(grant)
        return self._answer(grant)

    def refresh(self, token: str) -> dict[str, Any]:
        """New tokens for a refresh token; the former one ends, after the grace that the switch gives. Raises Denied."""
        now, switches = self._clock.now(), self._switches
        grant = next((grant for grant in self._grants if self._opens(grant, token)), None)
        alive = grant and now < min(
            grant.renewed + timedelta(seconds=switches.refresh_seconds),
            grant.made + timedelta(seconds=switches.hard_seconds),
        )
        if grant is None or not alive:
            raise Denied("invalid_grant", "Incorrect or invalid refresh token")
        if switches.rotation == "always" or now - grant.renewed >= _DAY:
            grant.former, grant.replaced = grant.refresh, now
            grant.refresh, grant.renewed = self._text("refresh", 50), now
        return self._answer(grant)

    def _opens(self, grant: Grant, token: str) -> bool:
        if token == grant.refresh:
            return True
        grace = timedelta(seconds=self._switches.refresh_grace_seconds)
        return token == grant.former and grant.replaced is not None and self._clock.now() < grant.replaced + grace

    def revoke(self, token: str) -> None:
        """End the connection that a token belongs to; raises Denied for an unknown one."""
        realms = {grant.realm for grant in self._grants if self._opens(grant, token)}
        realms |= {self._access[token].realm} if token in self._access else set()
        if not realms:
            raise Denied("invalid_request", "Token is invalid or unknown")
        for realm in realms:
            self.disconnect(realm)

    def disconnect(self, realm: str) -> None:
        """End all connections to a company, as its owner does in QuickBooks."""
        self._grants = [grant for grant in self._grants if grant.realm != realm]
        self._access = {token: access for token, access in self._access.items() if access.realm != realm}

    def connected(self, realm: str) -> bool:
        """Whether a company is connected to the app."""
        return any(grant.realm == realm for grant in self._grants)

    def access(self, token: str) -> Access | None:
        """What an access token opens; None for an unknown one."""
        return self._access.get(token)

    def expire(self, realm: str) -> None:
        """Let all access tokens of a company end now."""
        now = self._clock.now()
        for token, access in self._access.items():
            if access.realm == realm:
                self._access[token] = Access(realm, now)

    def _answer(self, grant: Grant) -> dict[str, Any]:
        switches, now = self._switches, self._clock.now()
        access = self._text("access", 600)
        self._access[access] = Access(grant.realm, now + timedelta(seconds=switches.access_seconds))
        hard = grant.made + timedelta(seconds=switches.hard_seconds) - now
        left = min(grant.renewed + timedelta(seconds=switches.refresh_seconds) - now, hard)
        return {
            "token_type": "bearer", "expires_in": switches.access_seconds, "access_token": access,
            "refresh_token": grant.refresh, "x_refresh_token_expires_in": int(left.total_seconds()),
            "x_refresh_token_hard_expires_in": int(hard.total_seconds()),
        }  # fmt: skip

    def _text(self, purpose: str, length: int) -> str:
        self._made += 1
        digest = hashlib.sha512(f"{self.client} {purpose} {self._made}".encode()).hexdigest()
        prefix = {"code": "AB11", "refresh": "RT1-", "access": "eyJ"}[purpose]
        return (prefix + digest * 5)[:length]
