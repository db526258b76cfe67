"""The secrets with which shops and books sign: made, sealed, and both valid while one takes the place of the other."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from secrets import choice

from sqlalchemy.orm import Session

from config.wiring import open_vault
from db.ledger.webhooks import StoredWebhooks, load_webhooks, save_webhooks, sealed_to
from domain.errors import Misconfigured
from domain.keys import ConnectionName, TenantName

FORMER_LASTS = timedelta(hours=48)
"""How long the former secret counts beside the new one: what was signed with it may still be on its way."""

_SECRET, _FORMER = "secret", "former"
# WordPress unescapes what it takes for HTML in a secret before it signs with it; letters and digits stay what they are.
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 50


def new_secret() -> str:
    """Make a secret of 50 letters and digits: nearly 300 bits."""
    return "".join(choice(_LETTERS) for _ in range(_LENGTH))


def present_secret(session: Session, tenant: TenantName, connection: ConnectionName) -> str:
    """Give the secret that counts from now on, empty when there is none.

    Raises:
        Misconfigured: it was sealed with another key.
    """
    stored = load_webhooks(session, connection)
    return _opened(tenant, stored).get(_SECRET, "") if stored else ""


def secret_if_it_opens(session: Session, tenant: TenantName, connection: ConnectionName) -> str:
    """Give the secret that counts from now on, empty when there is none or no key opens it: then it is lost."""
    try:
        return present_secret(session, tenant, connection)
    except Misconfigured:
        return ""


def valid_secrets(tenant: TenantName, stored: StoredWebhooks) -> tuple[str, ...]:
    """Give the secrets with which something may be signed now, the present one first; raises as ``present_secret``."""
    known = _opened(tenant, stored)
    lasts = stored.is_rotating or (stored.former_until is not None and stored.former_until > datetime.now(UTC))
    names = (_SECRET, _FORMER) if lasts else (_SECRET,)
    return tuple(known[name] for name in names if known.get(name))


def keep_secret(session: Session, tenant: TenantName, connection: ConnectionName, secret: str) -> None:
    """Keep the secret as the present one; the one until now becomes the former, and one before that is forgotten.

    One that no key opens is forgotten at once.
    """
    load_webhooks(session, connection, lock=True)
    secrets = {_SECRET: secret, _FORMER: secret_if_it_opens(session, tenant, connection)}
    vault = open_vault()
    sealed = vault.seal(secrets, bound_to=sealed_to(tenant, connection))
    save_webhooks(session, connection, sealed=sealed, key_id=vault.key_id)


def _opened(tenant: TenantName, stored: StoredWebhooks) -> dict[str, str]:
    if stored.sealed is None:
        return {}
    return open_vault().open(stored.sealed, bound_to=sealed_to(tenant, stored.connection))
