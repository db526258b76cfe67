"""/api/tenants: separate sets of shops and books, for whoever runs the installation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.callers import allowed
from api.description import refusals
from api.tokens import TokenWish, make
from api.users import NewUser, add
from domain.access import Permission
from domain.keys import TenantName
from domain.listing import Listing, PageRequest
from operations import tenants
from operations.caller import Caller
from operations.installation import inside
from operations.tenants import Tenant
from operations.tokens import NewToken
from operations.users import User

router = APIRouter(prefix="/api/tenants", tags=["tenants"])

Operator = Annotated[Caller, allowed(Permission.MANAGE_INSTALLATION)]


class NewTenant(BaseModel):
    """A tenant that is wanted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "berlin"}]})

    name: TenantName


@router.get("", summary="List the tenants")
def list_tenants(caller: Operator, page: Annotated[PageRequest, Query()]) -> Listing[Tenant]:
    """List the tenants of the installation."""
    return tenants.list_tenants(caller, page)


@router.post("", summary="Make a tenant", status_code=201, responses=refusals(409))
def make_tenant(caller: Operator, wanted: NewTenant) -> Tenant:
    """Make a tenant; it is empty until somebody gets a token or a user in it."""
    return tenants.make_tenant(caller, wanted.name)


@router.post("/{tenant}/tokens", summary="Make a token in a tenant", status_code=201, responses=refusals(404, 409))
def make_tenant_token(caller: Operator, tenant: TenantName, wanted: TokenWish) -> NewToken:
    """Make a token in any tenant, the first one of a new tenant above all; `secret` is shown this once."""
    return make(inside(caller, tenant), wanted)


@router.post("/{tenant}/users", summary="Add somebody to a tenant", status_code=201, responses=refusals(404, 409))
def add_tenant_user(caller: Operator, tenant: TenantName, wanted: NewUser) -> User:
    """Let somebody into any tenant, the first admin of a new tenant above all."""
    return add(inside(caller, tenant), wanted)
