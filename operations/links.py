"""Where people who are told of something look further: pages of this installation."""

from __future__ import annotations

from uuid import UUID

from config.settings import settings
from domain.keys import Kind
from notifications.advice import GUIDE


def run_link(run_id: UUID) -> str:
    """Give the address of a run."""
    return f"{settings().service_url}/runs/{run_id}"


def failures_link(kind: Kind) -> str:
    """Give the address of the queue of records of a kind."""
    return f"{settings().service_url}/failures?kind={kind}"


def guide_link() -> str:
    """Give the address of the troubleshooting guide."""
    return f"{settings().service_url}/{GUIDE}"
