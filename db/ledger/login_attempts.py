"""Attempts to log in, to slow down whoever guesses; every statement needs a ``door_session``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, null, select, update
from sqlalchemy.orm import Session

from db.models.access import login_attempts

WINDOW = timedelta(minutes=15)
"""Failures older than this are forgiven and forgotten."""


class Failures(NamedTuple):
    """How often it went wrong lately, and how many seconds ago for the last time."""

    number: int
    seconds_since: float


def lock_attempts(session: Session, account: bytes, address: str) -> None:
    """Let others who try this account, or try from this address, wait until the transaction ends.

    A hundred guesses at once would otherwise all be looked at before the first one is counted.
    """
    for kind, key in (("account", account.hex()), ("address", address)):
        lock = func.pg_advisory_xact_lock(func.hashtext(f"unisync.login.{kind}"), func.hashtext(key))
        session.execute(select(lock))


def failures_of_account(session: Session, account: bytes) -> Failures:
    """Give the failures with this account since it last went right."""
    of_account = login_attempts.c.account == account
    went_right = select(func.max(login_attempts.c.at)).where(of_account, login_attempts.c.succeeded)
    return _failures(session, of_account, went_right.scalar_subquery())


def failures_from_address(session: Session, address: str) -> Failures:
    """Give the failures from this address; that it went right once, perhaps with another account, changes nothing."""
    return _failures(session, login_attempts.c.address == address, null())


def save_attempt(session: Session, account: bytes, address: str) -> int:
    """Note an attempt that counts as a failure until it went right; gives its number."""
    attempt = insert(login_attempts).values(account=account, address=address, at=func.clock_timestamp())
    return int(session.execute(attempt.returning(login_attempts.c.id)).scalar_one())


def mark_success(session: Session, attempt: int) -> None:
    """Note that the attempt went right."""
    session.execute(update(login_attempts).where(login_attempts.c.id == attempt).values(succeeded=True))


def mark_throttled(session: Session, *, account: bytes | None = None, address: str = "") -> bool:
    """Note that somebody had to wait because of this account or, without one, of this address.

    Tells whether they were the first since an attempt was let through.
    """
    which = login_attempts.c.address == address if account is None else login_attempts.c.account == account
    latest = select(func.max(login_attempts.c.id)).where(which).scalar_subquery()
    marked = update(login_attempts).where(login_attempts.c.id == latest, ~login_attempts.c.throttled)
    return session.execute(marked.values(throttled=True).returning(login_attempts.c.id)).first() is not None


def forget_attempts(session: Session) -> None:
    """Remove attempts that count no more."""
    session.execute(delete(login_attempts).where(login_attempts.c.at < func.now() - WINDOW))


def _failures(session: Session, which: ColumnElement[bool], forgiven_until: ColumnElement[Any]) -> Failures:
    # The greatest of what is known: none is forgiven because of a success that never was.
    since = func.greatest(func.now() - WINDOW, forgiven_until)
    seconds = func.extract("epoch", func.clock_timestamp() - func.max(login_attempts.c.at))
    failed = select(func.count(), seconds).where(which, ~login_attempts.c.succeeded, login_attempts.c.at > since)
    number, seconds_since = session.execute(failed).one()
    return Failures(number, float(seconds_since or 0))
