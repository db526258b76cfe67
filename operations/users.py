"""The people of a tenant: who they are, what they may do, and that one admin always remains."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from pydantic import ConfigDict
from sqlalchemy.orm import Session

from db.ledger import accounts
from db.ledger.accounts import Account, Member
from db.ledger.sessions import close_sessions
from db.session import door_session
from domain.access import Permission, Role
from domain.inputs import Line
from domain.keys import TenantName
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown, Unusable
from operations.account_rules import changed_account, keep_an_admin, require_say
from operations.caller import Caller
from operations.inputs import read_email, read_line
from operations.passwords import hash_password, require_good_password


class User(Member):
    """Somebody of the tenant."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": "6f0f3a5e-6f0c-4a39-9f0b-0e6a3f5d2c11",
                    "email": "ann@example.org",
                    "name": "Ann",
                    "role": "operator",
                    "runs_installation": False,
                    "created_at": "2026-07-01T09:00:00Z",
                    "disabled_at": None,
                }
            ]
        },
    )


def add_user(
    caller: Caller,
    email: str,
    role: Role,
    *,
    name: str = "",
    password: str | None = None,
    runs_installation: bool = False,
) -> User:
    """Let somebody into the tenant; who belongs to another tenant already keeps their password and their name.

    Raises:
        Forbidden: they belong to another tenant, or shall run the installation, and the caller does not run it.
        Clash: they belong to the tenant already, or to another one and a password is given all the same.
        Unusable: no address, no password for somebody new, or one that is too short.
    """
    caller.require(Permission.MANAGE_ACCESS)
    if runs_installation:
        caller.require(Permission.MANAGE_INSTALLATION)
    email, name = read_email(email), read_line(name, "name") if name else ""
    kept = new_hash(password) if password is not None else ""
    with door_session(caller.engine) as session:
        account = accounts.claim_address(session, uuid4(), email, kept)
        tenants = accounts.memberships_of(session, account.id)
        if tenants:
            require_addable(caller, account, tenants, password)
        elif password is None:
            raise Unusable("somebody who is new here needs a password", field="password")
        else:
            # Whoever worked for a tenant once, and does no more, begins anew.
            anew = {"name": name, "password_hash": kept, "runs_installation": False, "disabled_at": None}
            accounts.save_account(session, account.id, **anew)
        if runs_installation:
            accounts.save_account(session, account.id, runs_installation=True)
        accounts.add_membership(session, caller.tenant, account.id, role)
        caller.note(session, "user.add", email, role=role, runs_installation=runs_installation)
    return find_user(caller, account.id)


def has_account(caller: Caller, email: str) -> bool:
    """Whether somebody belongs to a tenant already, and so needs no password to be added to another.

    Raises:
        Forbidden: the caller does not run the installation.
    """
    caller.require(Permission.MANAGE_INSTALLATION)
    with door_session(caller.engine) as session:
        account = accounts.find_account(session, read_email(email))
        return account is not None and bool(accounts.memberships_of(session, account.id))


def list_users(caller: Caller, page: PageRequest) -> Listing[User]:
    """List who belongs to the tenant, by e-mail address.

    Raises:
        Forbidden: the caller may not manage access.
        Unusable: the cursor is none of this list.
    """
    caller.require(Permission.MANAGE_ACCESS)
    after = decode_cursor(page.cursor, tuple[Line])[0] if page.cursor else None
    with caller.ledger() as session:
        found = accounts.list_members(session, after, page.limit + 1)
    items = tuple(shown(each) for each in found[: page.limit])
    return Listing(items=items, next_cursor=encode_cursor((items[-1].email,)) if len(found) > page.limit else None)


def find_user(caller: Caller, user_id: UUID) -> User:
    """Show one of the people of the tenant.

    Raises:
        Forbidden: the caller may not manage access.
        Unknown: nobody of the tenant has this id.
    """
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        return shown(member(session, caller, user_id))


