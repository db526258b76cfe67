"""Who may change whose account: a person may work for several tenants, and no tenant's admin becomes another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from db.ledger.accounts import Account, has_other_admin, lock_account, lock_members, memberships_of
from db.session import door_session
from domain.access import Permission, Role
from domain.keys import TenantName
from domain.refusals import Clash, Forbidden, Unknown
from operations.caller import Caller


class Changing(NamedTuple):
    """An account that nobody else changes meanwhile."""

    session: Session
    tenants: dict[TenantName, Role]


@contextmanager
def changed_account(caller: Caller, user_id: UUID, action: str) -> Iterator[Changing]:
    """Open the transaction that changes somebody's account, and note the change in every tenant of theirs.

    Raises:
        Forbidden: the caller may not manage access, or the account is not their tenant's alone.
        Unknown: nobody of the tenant has this id.
    """
    caller.require(Permission.MANAGE_ACCESS)
    with door_session(caller.engine) as session:
        account = lock_account(session, user_id)
        tenants = memberships_of(session, user_id)
        if account is None or caller.tenant not in tenants:
            raise Unknown(f"nobody of tenant {caller.tenant} has this id")
        require_say(caller, account, tenants, action)
        yield Changing(session, tenants)
        for tenant in tenants:
            replace(caller, tenant=tenant).note(session, action, account.email)


def require_say(caller: Caller, account: Account, tenants: Mapping[TenantName, Role], action: str) -> None:
    """Make sure that an account is the business of the caller.

    Otherwise the admin of one tenant could give somebody of another a new password, and come in as them.

    Raises:
        Forbidden: it is not; the attempt is in the audit log.
    """
    if caller.runs_installation or (set(tenants) <= {caller.tenant} and not account.runs_installation):
        return
    with caller.ledger() as session:
        caller.note(session, action, account.email, outcome="refused")
    raise Forbidden(
        f"{account.email} works for another tenant too, or runs the installation: whoever runs the installation can "
        "do this"
    )


def keep_an_admin(session: Session, tenants: Mapping[TenantName, Role], user_id: UUID) -> None:
    """Make sure that every tenant, of which somebody is admin, has another one; nobody takes that one away meanwhile.

    Raises:
        Clash: they are the last admin of a tenant.
    """
    for tenant in sorted(tenants):
        lock_members(session, tenant)
        if tenants[tenant] is Role.ADMIN and not has_other_admin(session, tenant, user_id):
            raise Clash(f"they are the last admin of tenant {tenant}; make somebody else admin first")
