"""/metrics: figures of all tenants for Prometheus."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from api.callers import allowed
from domain.access import Permission
from operations.caller import Caller
from operations.prometheus import CONTENT_TYPE, exposition

router = APIRouter(tags=["health"])

TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The figures.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses=TEXT)
def expose_metrics(caller: Annotated[Caller, allowed(Permission.MANAGE_INSTALLATION)]) -> Response:
    """Give the figures of all tenants in Prometheus' text format; scrape it with a token that runs the installation."""
    return Response(exposition(caller), media_type=CONTENT_TYPE)
