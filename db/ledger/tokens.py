"""API tokens: of each only the hash is kept, and only the door reads it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import func, insert, literal, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.models.access import tokens
from domain.access import Role
from domain.keys import TenantName

# One write a minute tells well enough when a token was last used.
_USE_RESOLUTION = timedelta(minutes=1)


class StoredToken(BaseModel):
    """A token as its tenant knows it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    role: Role
    runs_installation: bool
    created_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


class PresentedToken(StoredToken):
    """A token that somebody showed at the door, and whether it still counts."""

    tenant: TenantName
    has_expired: bool


_COLUMNS = [tokens.c[name] for name in StoredToken.model_fields]


def save_token(session: Session, token: StoredToken, hashed: bytes) -> bool:
    """Keep a new token of the tenant; False when another one that is not revoked has its name."""
    statement = insert(tokens).values(**token.model_dump(), hash=hashed)
    try:
        with session.begin_nested():
            session.execute(statement)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            return False
        raise
    return True


def list_tokens(session: Session, after: tuple[str, UUID] | None, limit: int) -> list[StoredToken]:
    """Give the tokens of the tenant by name, revoked ones too, beginning after one."""
    statement = select(*_COLUMNS).order_by(tokens.c.name, tokens.c.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(tokens.c.name, tokens.c.id) > tuple_(literal(after[0]), literal(after[1])))
    return [StoredToken.model_validate(row) for row in session.execute(statement).mappings()]


def load_token(session: Session, token_id: UUID) -> StoredToken | None:
    """Give the tenant's token, None when there is none with this id."""
    row = session.execute(select(*_COLUMNS).where(tokens.c.id == token_id)).mappings().first()
    return StoredToken.model_validate(row) if row else None


def token_of_name(session: Session, name: str) -> StoredToken | None:
    """Give the tenant's token of this name that is not revoked, None when there is none."""
    statement = select(*_COLUMNS).where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
    row = session.execute(statement).mappings().first()
    return StoredToken.model_validate(row) if row else None


def revoke_token(session: Session, token_id: UUID) -> None:
    """Let the token count no more; the first time counts."""
    revoked_at = func.coalesce(tokens.c.revoked_at, func.now())
    session.execute(update(tokens).where(tokens.c.id == token_id).values(revoked_at=revoked_at))


def present_token(session: Session, hashed: bytes) -> PresentedToken | None:
    """Give the token of any tenant with this hash; needs a ``door_session``."""
    has_expired = func.coalesce(tokens.c.expires_at <= func.now(), False)
    statement = select(*_COLUMNS, tokens.c.tenant, has_expired.label("has_expired")).where(tokens.c.hash == hashed)
    row = session.execute(statement).mappings().first()
    return PresentedToken.model_validate(row) if row else None


def note_token_use(session: Session, hashed: bytes) -> None:
    """Remember that the token was used just now; needs a ``door_session``."""
    long_ago = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < func.now() - _USE_RESOLUTION)
    session.execute(update(tokens).where(tokens.c.hash == hashed, long_ago).values(last_used_at=func.now()))
