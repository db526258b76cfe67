"""/api/audit: who changed what, and who tried to."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from api.callers import allowed
from api.streams import CSV, EXPORTS, JSON_LINES, streamed
from domain.access import Permission
from domain.listing import Listing, PageRequest
from operations import audit
from operations.audit import AuditEntry, AuditFilter
from operations.caller import Caller

router = APIRouter(prefix="/api/audit", tags=["audit"])


class AuditPage(AuditFilter, PageRequest):
    """Which entries, and which page of them."""


class AuditExport(AuditFilter):
    """Which entries, and in which form."""

    format: Literal["csv", "json"] = Field(default="csv", description="A table, or one JSON object per line.")


@router.get("", summary="List the audit log")
def list_audit(
    caller: Annotated[Caller, allowed(Permission.READ_AUDIT)], wanted: Annotated[AuditPage, Query()]
) -> Listing[AuditEntry]:
    """List what was changed in the tenant, by whom, and what was refused; newest first."""
    return audit.list_audit(caller, wanted, wanted)


@router.get("/export", summary="Export the audit log", response_class=StreamingResponse, responses=EXPORTS)
def export_audit(
    caller: Annotated[Caller, allowed(Permission.READ_AUDIT)], wanted: Annotated[AuditExport, Query()]
) -> StreamingResponse:
    """Give the same entries as a file, all of them: a table, or one JSON object per line."""
    if wanted.format == "csv":
        return streamed(audit.export_audit_csv(caller, wanted), CSV, "audit.csv")
    return streamed(audit.export_audit_json_lines(caller, wanted), JSON_LINES, "audit.jsonl")
