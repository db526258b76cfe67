"""What whoever runs the installation does inside of its tenants."""

from __future__ import annotations

from dataclasses import replace

from db.ledger import tenant_exists
from domain.access import Permission, Role
from domain.keys import TenantName
from domain.refusals import Unknown
from operations.caller import Caller


def inside(caller: Caller, tenant: TenantName) -> Caller:
    """Give the caller as an admin of the tenant; what they do there is in that tenant's audit log.

    Raises:
        Forbidden: the caller does not run the installation.
        Unknown: there is no such tenant.
    """
    caller.require(Permission.MANAGE_INSTALLATION)
    within = replace(caller, tenant=tenant, role=Role.ADMIN)
    with within.ledger() as session:
        if not tenant_exists(session, tenant):
            raise Unknown(f"there is no tenant {tenant}; POST /api/tenants makes one")
    return within
