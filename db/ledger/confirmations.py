"""Words that start what is too large or too final to be started unasked; each counts once and not for long."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models.steering import confirmations, confirmed_pairs
from domain.access import Role
from domain.keys import ConnectionName, Kind
from domain.sync import SyncRequest


class PendingConfirmation(BaseModel):
    """What a token stands for; ``remaining`` are the tokens still to come after this one."""

    model_config = ConfigDict(frozen=True)

    token_hash: bytes
    request_id: UUID
    plan_id: UUID
    plan_hash: str
    role: Role
    remaining: int
    expires_at: AwareDatetime
    used_at: AwareDatetime | None
    is_over: bool


def save_confirmation(
    session: Session,
    token_hash: bytes,
    *,
    request_id: UUID,
    plan_id: UUID,
    plan_hash: str,
    role: Role,
    remaining: int,
    counts_for: timedelta,
) -> AwareDatetime:
    """Keep what a token stands for, not the token itself; gives the moment until which it counts."""
    until: AwareDatetime | None = session.scalar(
        insert(confirmations)
        .values(
            token_hash=token_hash,
            request_id=request_id,
            plan_id=plan_id,
            plan_hash=plan_hash,
            role=role,
            remaining=remaining,
            expires_at=func.now() + counts_for,
        )
        .returning(confirmations.c.expires_at)
    )
    assert until is not None  # noqa: S101 - it was inserted just now
    return until


def lock_confirmation(session: Session, token_hash: bytes) -> PendingConfirmation | None:
    """Give what the token stands for and keep everybody else from using it until the transaction ends."""
    is_over = (confirmations.c.expires_at <= func.clock_timestamp()).label("is_over")
    wanted = select(confirmations, is_over).where(confirmations.c.token_hash == token_hash).with_for_update()
    row = session.execute(wanted).mappings().first()
    return PendingConfirmation.model_validate(row) if row else None


def use_confirmation(session: Session, token_hash: bytes) -> None:
    """Note that the token was used; it counts no more."""
    session.execute(
        update(confirmations).where(confirmations.c.token_hash == token_hash).values(used_at=func.clock_timestamp())
    )


def cover_pair(session: Session, request: SyncRequest, run_id: UUID) -> None:
    """Note that a confirmed run carried these kinds between these connections; the first one is remembered."""
    rows = [
        {
            "route": request.route,
            "source_connection": request.source,
            "target_connection": request.target,
            "kind": kind,
            "run_id": run_id,
        }
        for kind in request.kinds
    ]
    session.execute(upsert(confirmed_pairs).values(rows).on_conflict_do_nothing())


def covered_kinds(session: Session, route: str, source: ConnectionName, target: ConnectionName) -> set[Kind]:
    """Give the kinds that a confirmed run ever carried between these connections."""
    covered = select(confirmed_pairs.c.kind).where(
        confirmed_pairs.c.route == route,
        confirmed_pairs.c.source_connection == source,
        confirmed_pairs.c.target_connection == target,
    )
    return set(map(Kind, session.scalars(covered)))


def covered_from(session: Session, source: ConnectionName) -> dict[tuple[str, ConnectionName], set[Kind]]:
    """Give the kinds that confirmed runs ever carried from this connection, by route and target."""
    rows = session.execute(
        select(confirmed_pairs.c.route, confirmed_pairs.c.target_connection, confirmed_pairs.c.kind)
        .where(confirmed_pairs.c.source_connection == source)
        .order_by(confirmed_pairs.c.route, confirmed_pairs.c.target_connection)
    )
    found: dict[tuple[str, ConnectionName], set[Kind]] = {}
    for route, target, kind in rows:
        found.setdefault((route, target), set()).add(Kind(kind))
    return found
