"""/api/tokens: what programs come in with."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.callers import allowed
from api.description import refusals
from domain.access import Permission, Role
from domain.inputs import Flag, Line, Moment
from domain.listing import Listing, PageRequest
from operations import tokens
from operations.caller import Caller
from operations.tokens import NewToken, Token

router = APIRouter(prefix="/api/tokens", tags=["tokens"])

Admin = Annotated[Caller, allowed(Permission.MANAGE_ACCESS)]


class TokenWish(BaseModel):
    """A token that is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "nightly export", "role": "viewer", "expires_at": "2030-01-01T00:00:00Z"}]
        },
    )

    name: Line = Field(description="What it is for; names its doings in the audit log.")
    role: Role
    expires_at: Moment | None = Field(default=None, description="It counts until then; for ever when left out.")
    runs_installation: Flag = Field(default=False, description="May make tenants; only who may can give it.")


@router.get("", summary="List the tokens")
def list_tokens(caller: Admin, page: Annotated[PageRequest, Query()]) -> Listing[Token]:
    """List the tenant's tokens, revoked ones included; never what they are made of."""
    return tokens.list_tokens(caller, page)


@router.post("", summary="Make a token", status_code=201, responses=refusals(409))
def make_token(caller: Admin, wanted: TokenWish) -> NewToken:
    """Make a token; `secret` is shown this once and kept nowhere."""
    return make(caller, wanted)


@router.get("/{token_id}", summary="One token", responses=refusals(404))
def find_token(caller: Admin, token_id: UUID) -> Token:
    """Show a token; never what it is made of."""
    return tokens.find_token(caller, token_id)


@router.delete("/{token_id}", summary="Revoke a token", responses=refusals(404))
def revoke_token(caller: Admin, token_id: UUID) -> Token:
    """Let a token count no more, from this moment on."""
    return tokens.revoke_token(caller, token_id)


def make(caller: Caller, wanted: TokenWish) -> NewToken:
    """Make a token of the caller's tenant; raises as ``operations.tokens.make_token``."""
    return tokens.make_token(
        caller,
        wanted.name,
        wanted.role,
        expires_at=wanted.expires_at,
        runs_installation=wanted.runs_installation,
    )
