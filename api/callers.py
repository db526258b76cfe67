"""Who calls: a bearer token or a session cookie becomes the Caller that an endpoint asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request

from config.settings import settings
from domain.access import Permission
from domain.refusals import Forbidden, Unauthenticated
from operations.access import caller_of_session, caller_of_token, require_csrf
from operations.caller import Caller

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
SECURE_COOKIE = "__Host-unisync"
PLAIN_COOKIE = "unisync"


class CallOrigin(NamedTuple):
    """Where a call comes from, for the audit log."""

    address: str
    request_id: str


def cookie_name() -> str:
    """Name the session cookie; over https browsers keep a ``__Host-`` cookie to this very host."""
    return SECURE_COOKIE if is_https() else PLAIN_COOKIE


def is_https() -> bool:
    """Whether browsers reach the service over https."""
    return settings().service_url.startswith("https://")


def origin_of(request: Request) -> CallOrigin:
    """Say where a call comes from."""
    return CallOrigin(request.client.host if request.client else "", request.state.request_id)


def session_secret(request: Request) -> str:
    """Give the secret in the session cookie.

    Raises:
        Unauthenticated: there is no such cookie.
    """
    secret = request.cookies.get(cookie_name(), "")
    if not secret:
        raise Unauthenticated("say who asks: send Authorization: Bearer and a token, or log in at /api/session")
    return secret


def recognised(request: Request) -> Caller:
    """Recognise who calls.

    Raises:
        Unauthenticated: no credentials, or none that count.
        Forbidden: a browser's session without its CSRF token, or from another site's page.
    """
    engine, origin = request.app.state.engine, origin_of(request)
    given = request.headers.get("Authorization")
    if given is not None:
        scheme, _, secret = given.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthenticated("the header Authorization must be the word Bearer and a token")
        return caller_of_token(engine, secret.strip(), **origin._asdict())
    secret = session_secret(request)
    caller = caller_of_session(engine, secret, **origin._asdict())
    if request.method not in SAFE_METHODS:
        require_own_page(request)
        require_csrf(caller, secret, request.headers.get(CSRF_HEADER, ""))
    return caller


def require_own_page(request: Request) -> None:
    """Make sure that a browser which says where it comes from comes from our own pages.

    Raises:
        Forbidden: it comes from another site's.
    """
    given = request.headers.get("Origin")
    own = {settings().service_url, f"{request.url.scheme}://{request.headers.get('Host', '')}"}
    if given is not None and given.lower() not in own:
        raise Forbidden("the call comes from another site's page; use the service's own address")


@cache
def permitted(permission: Permission) -> Callable[[Caller], Caller]:
    """Give the dependency that lets in only callers with the permission; one for all routes that ask for it."""

    def permit(caller: Annotated[Caller, Depends(recognised)]) -> Caller:
        caller.require(permission)
        return caller

    permit.permission = permission  # type: ignore[attr-defined]
    return permit


def allowed(permission: Permission) -> Any:
    """Let an endpoint ask for a caller who has the permission.

    Example: ``caller: Annotated[Caller, allowed(Permission.VIEW)]``
    """
    return Depends(permitted(permission))
