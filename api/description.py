"""The OpenAPI description: what every endpoint needs and how it may fail, read off the routes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.callers import CSRF_HEADER, SAFE_METHODS, SECURE_COOKIE
from api.problems import MEDIA_TYPE, ProblemDetails
from domain.access import Permission

TITLE = "Universal Data Sync"
SUMMARY = "Steers the sync between WooCommerce, QuickBooks Online and Supabase/Postgres."
DESCRIPTION = """\
Send `Authorization: Bearer` and a token, or log in at `/api/session`. A token belongs to one tenant and so does every
answer. Lists come in pages: pass `next_cursor` of one as `cursor` of the next. Errors are problem details (RFC 9457);
`code` is for programs, `detail` for people. Times are ISO 8601 in UTC. Calls that start work take an
`Idempotency-Key`: the same call with the same key is carried out once and answered alike for 24 hours.
"""
TAGS = {
    "session": "Log in and out as a person.",
    "users": "The people of the tenant and their roles.",
    "tokens": "API tokens for programs; each is shown once.",
    "tenants": "Separate sets of shops and books in one installation.",
    "audit": "Who changed what, and who tried to.",
    "integrations": "Connections to shops, books and databases.",
    "webhooks": "What shops and books tell of themselves.",
    "notifications": "Who is told when something fails, how, and what they were told.",
    "sync": "Runs, plans, failures and schedules.",
    "history": "What happened to each record, and figures.",
    "health": "Whether the service lives and is ready.",
}
SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token: unisync token add"},
    "session": {
        "type": "apiKey", "in": "cookie", "name": SECURE_COOKIE,
        "description": "Set by POST /api/session; called `unisync` where the service is reached by plain http.",
    },
    "csrf": {
        "type": "apiKey", "in": "header", "name": CSRF_HEADER,
        "description": "`csrf` of GET /api/session; sent with every change that a session's cookie makes.",
    },
}  # fmt: skip
MEANINGS = {
    400: "The request cannot be read.",
    401: "No credentials, or none that count.",
    403: "The caller lacks the permission.",
    404: "There is no such thing in this tenant.",
    409: "It cannot be done as things stand.",
    413: "The body is too large.",
    422: "What was sent cannot be used.",
    428: "Make a dry run and confirm its plan first.",
    429: "Too many attempts; Retry-After tells when to ask again.",
    503: "Not possible right now; Retry-After tells when to ask again.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare how an endpoint may refuse, beside what is declared for all: ``responses=refusals(404, 409)``."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def permissions(routers: Iterable[APIRouter]) -> dict[tuple[str, str], Permission | None]:
    """Give, for every described (method, path), the permission that it asks for; None when it asks for none."""
    return {
        (method, route.path_format): permission_of(route.dependant)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in sorted(route.methods or ())
    }


def permission_of(dependant: Dependant) -> Permission | None:
    """Give the permission that a dependency, or one that it depends on, declares."""
    own = getattr(dependant.call, "permission", None)
    return own or next(filter(None, map(permission_of, dependant.dependencies)), None)


def describe(routers: Sequence[APIRouter], webhooks: APIRouter | None = None) -> dict[str, Any]:
    """Make the description of what the routers answer; the same routes give the same text, whatever is set.

    ``webhooks`` are what the service itself sends to others.
    """
    described = get_openapi(
        title=TITLE,
        version=version("universal-data-sync"),
        summary=SUMMARY,
        description=DESCRIPTION,
        tags=[{"name": name, "description": meaning} for name, meaning in TAGS.items()],
        routes=[route for router in routers for route in router.routes],
        webhooks=webhooks.routes if webhooks else (),
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
    )
    components = described.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas[ProblemDetails.__name__] = ProblemDetails.model_json_schema()
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    components["schemas"] = dict(sorted(schemas.items()))
    for webhook in described.get("webhooks", {}).values():
        # What others answer who cannot use it is theirs to say.
        webhook["post"]["responses"].pop("422")
    for (method, path), permission in permissions(routers).items():
        _complete(described["paths"][path][method.lower()], method, permission)
    return described


def _complete(operation: dict[str, Any], method: str, permission: Permission | None) -> None:
    statuses = set()
    if permission:
        operation["x-permission"] = permission.value
        session: Mapping[str, list[str]] = {"session": []} if method in SAFE_METHODS else {"session": [], "csrf": []}
        operation["security"] = [{"token": []}, session]
        statuses |= {401, 403, 503}
    if "requestBody" in operation:
        statuses |= {400, 413}
    common = {str(status): what for status, what in refusals(*statuses).items()}
    # The last one in place of FastAPI's own words for it.
    declared = common | operation["responses"] | {"422": refusals(422)[422]}
    operation["responses"] = dict(sorted(declared.items()))
