"""Signed bodies: both WooCommerce and Intuit sign the raw bytes with HMAC-SHA256 and write it in base64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(body: bytes, secret: str) -> str:
    """Give the signature of a body, as the header carries it."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def is_signed(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Whether the body was signed with one of the secrets; takes as long for a wrong signature as for a right one."""
    given = signature.strip().encode("utf-8", "replace")
    # All are tried, so that the time tells nothing of which one it was.
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret]
    return any(matches)
