"""Errors as RFC 9457 problem details: one clear sentence, a stable type, never a secret or a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.faults import fault_of
from db.session import LEDGER
from domain import errors, refusals
from notifications.advice import GENERAL, advise, cause_of_error

calls = logging.getLogger("unisync.service")

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
"""When to ask again, where the other side did not say."""


class ProblemDetails(BaseModel):
    """What went wrong, as RFC 9457 spells it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/forbidden",
                    "title": "You may not do this",
                    "status": 403,
                    "detail": "this needs the permission run_sync, which default's role viewer does not have",
                    "instance": "/api/sync/order",
                    "code": "forbidden",
                    "request_id": "01J9Z0S3W7",
                }
            ]
        }
    )

    type: str = Field(description="Names the sort of problem; stable.")
    title: str = Field(description="The sort of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence: what is wrong and what to do.")
    instance: str = Field(description="The path that was called.")
    code: str = Field(description="The sort of problem for programs: the last word of `type`.")
    request_id: str = Field(description="Names this call in the service's log.")
    field: str | None = Field(default=None, description="The value that cannot be used, where there is one.")
    advice: str | None = Field(default=None, description="What may help.")


class Sort(NamedTuple):
    """A sort of problem: its status, its stable code and its title."""

    status: HTTPStatus
    code: str
    title: str


SORTS: Mapping[type[Exception], Sort] = {
    refusals.Unauthenticated: Sort(HTTPStatus.UNAUTHORIZED, "unauthenticated", "Nobody knows who asks"),
    refusals.Forbidden: Sort(HTTPStatus.FORBIDDEN, "forbidden", "You may not do this"),
    refusals.Unknown: Sort(HTTPStatus.NOT_FOUND, "unknown", "There is no such thing"),
    refusals.Clash: Sort(HTTPStatus.CONFLICT, "clash", "It cannot be done as things stand"),
    refusals.Unusable: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "unusable", "What was sent cannot be used"),
    refusals.ConfirmationNeeded: Sort(
        HTTPStatus.PRECONDITION_REQUIRED, "confirmation_needed", "This needs a confirmation"
    ),
    refusals.TooMany: Sort(HTTPStatus.TOO_MANY_REQUESTS, "too_many", "Too many attempts"),
    errors.RetryableError: Sort(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Not possible right now"),
    errors.RateLimited: Sort(HTTPStatus.SERVICE_UNAVAILABLE, "rate_limited", "The other system wants fewer calls"),
    errors.Rejected: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "rejected", "The other system refuses the record"),
    errors.Conflict: Sort(HTTPStatus.CONFLICT, "conflict", "The record was changed meanwhile"),
    errors.Missing: Sort(HTTPStatus.NOT_FOUND, "missing", "The other system has no such record"),
    errors.Ambiguous: Sort(HTTPStatus.SERVICE_UNAVAILABLE, "ambiguous", "Nobody knows whether it was done"),
    errors.AccessDenied: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "access_denied", "The other system refuses access"),
    errors.Misconfigured: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "misconfigured", "The settings cannot work"),
    errors.RecordError: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "record_failed", "The record cannot be handled"),
    errors.FatalError: Sort(HTTPStatus.UNPROCESSABLE_ENTITY, "failed", "It cannot succeed as things stand"),
}

UNEXPECTED = Sort(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The service failed")
NOT_FOUND = Sort(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here")
WRONG_METHOD = Sort(HTTPStatus.METHOD_NOT_ALLOWED, "wrong_method", "Not with this method")
UNREADABLE = Sort(HTTPStatus.BAD_REQUEST, "unreadable", "The request cannot be read")
UNUSABLE = SORTS[refusals.Unusable]
BUSY = SORTS[errors.RetryableError]


def sort_of(error: Exception) -> Sort:
    """Give the sort of problem that an exception is."""
    return next((SORTS[kind] for kind in type(error).__mro__ if kind in SORTS), UNEXPECTED)


def problem(
    scope: Mapping[str, Any],
    sort: Sort,
    detail: str,
    *,
    field: str = "",
    advice: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the answer to a call that failed; ``scope`` is the ASGI scope of the call."""
    content: dict[str, object] = {
        "type": f"/problems/{sort.code}",
        "title": sort.title,
        "status": int(sort.status),
        "detail": detail,
        "instance": scope["path"],
        "code": sort.code,
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    content |= {name: value for name, value in (("field", field), ("advice", advice)) if value}
    # In ASCII, because a lone surrogate that somebody sent cannot be encoded otherwise.
    return Response(json.dumps(content), int(sort.status), headers, MEDIA_TYPE)


def problem_of(scope: Mapping[str, Any], error: Exception) -> Response:
    """Make the answer to a refusal or to a failure of a foreign system."""
    advice = ""
    if getattr(error, "code", None) == LEDGER:
        calls.error("%s failed: %s", scope["state"]["request_id"], error)
        error = errors.Unavailable("the service's own database cannot be used right now; ask again later")
    elif isinstance(error, errors.ConnectorError):
        known = advise(cause_of_error(error))
        advice = " ".join(known.steps) if known is not GENERAL else ""
    sort, headers = sort_of(error), {}
    if sort.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="unisync"'
    if sort.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = str(ceil(getattr(error, "retry_after", None) or RETRY_SECONDS))
    return problem(scope, sort, str(error), field=getattr(error, "field", ""), advice=advice, headers=headers)


def declare_problems(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let every error of the app be answered with problem details; what is unexpected, ``api.doors`` answers."""

    def refused(request: Request, error: Exception) -> Response:
        return problem_of(request.scope, error)

    def wrong_method(request: Request, error: Exception) -> Response:
        del error
        sentence = "this address does not know the method; /api/openapi.json lists what it knows"
        allow = {"Allow": ", ".join(methods_at(request.scope, routers))}
        return problem(request.scope, WRONG_METHOD, sentence, headers=allow)

    def unusable(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
        faults = error.errors()
        # Such as POST /api/things/search, where only GET knows the word and POST takes it for the name of a thing.
        if faults[0]["loc"][0] == "path" and request.method not in methods_at(request.scope, routers):
            return wrong_method(request, error)
        field, sentence = fault_of(faults)
        return problem(request.scope, UNUSABLE, sentence, field=field)

    for root in (refusals.Refusal, errors.ConnectorError):
        app.add_exception_handler(root, refused)
    app.add_exception_handler(RequestValidationError, unusable)
    app.add_exception_handler(HTTPException, _unreadable)
    app.add_exception_handler(int(NOT_FOUND.status), _nowhere)
    app.add_exception_handler(int(WRONG_METHOD.status), wrong_method)
    app.add_exception_handler(PoolExhausted, _busy)


def methods_at(scope: Scope, routers: Sequence[APIRouter]) -> list[str]:
    """Give the methods that the address of a call knows; Starlette itself names those of one route only."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    path = next((route.path for route in routes if route.matches(scope)[0] is not Match.NONE), "")
    return sorted({method for route in routes if route.path == path for method in route.methods or ()})


def _nowhere(request: Request, error: Exception) -> Response:
    del error
    sentence = "there is nothing at this address; /api/openapi.json lists what there is"
    return problem(request.scope, NOT_FOUND, sentence)


def _unreadable(request: Request, error: Exception) -> Response:
    del error
    return problem(request.scope, UNREADABLE, "the body cannot be read; send it as /api/openapi.json describes")


def _busy(request: Request, error: Exception) -> Response:
    del error
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem(request.scope, BUSY, "too much is asked of the service at once; ask again later", headers=headers)
