"""Who may write to a target: one holder at a time, fenced by a token that only grows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.progress import leases
from domain.keys import ConnectionName


def acquire_lease(session: Session, target: ConnectionName, holder: str, seconds: float) -> int | None:
    """Take the right to write to the target and give its token; None while somebody else has it.

    It lapses after so many seconds; then, and for the same holder at once, it can be taken again, which makes the
    earlier token void. Counts only once the transaction is committed.
    """
    statement = insert(leases).values(target_connection=target, token=1, holder=holder, expires_at=_later(seconds))
    new = statement.excluded
    return session.scalar(
        statement.on_conflict_do_update(
            index_elements=["tenant", "target_connection"],
            set_={"token": leases.c.token + 1, "holder": new.holder, "expires_at": new.expires_at},
            where=or_(leases.c.expires_at <= _clock(), leases.c.holder == new.holder),
        ).returning(leases.c.token)
    )


def renew_lease(session: Session, target: ConnectionName, token: int, seconds: float) -> bool:
    """Have the lease last so many seconds from now; False when it was released or taken over."""
    return _changes(session, target, token, expires_at=_later(seconds))


def release_lease(session: Session, target: ConnectionName, token: int) -> bool:
    """Give the lease back; False when it was released or taken over before."""
    return _changes(session, target, token, expires_at=_clock(), holder=None)


def release_lease_of(session: Session, target: ConnectionName, holder: str) -> None:
    """Give the lease back if this holder still has it, under whichever token."""
    session.execute(
        update(leases)
        .where(leases.c.target_connection == target, leases.c.holder == holder)
        .values(expires_at=_clock(), holder=None)
    )


def holds_lease(session: Session, target: ConnectionName, token: int) -> bool:
    """Whether the token still counts, and keep it so until the transaction ends.

    To be asked where one is about to write, and where one settles.
    A lease that lapsed but was not taken over still counts: nobody wrote in between.
    """
    held = select(leases.c.token).where(*_held(target, token)).with_for_update()
    return session.execute(held).first() is not None


def is_settled(session: Session, target: ConnectionName, token: int) -> bool:
    """Whether the lease was given back under this token and nobody took it since."""
    given_back = select(leases.c.token).where(
        leases.c.target_connection == target, leases.c.token == token, leases.c.holder.is_(None)
    )
    return session.execute(given_back).first() is not None


def _changes(session: Session, target: ConnectionName, token: int, **values: object) -> bool:
    statement = update(leases).where(*_held(target, token)).values(values).returning(leases.c.token)
    return session.execute(statement).first() is not None


def _held(target: ConnectionName, token: int) -> tuple[ColumnElement[bool], ...]:
    return leases.c.target_connection == target, leases.c.token == token, leases.c.holder.is_not(None)


def _clock() -> ColumnElement[datetime]:
    # Not now(): that is when the transaction began, perhaps long before it got to the row.
    return func.clock_timestamp(type_=DateTime(timezone=True))


def _later(seconds: float) -> ColumnElement[datetime]:
    return _clock() + timedelta(seconds=seconds)
