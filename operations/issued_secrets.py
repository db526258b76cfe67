"""The secrets that we hand out ourselves: made at random, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """Make a secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> bytes:
    """Give what is kept of a secret that ``new_secret`` made.

    A slow hash protects what people choose; nobody guesses 256 random bits, however fast each guess is.
    """
    return hashlib.sha256(_bytes_of(secret)).digest()


def csrf_of(session_secret: str) -> str:
    """Give the CSRF token of a session: nobody makes it without the session's secret, and it does not tell that."""
    return hmac.new(_bytes_of(session_secret), b"unisync csrf", "sha256").hexdigest()


def is_csrf_of(session_secret: str, given: str) -> bool:
    """Whether this is the session's CSRF token; compared in constant time."""
    return hmac.compare_digest(_bytes_of(csrf_of(session_secret)), _bytes_of(given))


def _bytes_of(text: str) -> bytes:
    # What a stranger sends need not be text.
    return text.encode("utf-8", "surrogatepass")
