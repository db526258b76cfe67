"""/api/sync/failures: records that could not be written."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.callers import allowed
from api.description import refusals
from api.idempotency import starting
from domain.access import Permission
from domain.listing import Listing
from operations import failures, retries
from operations.caller import Caller
from operations.confirmations import Asked
from operations.failures import Decided, Failure, FailureFilter, IgnoreWish, Reason
from operations.retries import Retried, RetryWish

router = APIRouter(prefix="/api/sync/failures", tags=["sync"])

Viewer = Annotated[Caller, allowed(Permission.VIEW)]
Resolver = Annotated[Caller, allowed(Permission.RESOLVE_FAILURES)]
Starter = Annotated[Caller, starting(Permission.RESOLVE_FAILURES)]


class Why(BaseModel):
    """Why a failure is left be."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"reason": "A test order; it stays out."}]}
    )

    reason: Reason


@router.get("", summary="List the failures")
def list_failures(caller: Viewer, wanted: Annotated[FailureFilter, Query()]) -> Listing[Failure]:
    """List the records that could not be written, those tried last first, each with what to do about it."""
    return failures.search_failures(caller, wanted)


@router.post("/retry", summary="Try failures again", status_code=202, responses=refusals(404, 409, 428))
def retry_many(caller: Starter, wish: RetryWish) -> Retried:
    """Try up to ten failed records again now. More of them need a dry run first, and its plan confirmed."""
    return retries.retry_many(caller, wish)


@router.post("/ignore", summary="Leave failures be", responses=refusals(404))
def ignore_many(caller: Resolver, wish: IgnoreWish) -> Decided:
    """Leave failures be, with one reason for all: they are not tried again until they fail for another cause."""
    return failures.ignore_many(caller, wish)


@router.get("/{failure_id}", summary="One failure", responses=refusals(404))
def find_failure(caller: Viewer, failure_id: UUID) -> Failure:
    """Show a failure with its story."""
    return failures.find_failure(caller, failure_id)


@router.post("/{failure_id}/retry", summary="Try a failure again", status_code=202, responses=refusals(404, 409))
def retry(caller: Starter, failure_id: UUID) -> Asked:
    """Try one failed record again now."""
    return retries.retry(caller, failure_id)


@router.post("/{failure_id}/ignore", summary="Leave a failure be", responses=refusals(404, 409))
def ignore(caller: Resolver, failure_id: UUID, why: Why) -> Failure:
    """Leave a failure be, with a reason: it is not tried again until it fails for another cause."""
    return failures.ignore(caller, failure_id, why.reason)


@router.post("/{failure_id}/reopen", summary="Queue a failure again", responses=refusals(404, 409))
def reopen(caller: Resolver, failure_id: UUID) -> Failure:
    """Queue a failure again that somebody left be."""
    return failures.reopen(caller, failure_id)
