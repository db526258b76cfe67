"""Emptying the outbox: what happened is judged, then told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from operations.delivering import deliver_notices
from operations.judging import judge_events

LONGEST = timedelta(minutes=4)
"""A flush that finds too much to do leaves the rest to the next one."""


class Flushed(BaseModel):
    """How many events were judged and how many notices delivered."""

    model_config = ConfigDict(frozen=True)

    judged: int
    delivered: int


def flush_outbox(engine: Engine) -> Flushed:
    """Judge what happened and send what is due, in all tenants; several processes may do so at the same time.

    Raises:
        ConnectorError: the ledger is away; nothing is lost.
    """
    judged = judge_events(engine, _now())
    return Flushed(judged=judged, delivered=deliver_notices(engine, _now, _now() + LONGEST))


def _now() -> datetime:
    return datetime.now(UTC)