def user_of_email(caller: Caller, email: str) -> User:
    """Show who of the tenant has this address; raises as ``find_user``."""
    caller.require(Permission.MANAGE_ACCESS)
    address = read_email(email)
    with caller.ledger() as session:
        found = accounts.member_of_email(session, address)
    if found is None:
        raise Unknown(f"nobody of tenant {caller.tenant} has the address {address}")
    return shown(found)


def change_role(caller: Caller, user_id: UUID, role: Role) -> User:
    """Let somebody be something else in the tenant.

    Raises:
        Forbidden: the caller may not manage access.
        Unknown: nobody of the tenant has this id.
        Clash: they are its last admin.
    """
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        accounts.lock_members(session, caller.tenant)
        before = member(session, caller, user_id)
        if role is not Role.ADMIN:
            keep_an_admin(session, {caller.tenant: before.role}, user_id)
        accounts.change_member(session, user_id, role)
        caller.note(session, "user.role", before.email, before=before.role, role=role)
        return shown(member(session, caller, user_id))


def remove_user(caller: Caller, user_id: UUID) -> None:
    """Take somebody out of the tenant; their sessions in it end. Raises as ``change_role``."""
    caller.require(Permission.MANAGE_ACCESS)
    with caller.ledger() as session:
        accounts.lock_members(session, caller.tenant)
        removed = member(session, caller, user_id)
        keep_an_admin(session, {caller.tenant: removed.role}, user_id)
        accounts.remove_member(session, user_id)
        caller.note(session, "user.remove", removed.email, role=removed.role)


def set_password(caller: Caller, user_id: UUID, password: str) -> None:
    """Give somebody another password; all their sessions end.

    Raises:
        Forbidden: the caller may not manage access, or the person is not the tenant's alone.
        Unknown: nobody of the tenant has this id.
        Unusable: the password is too short.
    """
    kept = new_hash(password)
    with changed_account(caller, user_id, "user.password") as changing:
        accounts.save_account(changing.session, user_id, password_hash=kept)
        close_sessions(changing.session, user_id)


def disable_user(caller: Caller, user_id: UUID) -> User:
    """Let somebody come in no more, wherever they belong; all their sessions end.

    Raises:
        Forbidden: the caller may not manage access, or the person is not the tenant's alone.
        Unknown: nobody of the tenant has this id.
        Clash: they are the last admin of a tenant.
    """
    with changed_account(caller, user_id, "user.disable") as changing:
        keep_an_admin(changing.session, changing.tenants, user_id)
        accounts.disable_account(changing.session, user_id)
        close_sessions(changing.session, user_id)
    return find_user(caller, user_id)


def enable_user(caller: Caller, user_id: UUID) -> User:
    """Let somebody come in again; raises as ``set_password``."""
    with changed_account(caller, user_id, "user.enable") as changing:
        accounts.save_account(changing.session, user_id, disabled_at=None)
    return find_user(caller, user_id)


def require_addable(caller: Caller, account: Account, tenants: Mapping[TenantName, Role], password: str | None) -> None:
    """Make sure that somebody who works for tenants already can be added to the caller's.

    Raises:
        Clash: they work for it already, or a password is given although they have one.
        Forbidden: the caller does not run the installation; the attempt is in the audit log.
    """
    if caller.tenant in tenants:
        raise Clash(f"{account.email} works for tenant {caller.tenant} already")
    require_say(caller, account, tenants, "user.add")
    if password is not None:
        raise Clash(f"{account.email} has an account already and keeps its password; leave the password out")


def new_hash(password: str) -> str:
    """Give what is kept of a new password.

    Raises:
        Unusable: it is too short or too long.
    """
    require_good_password(password)
    return hash_password(password)


def member(session: Session, caller: Caller, user_id: UUID) -> Member:
    """Give somebody of the tenant.

    Raises:
        Unknown: nobody of the tenant has this id.
    """
    found = accounts.find_member(session, user_id)
    if found is None:
        raise Unknown(f"nobody of tenant {caller.tenant} has this id")
    return found


def shown(found: Member) -> User:
    """Give somebody of the tenant as they are shown."""
    return User.model_validate(found.model_dump())
