"""Passwords: how they are kept, how they are checked, and which are good enough."""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b64encode
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.refusals import Unusable

SHORTEST = 12
LONGEST = 1_000
"""Characters of a password; longer ones would only keep the server busy."""

HASHER = PasswordHasher()
"""Argon2id as RFC 9106 recommends it for little memory: 64 MiB, three passes. A changed cost renews every hash at the
next log-in."""

# Each hash takes 64 MiB: a crowd at the door shall wait, not eat up the machine.
_AT_ONCE = BoundedSemaphore(4)


def require_good_password(password: str, field: str = "password") -> None:
    """Make sure that a password may be chosen.

    Raises:
        Unusable: it is too short, too long, or no text.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Unusable(f"choose a password of {SHORTEST} to {LONGEST} characters", field=field)
    try:
        _spelled(password)
    except UnicodeEncodeError:
        raise Unusable("the password holds characters that are no text", field=field) from None


def hash_password(password: str) -> str:
    """Give what is kept of a password that may be chosen."""
    with _AT_ONCE:
        return HASHER.hash(_spelled(password))


def is_password(password: str, kept: str | None) -> bool:
    """Whether this is the password of which ``kept`` was kept; takes as long for an account that does not exist."""
    try:
        spelled = _spelled(password[:LONGEST])
    except UnicodeEncodeError:
        spelled, kept = b"", None
    try:
        with _AT_ONCE:
            return HASHER.verify(kept or _nobodys(HASHER), spelled) and kept is not None and len(password) <= LONGEST
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether the password should be hashed anew because hashing costs more, or less, by now."""
    return HASHER.check_needs_rehash(kept)


def _spelled(password: str) -> bytes:
    # Keyboards disagree on how an accented letter is spelled; the person who types it does not know.
    return unicodedata.normalize("NFKC", password).encode()


def _nobodys(hasher: PasswordHasher) -> str:
    """Make a hash of no password, of the same cost as a real one."""
    salt, digest = (
        b64encode(secrets.token_bytes(length)).rstrip(b"=").decode() for length in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
