"""The audit log: who changed what, and who tried to; rows are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.ledger.arrays import loggable, storable
from db.models.access import audit_log
from domain.inputs import Line, Moment
from domain.keys import TenantName

Outcome = Literal["done", "refused"]


class AuditEntry(BaseModel):
    """One thing that somebody did, or was refused."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 4711,
                    "at": "2026-07-01T09:00:00Z",
                    "actor": "user:ann@example.org",
                    "action": "token.create",
                    "subject": "nightly export",
                    "outcome": "done",
                    "address": "192.0.2.7",
                    "request_id": "0b7f5c1e",
                    "details": {"role": "viewer"},
                }
            ]
        },
    )

    id: int
    at: AwareDatetime
    actor: str
    action: str
    subject: str
    outcome: Outcome
    address: str
    request_id: str
    details: dict[str, Any]


class AuditFilter(BaseModel):
    """Which entries are wanted: all that fit everything given; ``until`` itself is not among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: Line | None = None
    action: Line | None = None
    outcome: Outcome | None = None
    since: Moment | None = None
    until: Moment | None = None


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
    tenant: TenantName | None = None,
) -> None:
    """Note in the session's transaction that ``actor`` did (``done``) or was refused (``refused``) an action.

    The session's tenant reads it; in a ``door_session`` it must be named. Who did it to whom is kept as it is; the
    details are masked.
    """
    words = {"actor": actor, "action": action, "subject": subject, "address": address, "request_id": request_id}
    row: dict[str, object] = {name: storable(word) for name, word in words.items()}
    row |= {"outcome": outcome, "details": _masked(dict(details or {}))} | ({"tenant": tenant} if tenant else {})
    # The door may write rows and read none, not even the one it wrote.
    session.execute(insert(audit_log).values(row).inline())


def record_run_start(
    session: Session,
    *,
    run_id: UUID,
    route: str,
    started_by: str,
    flow_run_id: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Note that a run began, and who wanted it: ``prefect:ui``, ``schedule``, ``webhook:shop``, ``user:...``."""
    known = {"flow_run_id": flow_run_id} if flow_run_id else {}
    record_audit(
        session,
        actor=started_by,
        action="sync.run",
        subject=str(run_id),
        details={"route": route} | known | dict(details or {}),
    )


def list_audit(session: Session, wanted: AuditFilter, before: int | None, limit: int) -> list[AuditEntry]:
    """Give the tenant's entries, the newest first, beginning before one."""
    statement = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    for column in ("actor", "action", "outcome"):
        if (word := getattr(wanted, column)) is not None:
            statement = statement.where(audit_log.c[column] == word)
    if wanted.since:
        statement = statement.where(audit_log.c.at >= wanted.since)
    if wanted.until:
        statement = statement.where(audit_log.c.at < wanted.until)
    if before is not None:
        statement = statement.where(audit_log.c.id < before)
    return [AuditEntry.model_validate(row) for row in session.execute(statement).mappings()]


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {storable(str(name)): _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    return value if isinstance(value, int | float | None) else loggable(str(value))
