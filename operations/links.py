"""Where people who are told of something look further: pages of this installation that anybody can open.

Without a public address nobody but this machine could open them, and a notice does without.
"""

from __future__ import annotations

from uuid import UUID

from config.settings import settings
from domain.keys import Kind


def run_link(run_id: UUID) -> str:
    """Give the address of a run, or nothing."""
    return _public(f"/runs/{run_id}")


def failures_link(kind: Kind) -> str:
    """Give the address of the queue of records of a kind, or nothing."""
    return _public(f"/failures?kind={kind}")


def guide_link() -> str:
    """Give the address of the troubleshooting guide, or nothing."""
    return _public("/docs/troubleshooting")


def _public(path: str) -> str:
    address = settings().public_url
    return f"{address}{path}" if address else ""
