"""Who calls, and what the key may do."""

import base64
import binascii
from datetime import datetime
from hmac import compare_digest
from typing import Literal

import msgspec

from simulators.woocommerce.errors import authentication, refused
from simulators.woocommerce.http import Request
from simulators.woocommerce.oauth import OAuth
from simulators.woocommerce.switches import Switches

# Keys of the recorded shop: made up for the recording, and of the shape WooCommerce gives them (ck_ or cs_ and 40 hex).
KEY = "ck_" + "a1" * 20
SECRET = "cs_" + "b2" * 20
READ_KEY, READ_SECRET = "ck_" + "c3" * 20, "cs_" + "d4" * 20
WRITE_KEY, WRITE_SECRET = "ck_" + "e5" * 20, "cs_" + "f6" * 20
CUSTOMER_KEY, CUSTOMER_SECRET = "ck_" + "07" * 20, "cs_" + "18" * 20


class Key(msgspec.Struct, frozen=True):
    """A REST key: its secret, what it may do, and whether its user may manage the shop at all."""

    secret: str
    permissions: Literal["read", "write", "read_write"] = "read_write"
    manages_shop: bool = True

    def __repr__(self) -> str:
        return f"Key(permissions={self.permissions!r}, manages_shop={self.manages_shop})"


class Keys:
    """The keys a shop knows; the recorded four unless others are given."""

    def __init__(self, key: str = KEY, secret: str = SECRET) -> None:
        self._keys = {
            READ_KEY: Key(READ_SECRET, "read"),
            WRITE_KEY: Key(WRITE_SECRET, "write"),
            CUSTOMER_KEY: Key(CUSTOMER_SECRET, manages_shop=False),
            key: Key(secret),
        }
        self._oauth = OAuth()

    def revoke(self, key: str) -> None:
        """Forget a key, as an owner who deletes it: from now on it is unknown."""
        self._keys.pop(key, None)

    def caller(self, request: Request, switches: Switches, now: datetime) -> Key | None:
        """The key that calls; None for a caller WordPress takes for anonymous.

        Raises ApiError 401 for a wrong secret or signature. Source: class-wc-rest-authentication.php (the query string
        is looked at before the header, both only over TLS, OAuth last). Recorded: an unknown key is anonymous.
        """
        key = self._by_secret(request, switches) if switches.tls_terminated else None
        if key is not None:
            return key
        secrets = {name: known.secret for name, known in self._keys.items()}
        signer = self._oauth.key_of(request, secrets, now)
        return self._keys[signer] if signer else None

    def _by_secret(self, request: Request, switches: Switches) -> Key | None:
        name, secret = request.params.get("consumer_key"), request.params.get("consumer_secret")
        if not (name and secret):
            name, secret = _basic(None if switches.strips_authorization else request.headers.get("authorization"))
        key = self._keys.get(str(name))
        if key is None:
            return None
        if not compare_digest(key.secret.encode(), str(secret).encode()):
            raise authentication("Consumer secret is invalid.")
        return key


def check_permission(key: Key | None, method: str) -> None:
    """Raises ApiError 401 when a key may not do this (recorded: 401-read-key-writes, 401-write-key-reads)."""
    if key is None:
        return
    if method in ("GET", "HEAD"):
        if key.permissions == "write":
            raise authentication("The API key provided does not have read permissions.")
    elif key.permissions == "read":
        raise authentication("The API key provided does not have write permissions.")


def check_right(key: Key | None, verb: str) -> None:
    """Raises ApiError 401 without a user, 403 for one who does not manage the shop (recorded: 403-customer-role-*)."""
    if key is None:
        raise refused(verb, 401)
    if not key.manages_shop:
        raise refused(verb, 403)


def _basic(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret
