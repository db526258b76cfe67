"""Who wants to be told, over which channel and of what; targets that are switched off because they refuse for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.notifications import notification_configs, switched_off_targets
from db.vault import Vault
from domain.keys import TenantName


class StoredConfig(BaseModel):
    """A configuration as it is kept: ``settings`` hold no secret, ``sealed`` opens to those, ``targets`` are names."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    channel: str
    settings: dict[str, Any]
    sealed: bytes | None = Field(repr=False)
    key_id: str | None
    filters: dict[str, Any]
    targets: tuple[str, ...]
    enabled: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SwitchedOff(BaseModel):
    """A target that refused for good, why and when."""

    model_config = ConfigDict(frozen=True)

    config_id: UUID
    target: str
    why: str
    at: AwareDatetime


def save_config(session: Session, stored: StoredConfig) -> None:
    """Keep a configuration, in place of the one with the same id if there is one."""
    values = stored.model_dump() | {"targets": list(stored.targets)}
    statement = insert(notification_configs).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in ("id", "created_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed))


def load_config(session: Session, config_id: UUID) -> StoredConfig | None:
    """Give a configuration; None when the tenant has none with this id."""
    row = session.execute(select(notification_configs).where(notification_configs.c.id == config_id)).mappings().first()
    return StoredConfig.model_validate(row) if row else None


def is_unchanged(session: Session, seen: StoredConfig) -> bool:
    """Whether a configuration is still what was seen of it; if so, it stays that until the transaction ends."""
    configs = notification_configs.c
    same = select(configs.id).where(configs.id == seen.id).with_for_update(read=True)
    # Whoever changes it at this moment is waited for, and what they made of it is looked at.
    return session.scalar(same.where(configs.updated_at == seen.updated_at)) is not None


def list_configs(session: Session, limit: int | None = None, after: str = "") -> list[StoredConfig]:
    """Give the configurations of the tenant by name, beginning after one."""
    wanted = select(notification_configs).where(notification_configs.c.name > after)
    rows = session.execute(wanted.order_by(notification_configs.c.name).limit(limit)).mappings()
    return [StoredConfig.model_validate(row) for row in rows]


def remove_config(session: Session, config_id: UUID) -> bool:
    """Remove a configuration with its secrets; what it was told stays in history. False when there is none."""
    gone = delete(notification_configs).where(notification_configs.c.id == config_id)
    removed = session.execute(gone.returning(notification_configs.c.id)).first() is not None
    # In this order, as whoever switches a target off holds the configuration first.
    switch_on(session, config_id)
    return removed


def switch_off(session: Session, config_id: UUID, target: str, why: str, at: datetime) -> bool:
    """Note that a target refuses for good; False when that is known."""
    statement = insert(switched_off_targets).values(config_id=config_id, target=target, why=why, at=at)
    made = statement.on_conflict_do_nothing().returning(switched_off_targets.c.target)
    return session.execute(made).first() is not None


def switch_on(session: Session, config_id: UUID, target: str | None = None) -> None:
    """Let a target of a configuration be told again that was switched off, or all of them."""
    wanted = delete(switched_off_targets).where(switched_off_targets.c.config_id == config_id)
    session.execute(wanted if target is None else wanted.where(switched_off_targets.c.target == target))


def switched_off(session: Session) -> dict[UUID, dict[str, SwitchedOff]]:
    """Give the targets that are switched off, by configuration and name."""
    found: dict[UUID, dict[str, SwitchedOff]] = {}
    for row in session.execute(select(switched_off_targets)).mappings():
        each = SwitchedOff.model_validate(row)
        found.setdefault(each.config_id, {})[each.target] = each
    return found


def sealed_to(tenant: TenantName, config_id: UUID) -> str:
    """Name the place that the sealed secrets of a configuration belong to; no connection can be called so."""
    return f"{tenant}/notifications/{config_id}"


def reseal_configs(session: Session, vault: Vault, tenant: TenantName) -> int:
    """Seal the secrets of all configurations of the tenant with the vault's key, where another did; gives how many.

    Raises:
        Misconfigured: no key opens one of them.
    """
    configs = notification_configs
    others = configs.c.key_id != vault.key_id
    rows = session.execute(select(configs.c.id, configs.c.sealed).where(others).with_for_update()).all()
    for config_id, sealed in rows:
        at = sealed_to(tenant, config_id)
        anew = vault.seal(vault.open(sealed, bound_to=at), bound_to=at)
        change = update(configs).where(configs.c.id == config_id)
        session.execute(change.values(sealed=anew, key_id=vault.key_id))
    return len(rows)
