"""Accounts of people and the tenants that they work for; what is written here is written at the door.

Statements on an account, on memberships of all tenants or on a new one need a ``door_session``; those on the members
of one tenant a ``tenant_session``.
"""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ledger.arrays import storable
from db.models.access import memberships, users
from domain.access import Role
from domain.keys import TenantName


class Account(BaseModel):
    """How a person is known to the installation; the e-mail address is in lower case."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    email: str
    name: str
    password_hash: str = Field(repr=False)
    runs_installation: bool
    created_at: AwareDatetime
    disabled_at: AwareDatetime | None


class Member(BaseModel):
    """A person as a tenant knows them."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    email: str
    name: str
    role: Role
    runs_installation: bool
    created_at: AwareDatetime
    disabled_at: AwareDatetime | None


def find_account(session: Session, email: str) -> Account | None:
    """Give the account with this address, None when there is none."""
    row = session.execute(select(users).where(users.c.email == email)).mappings().first()
    return Account.model_validate(row) if row else None


def lock_account(session: Session, user_id: UUID) -> Account | None:
    """Give the account and keep everybody else from changing it, or adding it to a tenant, until the end."""
    row = session.execute(select(users).where(users.c.id == user_id).with_for_update()).mappings().first()
    return Account.model_validate(row) if row else None


def claim_address(session: Session, user_id: UUID, email: str, password_hash: str) -> Account:
    """Make an account under this id, or give the one that has the address already; locked as by ``lock_account``."""
    made = insert(users).values(id=user_id, email=email, password_hash=password_hash)
    session.execute(made.on_conflict_do_nothing(index_elements=["email"]))
    row = session.execute(select(users).where(users.c.email == email).with_for_update()).mappings().one()
    return Account.model_validate(row)


def save_account(session: Session, user_id: UUID, **values: object) -> None:
    """Keep another name, password hash, or right to run the installation of the account."""
    session.execute(update(users).where(users.c.id == user_id).values(**values))


def disable_account(session: Session, user_id: UUID) -> None:
    """Let the person come in no more; the first time counts."""
    disabled_at = func.coalesce(users.c.disabled_at, func.now())
    session.execute(update(users).where(users.c.id == user_id).values(disabled_at=disabled_at))


def memberships_of(session: Session, user_id: UUID) -> dict[TenantName, Role]:
    """Give what the person is in which tenant, by the name of the tenant."""
    found = select(memberships.c.tenant, memberships.c.role).where(memberships.c.user_id == user_id)
    return {tenant: Role(role) for tenant, role in session.execute(found.order_by(memberships.c.tenant))}


def add_membership(session: Session, tenant: TenantName, user_id: UUID, role: Role) -> bool:
    """Let the person work for the tenant; False when they do already, whatever their role."""
    added = insert(memberships).values(tenant=tenant, user_id=user_id, role=role)
    statement = added.on_conflict_do_nothing().returning(memberships.c.user_id)
    return session.execute(statement).first() is not None


def list_members(session: Session, after: str | None, limit: int) -> list[Member]:
    """Give the members of the tenant by address, beginning after one."""
    statement = _members().order_by(users.c.email).limit(limit)
    if after is not None:
        statement = statement.where(users.c.email > after)
    return [Member.model_validate(row) for row in session.execute(statement).mappings()]


def find_member(session: Session, user_id: UUID) -> Member | None:
    """Give the member of the tenant, None when there is none with this id."""
    row = session.execute(_members().where(users.c.id == user_id)).mappings().first()
    return Member.model_validate(row) if row else None


def member_of_email(session: Session, email: str) -> Member | None:
    """Give the member of the tenant with this address, None when there is none."""
    row = session.execute(_members().where(users.c.email == email)).mappings().first()
    return Member.model_validate(row) if row else None


def change_member(session: Session, user_id: UUID, role: Role) -> None:
    """Give the member another role."""
    session.execute(update(memberships).where(memberships.c.user_id == user_id).values(role=role))


def remove_member(session: Session, user_id: UUID) -> None:
    """Let the person work for the tenant no more; with the membership go its sessions."""
    session.execute(delete(memberships).where(memberships.c.user_id == user_id))


def lock_members(session: Session, tenant: TenantName) -> None:
    """Keep others from changing who is admin of the tenant until the transaction ends."""
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext("unisync.members"), func.hashtext(storable(tenant))))
    )


def has_other_admin(session: Session, tenant: TenantName, user_id: UUID) -> bool:
    """Whether somebody else, who may come in, is admin of the tenant."""
    other = (
        select(memberships.c.user_id)
        .join(users, users.c.id == memberships.c.user_id)
        .where(memberships.c.tenant == tenant, memberships.c.role == Role.ADMIN, memberships.c.user_id != user_id)
        .where(users.c.disabled_at.is_(None))
    )
    return session.execute(other.limit(1)).first() is not None


def _members() -> Select[tuple[object, ...]]:
    columns = [users.c[name] for name in Member.model_fields if name != "role"]
    return select(*columns, memberships.c.role).join_from(memberships, users, memberships.c.user_id == users.c.id)
