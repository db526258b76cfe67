"""Calls that are carried out once: a key is claimed before, answered after, and freed when nothing came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models.idempotency import idempotency_keys as keys

KEPT = timedelta(hours=24)
"""How long an answer is given again."""

AT_WORK = timedelta(minutes=10)
"""After this a call without an answer has died with its process; none of ours works that long."""


class Claim(NamedTuple):
    """The one call that a key is kept for."""

    key: str
    id: UUID


class Kept(NamedTuple):
    """What is known under a key; without a status its call is still at work."""

    claim: UUID
    request: str
    status: int | None
    body: str | None


def claim_key(session: Session, claim: Claim, request: str) -> Kept:
    """Claim the key for a request; gives what is kept under it, which is this very claim if the key was free."""
    died = and_(keys.c.status.is_(None), keys.c.claimed_at < func.now() - AT_WORK)
    session.execute(delete(keys).where(or_(keys.c.claimed_at < func.now() - KEPT, died)))
    fresh = insert(keys).values(key=claim.key, request=request, claim=claim.id)
    # Changes nothing, but gives the row that is in the way, which a second statement might not find any more.
    statement = fresh.on_conflict_do_update(index_elements=["tenant", "key"], set_={"status": keys.c.status})
    found = statement.returning(keys.c.claim, keys.c.request, keys.c.status, keys.c.body)
    return Kept(*session.execute(found).one())


def keep_answer(session: Session, claim: Claim, status: int, body: str) -> None:
    """Keep what was answered to the call that has the claim."""
    session.execute(update(keys).where(_is(claim)).values(status=status, body=body))


def free_key(session: Session, claim: Claim) -> None:
    """Let the key of the claim be used again."""
    session.execute(delete(keys).where(_is(claim)))


def _is(claim: Claim) -> ColumnElement[bool]:
    return and_(keys.c.key == claim.key, keys.c.claim == claim.id)
