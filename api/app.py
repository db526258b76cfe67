"""The service as one FastAPI app: every router, every guard, one description."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy.engine import Engine
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import (
    audit,
    failures,
    health,
    history,
    integrations,
    notifications,
    pages,
    plans,
    prometheus,
    sandbox,
    schedules,
    sessions,
    sync,
    tenants,
    tokens,
    users,
    webhooks,
)
from api.description import describe
from api.doors import Door
from api.guards import BodyGuard, HostGuard
from api.idempotency import declare_replay
from api.problems import declare_problems
from config.settings import settings

ROUTERS: tuple[APIRouter, ...] = (
    sessions.router,
    users.router,
    tokens.router,
    tenants.router,
    audit.router,
    integrations.router,
    webhooks.router,
    notifications.router,
    plans.router,
    failures.router,
    schedules.router,
    sandbox.router,
    history.router,
    sync.router,
    health.router,
    prometheus.router,
    pages.router,
)  # fmt: skip
"""One line each, in the order of the description."""

BODY_LIMIT = 1_000_000


def create_app(engine: Engine) -> FastAPI:
    """Make the app over a ledger that whoever opened it closes.

    Raises:
        Misconfigured: a setting cannot be used.
    """
    # No pages of FastAPI's own: they load scripts from elsewhere. And one address per thing, with no slash at its end.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", redirect_slashes=False)
    app.state.engine = engine
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = description  # type: ignore[method-assign]
    declare_problems(app, ROUTERS)
    declare_replay(app)
    add_guards(app)
    return app


@cache
def description() -> dict[str, Any]:
    """Give the OpenAPI description of the service."""
    return describe(ROUTERS, notifications.notices)


def add_guards(app: FastAPI) -> None:
    """Put up what every call passes, from the innermost to the outermost."""
    chosen = settings()
    app.add_middleware(BodyGuard, limit=BODY_LIMIT)
    app.add_middleware(HostGuard, accepted=chosen.accepted_hosts)
    # Without configured proxies nobody's X-Forwarded-For is believed.
    if chosen.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(chosen.trusted_proxies))
    app.add_middleware(Door, is_https=chosen.service_url.startswith("https://"))
