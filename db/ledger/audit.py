"""The audit log: who changed what, and who tried to; rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.models.access import audit_log


def record_audit(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    outcome: str = "done",
    address: str = "",
    request_id: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Note in the session's transaction that ``actor`` did (``done``) or was refused (``refused``) an action."""
    session.execute(
        insert(audit_log).values(
            actor=actor,
            action=action,
            subject=subject,
            outcome=outcome,
            address=address,
            request_id=request_id,
            details=dict(details or {}),
        )
    )
