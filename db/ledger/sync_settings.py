"""How a tenant's syncs are held back: the amount that needs no confirmation, and the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.steering import sync_settings
from domain.keys import ConnectionName


class SyncSettings(BaseModel):
    """What a tenant chose; an amount of None means the installation's own."""

    model_config = ConfigDict(frozen=True)

    most_amount: Decimal | None = None
    sandbox: bool = False
    replacements: dict[ConnectionName, ConnectionName] = {}
    changed_at: AwareDatetime | None = None


def load_sync_settings(session: Session) -> SyncSettings:
    """Give what the tenant chose, or what holds for who never chose."""
    row = session.execute(select(sync_settings)).mappings().first()
    return SyncSettings.model_validate(row) if row else SyncSettings()


def save_most_amount(session: Session, amount: Decimal | None) -> None:
    """Keep the amount up to which an interactive request needs no confirmation."""
    _save(session, most_amount=amount)


def save_sandbox(session: Session, active: bool, replacements: Mapping[ConnectionName, ConnectionName]) -> None:
    """Keep whether the sandbox is in use, and what stands in for what."""
    _save(session, sandbox=active, replacements=dict(replacements))


def _save(session: Session, **values: object) -> None:
    statement = insert(sync_settings).values(values)
    session.execute(
        statement.on_conflict_do_update(index_elements=["tenant"], set_=values | {"changed_at": func.now()})
    )
