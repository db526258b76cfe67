"""The keys of a Supabase project: which of them may write, told from what they look like."""

from __future__ import annotations

import base64
import json
import re

from domain.errors import Misconfigured

ADVICE = "copy a secret key (sb_secret_...) from Settings, API Keys in the Supabase dashboard"

_JWT = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]+", re.ASCII)
_SECRET = re.compile(r"sb_secret_[\w-]+", re.ASCII)


def require_service_key(key: str) -> None:
    """Make sure that a key is a secret key, or a legacy one of the role service_role.

    Raises:
        Misconfigured: it is another key of the project, or none; the text repeats nothing of it.
    """
    if key.startswith("sb_publishable_"):
        raise Misconfigured(f"this is the publishable key, which may not write; {ADVICE}")
    if _SECRET.fullmatch(key):
        return
    role = _role(key)
    if role is None:
        raise Misconfigured(f"this is no key of a Supabase project; {ADVICE}")
    if role != "service_role":
        raise Misconfigured(f"this is the key of another role than service_role, which may not write; {ADVICE}")


def is_jwt(key: str) -> bool:
    """Whether a key is a legacy one, which is also sent as a bearer token.

    A secret key is none, and is refused there (supabase.com/docs/guides/api/api-keys, known limitations).
    """
    return _JWT.fullmatch(key) is not None


def _role(key: str) -> str | None:
    """Read the role out of a legacy key; whether its signature holds is for the project to say."""
    found = _JWT.fullmatch(key)
    if found is None:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(found[1] + "=="))
    except (ValueError, RecursionError):
        return None
    return str(claims.get("role", "")) if isinstance(claims, dict) else None
