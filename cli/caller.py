"""Who sits at the machine's own shell: an admin of every tenant, by name in the audit log."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from config.wiring import open_ledger, require_tenant
from domain.access import Role
from domain.keys import TenantName
from operations.caller import Caller


@contextmanager
def local_caller(tenant: TenantName = "default") -> Iterator[Caller]:
    """Open the ledger as the person at the shell, who may do everything in the tenant and runs the installation.

    Raises:
        Misconfigured: there is no such tenant, or the ledger cannot be opened.
    """
    with open_ledger() as engine:
        caller = Caller(engine, tenant, f"operator:{login_name()}", Role.ADMIN, runs_installation=True)
        with caller.ledger() as session:
            require_tenant(session, tenant)
        yield caller


def login_name() -> str:
    """Name the account that this process runs under; unlike the environment, it cannot be pretended."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
