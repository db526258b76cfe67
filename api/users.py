"""/api/users: the people of the tenant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.callers import allowed
from api.description import refusals
from domain.access import Permission, Role
from domain.inputs import Flag, Line
from domain.listing import Listing, PageRequest
from operations import users
from operations.caller import Caller
from operations.users import User

router = APIRouter(prefix="/api/users", tags=["users"])

Admin = Annotated[Caller, allowed(Permission.MANAGE_ACCESS)]


class NewUser(BaseModel):
    """Somebody who shall come in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "ann@example.org", "name": "Ann", "role": "operator", "password": "twelve or more"}]
        },
    )

    email: Line
    role: Role
    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    password: SecretStr | None = Field(
        default=None,
        min_length=12,
        max_length=1000,
        description="Needed for somebody who is new here; others keep theirs.",
    )
    runs_installation: Flag = Field(default=False, description="May make tenants; only who may can give it.")


class RoleChange(BaseModel):
    """What somebody is from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "bookkeeper"}]})

    role: Role


class NewPassword(BaseModel):
    """A password that somebody else chose; it should be changed soon."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "twelve or more"}]})

    password: SecretStr = Field(min_length=12, max_length=1000)


@router.get("", summary="List the people")
def list_users(caller: Admin, page: Annotated[PageRequest, Query()]) -> Listing[User]:
    """List who belongs to the tenant, and as what."""
    return users.list_users(caller, page)


@router.post("", summary="Add somebody", status_code=201, responses=refusals(409))
def add_user(caller: Admin, wanted: NewUser) -> User:
    """Let somebody into the tenant."""
    return add(caller, wanted)


@router.get("/{user_id}", summary="One of the people", responses=refusals(404))
def find_user(caller: Admin, user_id: UUID) -> User:
    """Show one of the people of the tenant."""
    return users.find_user(caller, user_id)


@router.put("/{user_id}/role", summary="Change a role", responses=refusals(404, 409))
def change_role(caller: Admin, user_id: UUID, wanted: RoleChange) -> User:
    """Let somebody be something else in the tenant; the last admin stays one."""
    return users.change_role(caller, user_id, wanted.role)


@router.put("/{user_id}/password", summary="Set a password", status_code=204, responses=refusals(404, 409))
def set_password(caller: Admin, user_id: UUID, wanted: NewPassword) -> None:
    """Give somebody a new password; their sessions end."""
    users.set_password(caller, user_id, wanted.password.get_secret_value())


@router.post("/{user_id}/disable", summary="Lock somebody out", responses=refusals(404, 409))
def disable_user(caller: Admin, user_id: UUID) -> User:
    """Let somebody not come in any more; their sessions end, what they did stays."""
    return users.disable_user(caller, user_id)


@router.post("/{user_id}/enable", summary="Let somebody in again", responses=refusals(404, 409))
def enable_user(caller: Admin, user_id: UUID) -> User:
    """Let somebody who was locked out come in again."""
    return users.enable_user(caller, user_id)


@router.delete("/{user_id}", summary="Remove somebody", status_code=204, responses=refusals(404, 409))
def remove_user(caller: Admin, user_id: UUID) -> None:
    """Take somebody out of the tenant; the last admin stays."""
    users.remove_user(caller, user_id)


def add(caller: Caller, wanted: NewUser) -> User:
    """Add somebody to the caller's tenant; raises as ``operations.users.add_user``."""
    password = wanted.password.get_secret_value() if wanted.password else None
    return users.add_user(
        caller,
        wanted.email,
        wanted.role,
        name=wanted.name,
        password=password,
        runs_installation=wanted.runs_installation,
    )
