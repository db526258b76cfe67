"""Whether the installation can work: its ledger, its Prefect server, its key."""

from __future__ import annotations

from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from config.prefect_address import api_url
from config.wiring import open_vault
from db.migrations import engine_is_current
from domain.errors import ConnectorError, Misconfigured

SECONDS = 3.0


class Readiness(BaseModel):
    """What the service needs, and whether it has it; sentences that anybody may read."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={"examples": [{"status": "ready", "ledger": "ok", "prefect": "ok", "key": "ok"}]},
    )

    status: Literal["ready", "not ready"]
    ledger: str
    prefect: str
    key: str


def readiness(engine: Engine) -> Readiness:
    """Look at everything that the service needs; tells no address and no secret."""
    found = {"ledger": ledger_state(engine), "prefect": prefect_state(), "key": key_state()}
    return Readiness(status="ready" if set(found.values()) == {"ok"} else "not ready", **found)


def ledger_state(engine: Engine) -> str:
    """Say whether the ledger can be used."""
    try:
        return "ok" if engine_is_current(engine) else "not prepared for this version; run: unisync db upgrade"
    except Misconfigured:
        return "refuses us; unisync db status tells more"
    except ConnectorError:
        return "cannot be reached"


def prefect_state() -> str:
    """Say whether the Prefect server answers."""
    try:
        return "ok" if httpx.get(f"{api_url()}/health", timeout=SECONDS).is_success else "answers with an error"
    except httpx.HTTPError:
        return "does not answer; start it with: unisync prefect server"


def key_state() -> str:
    """Say whether credentials can be sealed and opened."""
    try:
        open_vault()
    except Misconfigured:
        return "UNISYNC_SECRET_KEY is missing or no key; unisync key prints a new one"
    return "ok"
