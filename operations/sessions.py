"""People log in with their password, and out again."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.ledger.accounts import Account, find_account, lock_account, lock_members, memberships_of, save_account
from db.ledger.login_attempts import mark_success
from db.ledger.sessions import (
    close_session,
    close_sessions,
    forget_ended_sessions,
    move_session,
    open_session,
)
from db.session import door_session
from domain.access import Role
from domain.keys import TenantName
from domain.refusals import TooMany, Unauthenticated, Unknown, Unusable
from operations.caller import Caller
from operations.issued_secrets import hash_of, new_secret
from operations.passwords import hash_password, is_outdated, is_password, require_good_password
from operations.signed_in import LoggedIn, Membership, SignedIn, describe, find_session
from operations.throttle import Pause, begin_attempt

__all__ = [
    "LoggedIn",
    "Membership",
    "SignedIn",
    "change_password",
    "describe_session",
    "log_in",
    "log_out",
    "log_out_everywhere",
    "switch_tenant",
]

# The same whether there is no such account, it is disabled, it belongs elsewhere, or the password is wrong.
WRONG = "the e-mail address or the password is wrong"

STRANGER = "unknown"
"""Who tries to log in, for the audit log: nobody knows yet that they are who they say."""


def log_in(
    engine: Engine,
    email: str,
    password: str,
    *,
    tenant: TenantName | None = None,
    address: str = "",
    request_id: str = "",
) -> LoggedIn:
    """Let a person in, to the tenant named or to the first of theirs.

    Raises:
        Unauthenticated: something is wrong; what, and whether there is such an account, is not told.
        TooMany: too many attempts with this account or from this address went wrong.
    """
    visitor = Caller(engine, tenant or "", STRANGER, Role.VIEWER, False, address, request_id)
    attempt = admit(visitor, email)
    account, roles = known(engine, email)
    is_right = is_password(password, account.password_hash if account else None)
    visitor = replace(visitor, tenant=tenant or next(iter(roles), ""))
    opened = enter(visitor, account, password, attempt) if account and is_right else None
    if opened is None:
        refuse(visitor, roles, "session.log_in", account.email if account else "")
        raise Unauthenticated(WRONG)
    return opened


def describe_session(engine: Engine, secret: str) -> SignedIn:
    """Tell who is logged in with this session.

    Raises:
        Unauthenticated: the session is over.
    """
    with door_session(engine) as session:
        return describe(session, secret)


def switch_tenant(caller: Caller, secret: str, tenant: TenantName) -> LoggedIn:
    """Go on in another tenant of the person; the session has a new secret from then on, and does not live longer.

    Raises:
        Unauthenticated: the session is over.
        Unknown: the person does not work for such a tenant.
    """
    renewed = new_secret()
    with door_session(caller.engine) as session:
        found = find_session(session, secret)
        lock_members(session, tenant)
        if tenant not in memberships_of(session, found.user_id):
            raise Unknown(f"you do not work for a tenant {tenant}")
        move_session(session, hash_of(secret), hash_of(renewed), tenant)
        replace(caller, tenant=tenant).note(session, "session.switch", tenant, before=found.tenant)
        return LoggedIn(renewed, describe(session, renewed))


def change_password(caller: Caller, secret: str, current: str, new: str) -> LoggedIn:
    """Change the password of the person logged in; all their sessions end, and a new one begins.

    Raises:
        Unauthenticated: the session is over.
        Unusable: the current password is wrong, or the new one cannot be taken; ``field`` says which.
        TooMany: the current password was wrong too often.
    """
    require_good_password(new, "new")
    with door_session(caller.engine) as session:
        found = find_session(session, secret)
    attempt = admit(caller, found.email)
    account, roles = known(caller.engine, found.email)
    if account is None or not is_password(current, account.password_hash):
        refuse(caller, roles, "user.password", found.email)
        raise Unusable("the current password is wrong", field="current")
    changed = hash_password(new)
    with door_session(caller.engine) as session:
        lock_account(session, account.id)
        lock_members(session, caller.tenant)
        # Whatever happened to the account while its password was looked at has ended the session.
        find_session(session, secret)
        mark_success(session, attempt)
        save_account(session, account.id, password_hash=changed)
        close_sessions(session, account.id)
        for tenant in roles:
            replace(caller, tenant=tenant).note(session, "user.password", account.email)
        return begin(session, caller, account)


def log_out(caller: Caller, secret: str) -> None:
    """End the session."""
    with door_session(caller.engine) as session:
        close_session(session, hash_of(secret))
        caller.note(session, "session.log_out", caller.actor)


def log_out_everywhere(caller: Caller, secret: str) -> int:
    """End all sessions of the person; gives how many there were.

    Raises:
        Unauthenticated: the session is over.
    """
    with door_session(caller.engine) as session:
        ended = close_sessions(session, find_session(session, secret).user_id)
        caller.note(session, "session.log_out", caller.actor, sessions=ended)
    return ended


def admit(visitor: Caller, email: str) -> int:
    """Count an attempt to come in with a password, and give its number.

    Raises:
        TooMany: too many went wrong lately; the first who has to wait is in the audit log, lest it be flooded.
    """
    attempt = begin_attempt(visitor.engine, email, visitor.address)
    if not isinstance(attempt, Pause):
        return attempt
    if attempt.is_first:
        account, roles = known(visitor.engine, email)
        refuse(visitor, roles, "session.throttle", account.email if account else "")
    raise TooMany("too many wrong passwords; wait a while before you try again", retry_after=attempt.seconds)


def known(engine: Engine, email: str) -> tuple[Account | None, dict[TenantName, Role]]:
    """Give the account that was named, if there is one, and what the person is in which tenant."""
    if not email.isprintable():
        return None, {}
    with door_session(engine) as session:
        account = find_account(session, email.strip().lower())
        return account, memberships_of(session, account.id) if account else {}


def enter(visitor: Caller, account: Account, password: str, attempt: int) -> LoggedIn | None:
    """Begin the session of a person whose password is right; None when they may not come in all the same."""
    renewed = hash_password(password) if is_outdated(account.password_hash) else account.password_hash
    with door_session(visitor.engine) as session:
        # The password was looked at for a while: it may be another by now, or the person may have been removed.
        now = lock_account(session, account.id)
        lock_members(session, visitor.tenant)
        if now != account or now.disabled_at or visitor.tenant not in memberships_of(session, account.id):
            return None
        mark_success(session, attempt)
        forget_ended_sessions(session)
        if renewed != account.password_hash:
            save_account(session, account.id, password_hash=renewed)
        replace(visitor, actor=f"user:{account.email}").note(session, "session.log_in", account.email)
        return begin(session, visitor, account)


def begin(session: Session, visitor: Caller, account: Account) -> LoggedIn:
    """Begin a session in the visitor's tenant."""
    secret = new_secret()
    open_session(session, hash_of(secret), visitor.tenant, account.id, visitor.address)
    return LoggedIn(secret, describe(session, secret))


def refuse(visitor: Caller, roles: dict[TenantName, Role], action: str, email: str) -> None:
    """Note in every tenant of a person that somebody came with a wrong password, or may not come in."""
    with door_session(visitor.engine) as session:
        for tenant in roles:
            replace(visitor, tenant=tenant).note(session, action, email, outcome="refused")
