"""Consents under way: who began which, and with what they come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.models.integrations import oauth_states
from domain.keys import ConnectionName, TenantName


class ConsentUnderWay(BaseModel):
    """A consent that somebody began; ``is_over`` once its time has run out, by the database's clock."""

    model_config = ConfigDict(frozen=True)

    connection: ConnectionName
    redirect_uri: str
    asked_by: str
    public_only: bool
    settings: dict[str, Any]
    sealed: bytes = Field(repr=False)
    is_over: bool = False


def begin_consent(session: Session, state_hash: bytes, begun: ConsentUnderWay, lasting: timedelta) -> datetime:
    """Remember a consent, in place of one that was begun for the connection before; tells when its time runs out."""
    session.execute(delete(oauth_states).where(oauth_states.c.connection == begun.connection))
    statement = insert(oauth_states).values(
        hash=state_hash, expires_at=func.clock_timestamp() + lasting, **begun.model_dump(exclude={"is_over"})
    )
    expires_at: datetime = session.execute(statement.returning(oauth_states.c.expires_at)).scalar_one()
    return expires_at


def tenant_of_consent(session: Session, state_hash: bytes) -> TenantName | None:
    """Tell in whose name a consent was begun; needs a ``door_session``, which sees those of all."""
    return session.scalar(select(oauth_states.c.tenant).where(oauth_states.c.hash == state_hash))


def take_consent(session: Session, state_hash: bytes) -> ConsentUnderWay | None:
    """Give a consent and forget it, so that nobody takes it a second time; None when there is none."""
    is_over = (oauth_states.c.expires_at <= func.clock_timestamp()).label("is_over")
    statement = delete(oauth_states).where(oauth_states.c.hash == state_hash)
    row = session.execute(statement.returning(oauth_states, is_over)).mappings().first()
    return None if row is None else ConsentUnderWay.model_validate(dict(row))
