"""Sessions of people who logged in: of each only the hash is kept; every statement needs a ``door_session``."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from db.models.access import memberships, sessions, users
from domain.access import Role
from domain.keys import TenantName

LONGEST = timedelta(days=7)
"""A session ends after so long, however busy it is."""

IDLE = timedelta(hours=12)
"""A session ends when nothing was asked in it for so long."""

# One write a minute tells well enough when a session was last seen.
_SEEN_RESOLUTION = timedelta(minutes=1)


class OpenSession(BaseModel):
    """A session that counts, and the person in it as they stand at this moment."""

    model_config = ConfigDict(frozen=True)

    user_id: UUID
    email: str
    name: str
    tenant: TenantName
    role: Role
    runs_installation: bool
    created_at: AwareDatetime
    expires_at: AwareDatetime


def open_session(session: Session, hashed: bytes, tenant: TenantName, user_id: UUID, address: str) -> None:
    """Begin a session of a member of the tenant."""
    session.execute(
        insert(sessions).values(
            hash=hashed, tenant=tenant, user_id=user_id, address=address, expires_at=func.now() + LONGEST
        )
    )


def load_session(session: Session, hashed: bytes) -> OpenSession | None:
    """Give the session with this hash; None when there is none, it is over, or the person may not come in."""
    membership = (memberships.c.tenant == sessions.c.tenant) & (memberships.c.user_id == sessions.c.user_id)
    statement = (
        select(sessions, users.c.email, users.c.name, users.c.runs_installation, memberships.c.role)
        .join(memberships, membership)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.hash == hashed, users.c.disabled_at.is_(None))
        .where(sessions.c.expires_at > func.now(), sessions.c.last_seen_at > func.now() - IDLE)
    )
    row = session.execute(statement).mappings().first()
    return OpenSession.model_validate(row) if row else None


def note_session_use(session: Session, hashed: bytes) -> None:
    """Remember that something was asked in the session just now."""
    long_ago = sessions.c.last_seen_at < func.now() - _SEEN_RESOLUTION
    session.execute(update(sessions).where(sessions.c.hash == hashed, long_ago).values(last_seen_at=func.now()))


def move_session(session: Session, hashed: bytes, new_hash: bytes, tenant: TenantName) -> None:
    """Go on under another hash in another tenant; the session lives no longer for it."""
    kept = ["user_id", "address", "created_at", "expires_at"]
    moved = select(literal(tenant), literal(new_hash), *(sessions.c[name] for name in kept))
    statement = insert(sessions).from_select(["tenant", "hash", *kept], moved.where(sessions.c.hash == hashed))
    session.execute(statement)
    close_session(session, hashed)


def close_session(session: Session, hashed: bytes) -> None:
    """End the session."""
    session.execute(delete(sessions).where(sessions.c.hash == hashed))


def close_sessions(session: Session, user_id: UUID) -> int:
    """End all sessions of a person; gives how many there were."""
    ended = delete(sessions).where(sessions.c.user_id == user_id).returning(sessions.c.hash)
    return len(session.execute(ended).all())


def forget_ended_sessions(session: Session) -> None:
    """Remove sessions that are over."""
    over = or_(sessions.c.expires_at <= func.now(), sessions.c.last_seen_at <= func.now() - IDLE)
    session.execute(delete(sessions).where(over))
