"""Who asks: a token or a session, shown at the door, becomes a Caller."""

from __future__ import annotations

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.ledger.audit import record_audit
from db.ledger.sessions import note_session_use
from db.ledger.tokens import PresentedToken, note_token_use, present_token
from db.session import door_session
from domain.refusals import Forbidden, Unauthenticated
from operations.caller import Caller
from operations.issued_secrets import csrf_of, hash_of, is_csrf_of
from operations.signed_in import find_session

__all__ = ["caller_of_session", "caller_of_token", "csrf_of", "require_csrf"]


def caller_of_token(engine: Engine, secret: str, *, address: str = "", request_id: str = "") -> Caller:
    """Recognise who shows an API token.

    Raises:
        Unauthenticated: nobody has it, or it does not count any more; the latter is in the tenant's audit log.
    """
    hashed = hash_of(secret)
    with door_session(engine) as session:
        token = present_token(session, hashed)
        if token is None:
            raise Unauthenticated("nobody has this token; unisync token create makes one")
        why = why_not(token)
        if why:
            refuse_token(session, token, why, address, request_id)
        else:
            note_token_use(session, hashed)
    # Outside, so that the refusal does not roll back what was noted of it.
    if why:
        raise Unauthenticated(f"this token {why}; unisync token create makes a new one")
    return Caller(engine, token.tenant, f"token:{token.name}", token.role, token.runs_installation, address, request_id)


def caller_of_session(engine: Engine, secret: str, *, address: str = "", request_id: str = "") -> Caller:
    """Recognise who is logged in; ``secret`` is what the cookie holds.

    Raises:
        Unauthenticated: the session is over, or never was.
    """
    with door_session(engine) as session:
        found = find_session(session, secret)
        note_session_use(session, hash_of(secret))
    return Caller(engine, found.tenant, f"user:{found.email}", found.role, found.runs_installation, address, request_id)


def require_csrf(caller: Caller, session_secret: str, given: str) -> None:
    """Make sure that a change was asked for by a page of ours, which knows the session's CSRF token.

    Raises:
        Forbidden: it was not; the attempt is in the audit log.
    """
    if is_csrf_of(session_secret, given):
        return
    with caller.ledger() as session:
        caller.note(session, "session.csrf", "a change without the session's CSRF token", outcome="refused")
    raise Forbidden("the session's CSRF token is missing or wrong; GET /api/session gives it")


def why_not(token: PresentedToken) -> str:
    """Say why a token does not count; empty when it does."""
    if token.revoked_at:
        return "was revoked"
    return "has expired" if token.has_expired else ""


def refuse_token(session: Session, token: PresentedToken, why: str, address: str, request_id: str) -> None:
    """Note that somebody came with a token that does not count any more."""
    record_audit(
        session,
        tenant=token.tenant,
        actor=f"token:{token.name}",
        action="token.use",
        subject=token.name,
        outcome="refused",
        address=address,
        request_id=request_id,
        details={"why": why},
    )
