"""The webhooks of connections: whose an address is, their sealed secrets, how they stand, and whether they count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import array_of, storable
from db.models.arrivals import WebhookState, webhook_switches, webhooks
from db.models.tenants import connections
from db.vault import Vault, bound_to
from domain.keys import ConnectionName, System, TenantName

# A flood of greetings must not become a flood of writes.
_PING_EVERY = timedelta(minutes=1)


class Sender(NamedTuple):
    """A connection that sends webhooks, and whose it is."""

    tenant: TenantName
    connection: ConnectionName


class Place(NamedTuple):
    """What a connection is, as far as webhooks are concerned."""

    system: System
    public_id: UUID


class StoredWebhooks(BaseModel):
    """The webhooks of a connection as they are kept.

    ``sealed`` opens to ``secret`` and perhaps ``former``, which counts while ``is_rotating`` and until
    ``former_until``. ``waits_because`` says why what arrived is not carried on just now.
    """

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    sealed: bytes | None = Field(default=None, repr=False)
    key_id: str | None = None
    is_rotating: bool = False
    former_until: AwareDatetime | None = None
    state: WebhookState = WebhookState.MISSING
    problem: str = ""
    delivery_url: str = ""
    registered_at: AwareDatetime | None = None
    checked_at: AwareDatetime | None = None
    repaired_at: AwareDatetime | None = None
    repairs: int = 0
    ping_seen_at: AwareDatetime | None = None
    waits_because: str = ""


def sender_at(session: Session, public_id: UUID) -> Sender | None:
    """Tell which shop has this id in its address; needs a ``door_session``."""
    row = session.execute(
        select(connections.c.tenant, connections.c.name).where(
            connections.c.public_id == public_id, connections.c.system == System.WOOCOMMERCE
        )
    ).first()
    return None if row is None else Sender(*row)


def senders_of(session: Session, realms: Sequence[str]) -> list[tuple[str, Sender]]:
    """Tell which connections lead to these companies, each with its realm; needs a ``door_session``.

    A company and its twins have the same number, and each may be somebody else's.
    """
    rows = session.execute(
        select(connections.c.realm_id, connections.c.tenant, connections.c.name).where(
            connections.c.system == System.QUICKBOOKS,
            connections.c.realm_id == func.any(array_of(connections.c.realm_id, realms)),
        )
    )
    return [(realm, Sender(tenant, name)) for realm, tenant, name in rows]


def place_of(session: Session, connection: ConnectionName) -> Place | None:
    """Give what a connection is; None when there is none of this name."""
    row = session.execute(
        select(connections.c.system, connections.c.public_id).where(connections.c.name == connection)
    ).first()
    return None if row is None else Place(System(row.system), row.public_id)


def load_webhooks(session: Session, connection: ConnectionName, *, lock: bool = False) -> StoredWebhooks | None:
    """Give what is kept of a connection's webhooks; with ``lock`` nobody else changes it until the transaction ends."""
    wanted = select(webhooks).where(webhooks.c.connection == connection)
    row = session.execute(wanted.with_for_update() if lock else wanted).mappings().first()
    return StoredWebhooks.model_validate(row) if row else None


def save_webhooks(session: Session, connection: ConnectionName, **values: object) -> None:
    """Keep these columns of a connection's webhooks; the others stay as they are."""
    kept = {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}
    statement = insert(webhooks).values(connection=connection, **kept)
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "connection"], set_=kept))


def note_repair(session: Session, connection: ConnectionName) -> None:
    """Note that something about the webhooks was mended just now."""
    session.execute(
        update(webhooks)
        .where(webhooks.c.connection == connection)
        .values(repairs=webhooks.c.repairs + 1, repaired_at=func.now())
    )


def note_ping(session: Session, connection: ConnectionName) -> None:
    """Note that the shop tried the address; more often than once a minute nothing is noted."""
    session.execute(
        update(webhooks)
        .where(
            webhooks.c.connection == connection,
            func.coalesce(webhooks.c.ping_seen_at < func.now() - _PING_EVERY, True),
        )
        .values(ping_seen_at=func.now())
    )


def note_waiting(session: Session, connection: ConnectionName, reason: str) -> None:
    """Note why what arrived waits; an empty reason means that it no longer does."""
    session.execute(
        update(webhooks)
        .where(webhooks.c.connection == connection, webhooks.c.waits_because != storable(reason))
        .values(waits_because=storable(reason))
    )


def forget_webhooks(session: Session, connection: ConnectionName) -> None:
    """Forget the webhooks of a connection with their secrets."""
    session.execute(delete(webhooks).where(webhooks.c.connection == connection))


def are_on(session: Session) -> bool:
    """Whether the tenant's webhooks count; they do until somebody switches them off."""
    found = session.scalar(select(webhook_switches.c.is_on))
    return True if found is None else found


def switch_webhooks(session: Session, *, is_on: bool) -> None:
    """Let the tenant's webhooks count, or not."""
    values = {"is_on": is_on, "updated_at": func.now()}
    statement = insert(webhook_switches).values(values)
    session.execute(statement.on_conflict_do_update(index_elements=["tenant"], set_=values))


def sealed_to(tenant: TenantName, connection: ConnectionName) -> str:
    """Name the place that the sealed secrets of webhooks belong to."""
    return f"{bound_to(tenant, connection)}/webhooks"


def reseal_webhooks(session: Session, vault: Vault, tenant: TenantName) -> int:
    """Seal the secrets of all webhooks of the tenant with the vault's key, where another did; gives how many."""
    rows = session.execute(
        select(webhooks.c.connection, webhooks.c.sealed).where(webhooks.c.key_id != vault.key_id).with_for_update()
    ).all()
    for connection, sealed in rows:
        at = sealed_to(tenant, connection)
        secrets = vault.open(sealed, bound_to=at)
        save_webhooks(session, connection, sealed=vault.seal(secrets, bound_to=at), key_id=vault.key_id)
    return len(rows)
