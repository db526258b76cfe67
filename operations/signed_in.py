"""What may be known of a session: who is logged in, where, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.orm import Session

from db.ledger.accounts import memberships_of
from db.ledger.sessions import OpenSession, load_session
from domain.access import PERMISSIONS, Permission, Role
from domain.keys import TenantName
from domain.refusals import Unauthenticated
from operations.issued_secrets import csrf_of, hash_of

NO_SESSION = "the session is over; log in again"


class Membership(BaseModel):
    """What somebody is in a tenant."""

    model_config = ConfigDict(frozen=True)

    tenant: TenantName
    role: Role


class SignedIn(BaseModel):
    """Who is logged in, where, and what they may do there."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "email": "ann@example.org",
                    "name": "Ann",
                    "tenant": "berlin",
                    "role": "bookkeeper",
                    "permissions": ["read_audit", "resolve_failures", "view"],
                    "runs_installation": False,
                    "tenants": [{"tenant": "berlin", "role": "bookkeeper"}],
                    "csrf": "9f2c6d0e5b7a4f31c8d2",
                    "expires_at": "2026-07-08T09:00:00Z",
                }
            ]
        },
    )

    email: str
    name: str
    tenant: TenantName
    role: Role
    permissions: tuple[Permission, ...]
    runs_installation: bool
    tenants: tuple[Membership, ...]
    csrf: str
    expires_at: AwareDatetime


@dataclass(frozen=True)
class LoggedIn:
    """A new session: its secret, which belongs into the cookie and nowhere else, and what may be known of it."""

    secret: str = field(repr=False)
    signed_in: SignedIn


def find_session(session: Session, secret: str) -> OpenSession:
    """Give the session with this secret.

    Raises:
        Unauthenticated: it is over, or never was.
    """
    found = load_session(session, hash_of(secret))
    if found is None:
        raise Unauthenticated(NO_SESSION)
    return found


def describe(session: Session, secret: str) -> SignedIn:
    """Tell what may be known of the session; raises as ``find_session``."""
    found = find_session(session, secret)
    granted = PERMISSIONS[found.role] | ({Permission.MANAGE_INSTALLATION} if found.runs_installation else set())
    tenants = memberships_of(session, found.user_id)
    return SignedIn(
        **found.model_dump(include={"email", "name", "tenant", "role", "runs_installation", "expires_at"}),
        permissions=tuple(sorted(granted)),
        tenants=tuple(Membership(tenant=tenant, role=role) for tenant, role in tenants.items()),
        csrf=csrf_of(secret),
    )
