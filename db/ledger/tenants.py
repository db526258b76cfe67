"""Tenants and their stored connections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.models.books import names, snapshots
from db.models.integrations import connection_health
from db.models.links import links
from db.models.steering import confirmed_pairs
from db.models.tenants import ConnectionState, connections, tenants
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName


class StoredConnection(BaseModel):
    """A connection as it is kept: credentials only as the sealed blob of the vault, and which key sealed it."""

    model_config = ConfigDict(frozen=True)

    name: ConnectionName
    system: System
    settings: dict[str, Any]
    sealed: bytes = Field(repr=False)
    key_id: str
    enabled: bool
    state: ConnectionState = ConnectionState.READY
    public_only: bool = True
    created_at: datetime
    updated_at: datetime

    @property
    def is_usable(self) -> bool:
        """Whether anything may be done with it: nobody switched it off, and the other side still lets us in."""
        return self.enabled and self.state is ConnectionState.READY


class StoredTenant(BaseModel):
    """A tenant and since when there is one."""

    model_config = ConfigDict(frozen=True)

    name: TenantName
    created_at: AwareDatetime


def create_tenant(session: Session, name: TenantName) -> StoredTenant | None:
    """Make the tenant and give it; None when there is one already.

    Needs an ``owner_session``, which works for this tenant from then on.
    """
    # The owner, too, may add only what belongs to the tenant of the session.
    session.execute(select(func.set_config("unisync.tenant", name, True)))
    making = insert(tenants).values(name=name).on_conflict_do_nothing().returning(tenants)
    row = session.execute(making).mappings().first()
    return StoredTenant.model_validate(row) if row else None


def list_tenants(session: Session, after: str | None, limit: int) -> list[StoredTenant]:
    """Give the tenants by name, beginning after one; all of them in a ``watch_session``."""
    statement = select(tenants).order_by(tenants.c.name).limit(limit)
    if after is not None:
        statement = statement.where(tenants.c.name > after)
    return [StoredTenant.model_validate(row) for row in session.execute(statement).mappings()]


def tenant_names(session: Session) -> list[TenantName]:
    """Give the names of all tenants; needs a ``watch_session``."""
    return list(session.scalars(select(tenants.c.name).order_by(tenants.c.name)))


def tenant_exists(session: Session, name: TenantName) -> bool:
    """Whether the tenant was ever made; a session sees no other than its own."""
    return session.execute(select(tenants.c.name).where(tenants.c.name == name)).first() is not None


def save_connection(
    session: Session,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
    sealed: bytes,
    key_id: str,
    enabled: bool = True,
    public_only: bool = True,
) -> None:
    """Keep the connection, in place of the one with this name if there is one; ``sealed`` comes from the vault.

    With its new credentials it counts as connected anew. ``public_only`` is false where the operator of the machine
    chose the address: only then may it lead into networks that are not public.

    Raises:
        Misconfigured: the same set of books is connected already, under another name or by another tenant.
    """
    content = {
        "system": system,
        "settings": dict(settings),
        "sealed": sealed,
        "key_id": key_id,
        "enabled": enabled,
        "public_only": public_only,
    }
    statement = insert(connections).values(name=name, **content)
    try:
        _save(session, statement, content)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise Misconfigured("this company is connected already; one company belongs to one connection") from None
        raise


def _save(session: Session, statement: Insert, content: Mapping[str, object]) -> None:
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "name"],
            set_={column: statement.excluded[column] for column in content}
            | {"state": ConnectionState.READY, "updated_at": func.now()},
        )
    )


def load_connection(session: Session, name: str) -> StoredConnection | None:
    """Give the connection of this name, None when there is none."""
    row = session.execute(select(connections).where(connections.c.name == name)).mappings().first()
    return StoredConnection.model_validate(row) if row else None


def lock_connection(session: Session, name: ConnectionName) -> StoredConnection | None:
    """Give the connection and keep everybody else from changing it, or locking it, until the transaction ends."""
    statement = select(connections).where(connections.c.name == name).with_for_update()
    row = session.execute(statement).mappings().first()
    return StoredConnection.model_validate(row) if row else None


def save_credentials(session: Session, name: ConnectionName, sealed: bytes, key_id: str) -> None:
    """Keep other credentials of the connection; ``sealed`` comes from the vault."""
    _change(session, name, sealed=sealed, key_id=key_id)


def save_settings(session: Session, name: ConnectionName, settings: Mapping[str, object]) -> None:
    """Keep other settings of the connection; its credentials stay."""
    _change(session, name, settings=dict(settings))


def remove_connection(session: Session, name: ConnectionName) -> None:
    """Forget the connection and its credentials, not its links; needs an ``owner_session`` of the tenant."""
    session.execute(delete(connections).where(connections.c.name == name))


def forget_place(session: Session, name: ConnectionName) -> None:
    """Forget what the connected system told of itself, and what was confirmed; needs an ``owner_session`` likewise."""
    session.execute(delete(names).where(names.c.connection == name))
    session.execute(delete(snapshots).where(snapshots.c.connection == name))
    session.execute(delete(connection_health).where(connection_health.c.connection == name))
    confirmed = or_(confirmed_pairs.c.source_connection == name, confirmed_pairs.c.target_connection == name)
    session.execute(delete(confirmed_pairs).where(confirmed))


def has_links(session: Session, name: ConnectionName) -> bool:
    """Whether something was carried from or to this connection."""
    carried = or_(links.c.source_connection == name, links.c.target_connection == name)
    return session.execute(select(links.c.role).where(carried).limit(1)).first() is not None


def enable_connection(session: Session, name: ConnectionName, *, enabled: bool = True) -> None:
    """Let the connection be used, or not."""
    _change(session, name, enabled=enabled)


def demand_reconnect(session: Session, name: ConnectionName) -> None:
    """Note that a person must connect this connection anew before anything else can be done with it."""
    _change(session, name, state=ConnectionState.RECONNECT)


def list_connections(session: Session) -> list[StoredConnection]:
    """Give all connections of the tenant, by name."""
    rows = session.execute(select(connections).order_by(connections.c.name)).mappings()
    return [StoredConnection.model_validate(row) for row in rows]


def _change(session: Session, name: ConnectionName, **values: object) -> None:
    session.execute(update(connections).where(connections.c.name == name).values(values | {"updated_at": func.now()}))
