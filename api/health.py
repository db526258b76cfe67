"""/healthz and /readyz: whether the service lives and is ready, for those who watch it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from operations.readiness import Readiness, readiness

router = APIRouter(tags=["health"])


class Life(BaseModel):
    """The service's process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Does the process live?")
def tell_life() -> Life:
    """Answer as long as the process lives, whatever else is wrong; ask /readyz whether it can work."""
    return Life()


@router.get(
    "/readyz",
    summary="Can it work?",
    responses={503: {"model": Readiness, "description": "Something is missing; the words say what."}},
)
def tell_readiness(request: Request, response: Response) -> Readiness:
    """Tell whether the ledger is reachable and up to date, Prefect answers and the key is set."""
    found = readiness(request.app.state.engine)
    if found.status != "ready":
        response.status_code = 503
    return found
