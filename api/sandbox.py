"""/api/sync/sandbox: runs that use other connections than the live ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from api.callers import allowed
from domain.access import Permission
from operations import sandbox
from operations.caller import Caller
from operations.sandbox import Sandbox, SandboxWish

router = APIRouter(prefix="/api/sync/sandbox", tags=["sync"])


@router.get("", summary="Whether sandbox mode is on")
def show_sandbox(caller: Annotated[Caller, allowed(Permission.VIEW)]) -> Sandbox:
    """Tell whether sandbox mode is on, and what stands in for what."""
    return sandbox.show_sandbox(caller)


@router.post("", summary="Switch sandbox mode")
def switch_sandbox(caller: Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)], wish: SandboxWish) -> Sandbox:
    """Switch sandbox mode on or off for every run that begins from now on, whatever starts it.

    While it is on, a connection that nothing stands in for is not touched: runs that need it are refused.
    """
    return sandbox.switch_sandbox(caller, wish)
