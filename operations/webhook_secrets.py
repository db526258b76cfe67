"""The secrets with which shops and books sign: made, sealed, and both valid while one takes the place of the other."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from config.wiring import open_vault
from db.ledger.webhooks import StoredWebhooks, load_webhooks, save_webhooks, sealed_to
from domain.keys import ConnectionName, TenantName

FORMER_LASTS = timedelta(hours=48)
"""How long the former secret counts beside the new one: what was signed with it may still be on its way."""

SECRET, FORMER = "secret", "former"
# WordPress unescapes what it takes for HTML in a secret before it signs with it; letters and digits stay what they are.
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 50


def new_secret() -> str:
    """Make a secret of 50 letters and digits: nearly 300 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def open_secrets(tenant: TenantName, stored: StoredWebhooks) -> dict[str, str]:
    """Open the secrets as they are kept, whether or not the former one still counts.

    Raises:
        Misconfigured: they were sealed with another key.
    """
    if stored.sealed is None:
        return {}
    return open_vault().open(stored.sealed, bound_to=sealed_to(tenant, stored.connection))


def valid_secrets(tenant: TenantName, stored: StoredWebhooks) -> tuple[str, ...]:
    """Give the secrets with which something may be signed now, the present one first; raises as ``open_secrets``."""
    known = open_secrets(tenant, stored)
    lasts = stored.is_rotating or (stored.former_until is not None and stored.former_until > datetime.now(UTC))
    names = (SECRET, FORMER) if lasts else (SECRET,)
    return tuple(known[name] for name in names if known.get(name))


def keep_secret(session: Session, tenant: TenantName, connection: ConnectionName, secret: str) -> None:
    """Keep the secret as the present one; the one until now becomes the former, and one before that is forgotten."""
    stored = load_webhooks(session, connection, lock=True)
    present = open_secrets(tenant, stored).get(SECRET, "") if stored else ""
    vault = open_vault()
    sealed = vault.seal({SECRET: secret, FORMER: present}, bound_to=sealed_to(tenant, connection))
    save_webhooks(session, connection, sealed=sealed, key_id=vault.key_id)
