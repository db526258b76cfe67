"""Credentials at rest: sealed with AES-256-GCM, each blob bound to the connection that it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from domain.errors import Misconfigured
from domain.keys import ConnectionName, TenantName

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


def new_key() -> str:
    """Make a random key, as ``UNISYNC_SECRET_KEY`` wants it: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


def bound_to(tenant: TenantName, connection: ConnectionName) -> str:
    """Name the place that sealed credentials belong to, so that they open nowhere else."""
    return f"{tenant}/{connection}"


class Vault:
    """Seals credentials with one key, and opens what it or a former one sealed.

    Keys are given as ``new_key`` prints them or as 32 raw bytes.

    Raises:
        Misconfigured: a key is missing or malformed.
    """

    def __init__(self, key: SecretStr | bytes | None, former: Iterable[SecretStr | bytes] = ()) -> None:
        raw = _checked(key, "UNISYNC_SECRET_KEY")
        self._cipher = AESGCM(raw)
        self._former = [AESGCM(_checked(each, "UNISYNC_FORMER_SECRET_KEYS")) for each in former]
        self.key_id = hashlib.sha256(b"unisync key " + raw).hexdigest()[:12]
        """Names the key without telling it: to see which key sealed a blob."""

    def __repr__(self) -> str:
        return f"Vault(key_id={self.key_id!r})"

    def seal(self, secrets: Mapping[str, str], *, bound_to: str) -> bytes:
        """Encrypt the secrets so that they open only for ``bound_to``, such as ``tenant/connection``."""
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(dict(secrets)).encode()
        return _FORMAT + nonce + self._cipher.encrypt(nonce, text, _FORMAT + bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> dict[str, str]:
        """Decrypt what ``seal`` gave for the same ``bound_to``.

        Raises:
            Misconfigured: another key sealed it, it belongs to another connection, or it is damaged.
        """
        end = len(_FORMAT) + _NONCE_BYTES
        form, nonce, secret = sealed[: len(_FORMAT)], sealed[len(_FORMAT) : end], sealed[end:]
        for cipher in (self._cipher, *self._former):
            # A blob too short for a nonce is refused as a ValueError.
            with suppress(InvalidTag, ValueError):
                opened: dict[str, str] = json.loads(cipher.decrypt(nonce, secret, form + bound_to.encode()))
                return opened
        raise Misconfigured(
            f"the credentials of {bound_to} do not open: UNISYNC_SECRET_KEY is not the key that sealed them, nor is "
            "one of UNISYNC_FORMER_SECRET_KEYS, or they are damaged; set the right key or enter the credentials again"
        )


def _checked(key: SecretStr | bytes | None, variable: str) -> bytes:
    raw = key if isinstance(key, bytes) else _decoded(key, variable)
    if len(raw) != _KEY_BYTES:
        raise Misconfigured(f"{variable} is no key of 32 bytes in URL-safe base64; `unisync key` prints a new one")
    return raw


def _decoded(key: SecretStr | None, variable: str) -> bytes:
    text = key.get_secret_value().strip() if key else ""
    if not text:
        raise Misconfigured(f"{variable} is not set; `unisync key` prints a new one")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
