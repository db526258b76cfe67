"""Prints of records: equal when there is nothing to write, other when there is."""

from __future__ import annotations

import hashlib

# Raised whenever a record of the same bytes must be written again, because it is translated differently.
TRANSLATION = b"1"


def fingerprint(*parts: bytes) -> str:
    """Give a short print of the parts and of the present translation; 128 bits, so no two records meet by chance."""
    digest = hashlib.blake2b(TRANSLATION, digest_size=16)
    for part in parts:
        # The length keeps ("a", "bc") and ("ab", "c") apart.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
