"""/api/session: people log in with a password and get a cookie; programs use tokens instead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.callers import allowed, cookie_name, is_https, origin_of, require_own_page, session_secret
from api.description import refusals
from domain.access import Permission
from domain.inputs import Line
from domain.keys import TenantName
from domain.refusals import Forbidden
from operations import sessions
from operations.caller import Caller
from operations.sessions import LoggedIn, SignedIn

router = APIRouter(prefix="/api/session", tags=["session"])

Password = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class LogIn(BaseModel):
    """Who wants to come in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "ann@example.org", "password": "correct horse battery staple"}]},
    )

    email: Line
    password: Password
    tenant: TenantName | None = Field(default=None, description="Where to work; the first of theirs when left out.")


class TenantSwitch(BaseModel):
    """Where to work from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tenant": "berlin"}]})

    tenant: TenantName


class PasswordChange(BaseModel):
    """The password until now and the one from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"current": "correct horse battery staple", "new": "a better one, and longer"}]
        },
    )

    current: Password
    new: Annotated[SecretStr, Field(min_length=12, max_length=1000)]


class Ending(BaseModel):
    """Which sessions end."""

    model_config = ConfigDict(extra="forbid")

    everywhere: bool = Field(default=False, description="End this person's sessions on all devices.")


class OwnSession(NamedTuple):
    """The session that a call came with, and whose it is."""

    caller: Caller
    secret: str


def own_session(request: Request, caller: Annotated[Caller, allowed(Permission.VIEW)]) -> OwnSession:
    """Give the session of the person who calls.

    Raises:
        Forbidden: a token calls.
    """
    if "Authorization" in request.headers:
        raise Forbidden("a token has no session; log in as a person at /api/session")
    return OwnSession(caller, session_secret(request))


Own = Annotated[OwnSession, Depends(own_session)]


@router.post("", summary="Log in", responses=refusals(401, 403, 429, 503))
def log_in(request: Request, response: Response, wanted: LogIn) -> SignedIn:
    """Log in with e-mail address and password; sets the session's cookie and gives its CSRF token.

    Send the token as X-CSRF-Token with every change. After several wrong passwords logging in is refused for a while.
    """
    require_own_page(request)
    origin = origin_of(request)
    logged_in = sessions.log_in(
        request.app.state.engine,
        wanted.email,
        wanted.password.get_secret_value(),
        tenant=wanted.tenant,
        **origin._asdict(),
    )
    return signed_in(response, logged_in)


@router.get("", summary="Who am I?")
def show_session(request: Request, own: Own) -> SignedIn:
    """Tell who is logged in, their tenants, what they may do in the present one, and the session's CSRF token."""
    return sessions.describe_session(request.app.state.engine, own.secret)


@router.delete("", summary="Log out", status_code=204)
def log_out(response: Response, own: Own, ending: Annotated[Ending, Query()]) -> None:
    """End the session, or all sessions of this person, and take the cookie back."""
    if ending.everywhere:
        sessions.log_out_everywhere(own.caller, own.secret)
    else:
        sessions.log_out(own.caller, own.secret)
    response.delete_cookie(cookie_name(), path="/", secure=is_https(), httponly=True, samesite="lax")


@router.post("/tenant", summary="Work in another tenant", responses=refusals(404))
def switch_tenant(response: Response, own: Own, wanted: TenantSwitch) -> SignedIn:
    """Go on in another of this person's tenants; the session's cookie and CSRF token are new from then on."""
    return signed_in(response, sessions.switch_tenant(own.caller, own.secret, wanted.tenant))


@router.post("/password", summary="Change the password", responses=refusals(429))
def change_password(response: Response, own: Own, wanted: PasswordChange) -> SignedIn:
    """Change this person's password; all their other sessions end, and this one gets a new cookie and CSRF token."""
    current, new = wanted.current.get_secret_value(), wanted.new.get_secret_value()
    return signed_in(response, sessions.change_password(own.caller, own.secret, current, new))


def signed_in(response: Response, logged_in: LoggedIn) -> SignedIn:
    """Set the session's cookie and give what may be known of the session."""
    seconds = int((logged_in.signed_in.expires_at - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        cookie_name(),
        logged_in.secret,
        max_age=max(seconds, 0),
        path="/",
        secure=is_https(),
        httponly=True,
        # Not strict: Intuit's consent page sends the browser back to us, and the person must still be logged in then.
        # Changes are guarded by the CSRF token and the Origin besides.
        samesite="lax",
    )
    return logged_in.signed_in
