"""One-legged OAuth 1.0a, the only way in over plain HTTP; parameters are read from the query."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from simulators.woocommerce.errors import ApiError, authentication
from simulators.woocommerce.http import Request

_NAMES = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_ALGORITHMS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_WINDOW_SECONDS = 15 * 60


class OAuth:
    """Checks signatures as class-wc-rest-authentication.php does; remembers the nonces of the last 15 minutes."""

    def __init__(self) -> None:
        self._nonces: dict[tuple[str, str], float] = {}

    def key_of(self, request: Request, secrets: Mapping[str, str], now: datetime) -> str | None:
        """The key that signed a request; None when it does not try to sign. ``secrets`` are the known keys' secrets.

        Raises ApiError 401 in WooCommerce's order: missing parameters, unknown key, signature, timestamp, nonce
        (recorded: 401-oauth-*).
        """
        sent = {name: str(value) for name, value in request.params.items()}
        missing = [name for name in _NAMES if not sent.get(name)]
        if len(missing) == len(_NAMES):
            return None
        if missing:
            raise _missing(missing)
        key = sent["oauth_consumer_key"]
        if key not in secrets:
            raise authentication("Consumer key is invalid.")
        _check_signature(request, sent, secrets[key])
        self._check_freshness(key, sent, now.timestamp())
        return key

    def _check_freshness(self, key: str, sent: Mapping[str, str], now: float) -> None:
        stamp = sent["oauth_timestamp"]
        if not stamp.isdigit() or abs(now - int(stamp)) > _WINDOW_SECONDS:
            raise authentication("Invalid timestamp.")
        used = (key, sent["oauth_nonce"])
        if used in self._nonces:
            raise authentication("Invalid nonce - nonce has already been used.")
        self._nonces = {nonce: at for nonce, at in self._nonces.items() if now - at <= _WINDOW_SECONDS} | {used: now}


def signature(request: Request, sent: Mapping[str, str], secret: str) -> str:
    """The signature WooCommerce expects; raises ApiError 401 for an unknown method."""
    algorithm = _ALGORITHMS.get(sent["oauth_signature_method"])
    if algorithm is None:
        raise authentication("Invalid signature - signature method is invalid.")
    signed = sorted((name, value) for name, value in sent.items() if name != "oauth_signature")
    pairs = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in signed)
    text = "&".join((request.method, _encoded(f"{request.base}{request.path}"), _encoded(pairs)))
    digest = hmac.new(f"{secret}&".encode(), text.encode(), algorithm).digest()
    return base64.b64encode(digest).decode()


def _check_signature(request: Request, sent: Mapping[str, str], secret: str) -> None:
    # A plus sign that nobody escaped has become a space on the way (class-wc-rest-authentication.php).
    given = sent["oauth_signature"].replace(" ", "+")
    if not hmac.compare_digest(signature(request, sent, secret).encode(), given.encode()):
        raise authentication("Invalid signature - provided signature does not match.")


def _missing(names: list[str]) -> ApiError:
    plural = "s" if len(names) > 1 else ""
    text = f"Missing OAuth parameter{plural} {', '.join(names)}"
    error = ApiError(401, "woocommerce_rest_authentication_missing_parameter", text)
    error.allows = False
    return error


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
