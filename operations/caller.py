"""Who asks: the tenant they act in, what they may do there, and the session that sees no other tenant's rows."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from db.ledger.audit import record_audit
from db.session import tenant_session
from domain.access import PERMISSIONS, Permission, Role
from domain.keys import TenantName
from domain.refusals import Forbidden


@dataclass(frozen=True)
class Caller:
    """Somebody who was recognised, in one tenant.

    ``actor`` names them in the audit log: ``user:ann@example.org``, ``token:nightly export``, ``operator:root``,
    ``webhook:shop``. ``runs_installation`` reaches beyond the tenant: making tenants, reading metrics of all.
    """

    engine: Engine = field(repr=False)
    tenant: TenantName
    actor: str
    role: Role
    runs_installation: bool = False
    address: str = ""
    request_id: str = ""

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission."""
        if permission is Permission.MANAGE_INSTALLATION:
            return self.runs_installation
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Make sure that the caller has the permission.

        Raises:
            Forbidden: they have not; the attempt is in the audit log.
        """
        if self.may(permission):
            return
        with self.ledger() as session:
            self.note(session, "refused", permission, outcome="refused")
        raise Forbidden(f"this needs the permission {permission}, which {self.tenant}'s role {self.role} does not have")

    def ledger(self) -> AbstractContextManager[Session]:
        """Open one transaction that sees the rows of this tenant only."""
        return tenant_session(self.engine, self.tenant)

    def note(self, session: Session, action: str, subject: str, *, outcome: str = "done", **details: object) -> None:
        """Put into the audit log what the caller does, in the transaction that does it; never a secret."""
        record_audit(
            session,
            tenant=self.tenant,
            actor=self.actor,
            action=action,
            subject=subject,
            outcome=outcome,
            address=self.address,
            request_id=self.request_id,
            details=details,
        )
