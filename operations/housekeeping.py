"""Who had the house kept: what serves a tenant, or all of them, is in the audit log of each."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Engine

from db.ledger.audit import record_audit
from db.ledger.tenants import tenant_names
from db.session import tenant_session, watch_session
from domain.keys import TenantName


def note_start(engine: Engine, what: str, actor: str, tenant: TenantName | None, details: Mapping[str, object]) -> None:
    """Note that somebody started housekeeping for this tenant, for every one when none is named.

    Raises:
        ConnectorError: the ledger is away.
    """
    with watch_session(engine) as session:
        names = tenant_names(session)
    for name in names:
        if tenant in (None, name):
            with tenant_session(engine, name) as session:
                record_audit(session, actor=actor, action="housekeeping.run", subject=what, details=details)
