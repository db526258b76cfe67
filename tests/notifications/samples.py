"""Events and notices as tests need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.keys import Kind, System
from notifications.advice import Cause, advise
from notifications.events import Event, EventType, Severity
from notifications.notice import Notice, Stage, compose

NOON = datetime(2026, 7, 16, 12, 0, tzinfo=UTC)
GUIDE = "https://sync.example.org/guide"


def event(**changes: Any) -> Event:
    """A failed sync, or what is made of it."""
    return Event.model_validate(
        {
            "type": EventType.SYNC_FAILED,
            "tenant": "acme",
            "severity": Severity.ERROR,
            "title": "The sync of berlin-shop to books failed",
            "message": "books creating invoices: QuickBooks took longer than 60 seconds to answer.",
            "at": NOON,
            "connection": "books",
            "system": System.QUICKBOOKS,
            "route": "woocommerce-to-quickbooks",
            "schedule": "nightly",
            "kind": Kind.ORDER,
            "error_type": "network-timeout",
            "records": ("berlin-shop:order:794", "berlin-shop:order:795"),
            "record_count": 10_000,
            "run_id": "0198a1c2-0000-7000-8000-000000000001",
            "details": {"Read": "10,000", "Written": "0"},
            "advice": advise(
                Cause(system=System.QUICKBOOKS, error="Unavailable", message="took longer than 60 seconds")
            ),
            "run_link": "https://sync.example.org/runs/0198a1c2-0000-7000-8000-000000000001",
        }
        | changes
    )


def notice(stage: Stage = Stage.OPENED, **changes: Any) -> Notice:
    """The notice of such an event."""
    return compose(
        event(**changes),
        id="0198a1c2-0000-7000-8000-00000000000a",
        thread="0198a1c2-0000-7000-8000-000000000009",
        stage=stage,
        count=7,
        open_for=timedelta(hours=2, minutes=5),
        guide_url=GUIDE,
    )
