"""Every message as it is worded, kept in ``golden/`` for people to read: ``python -m tests.notifications.golden``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.keys import Kind, System
from notifications.advice import Cause, advise
from notifications.channels.slack import payload
from notifications.events import Event, EventType, Severity
from notifications.notice import Notice, Stage, compose, summarise
from notifications.wording import html, plain_text, subject
from tests.notifications.samples import GUIDE, NOON, event

FOLDER = Path(__file__).with_name("golden")
INCIDENT = (Stage.OPENED, Stage.ESCALATED, Stage.REPEATED, Stage.RESOLVED)
NOTHING: dict[str, Any] = {
    "records": (),
    "record_count": 0,
    "details": {},
    "kind": None,
    "error_type": "",
    "advice": None,
}


def advised(**cause: Any) -> dict[str, Any]:
    """What an event says of its cause."""
    advice = advise(Cause(**cause))
    return {"advice": advice, "error_type": advice.topic}


EVENTS: dict[EventType, dict[str, Any]] = {
    EventType.SYNC_FAILED: {},
    EventType.SYNC_CRASHED: NOTHING
    | advised(event="run-crashed")
    | {
        "title": "The sync of berlin-shop to books ended without a word",
        "message": "The process that ran it was last seen at 11:52 UTC. What it had written stays.",
        "severity": Severity.CRITICAL,
    },
    EventType.SYNC_CANCELLED: NOTHING
    | {
        "title": "The sync of berlin-shop to books was cancelled",
        "message": "ann@example.org cancelled it after 3 of 10 pages.",
        "severity": Severity.INFO,
    },
    EventType.RECORDS_REJECTED: advised(system=System.QUICKBOOKS, code="6240")
    | {
        "title": "12 orders of berlin-shop were rejected by books",
        "message": "Duplicate Name Exists Error: <b>R&D *GmbH*</b> already exists (ann@example.org).",
        "severity": Severity.WARNING,
        "records": tuple(f"berlin-shop:order:{number}" for number in range(790, 802)),
        "record_count": 12,
        "rejected_percent": 4.0,
        "details": {"Read": "300", "Rejected": "12 (4 %)"},
    },
    EventType.RATE_LIMITED: NOTHING
    | advised(system=System.QUICKBOOKS, error="RateLimited", status=429)
    | {
        "title": "QuickBooks wants fewer calls from books",
        "message": "The sync waits for 60 seconds and goes on by itself.",
        "severity": Severity.WARNING,
    },
    EventType.CONNECTION_FAILED: NOTHING
    | advised(system=System.WOOCOMMERCE, error="Unavailable", message="cannot reach shop.example")
    | {
        "title": "berlin-shop cannot be reached",
        "message": "cannot reach shop.example; is the address right and the host up?",
        "connection": "berlin-shop",
        "system": System.WOOCOMMERCE,
    },
    EventType.RECONNECT_NEEDED: NOTHING
    | advised(system=System.QUICKBOOKS, error="AccessDenied", code="invalid_grant")
    | {
        "title": "books must be connected again",
        "message": "QuickBooks refuses our access: invalid_grant, refresh_token=AB1168765432112345.",
        "severity": Severity.CRITICAL,
    },
    EventType.CONSECUTIVE_FAILURES: {
        "title": "The sync of berlin-shop to books failed three times in a row",
        "severity": Severity.CRITICAL,
        "failures_in_row": 3,
    },
    EventType.RECOVERED: NOTHING
    | {
        "title": "The sync of berlin-shop to books works again",
        "message": "It was failing for 2 h 5 min.",
        "severity": Severity.INFO,
    },
    EventType.SYNC_STALE: NOTHING
    | advised(event="schedule-missed")
    | {
        "title": "The schedule nightly did not start",
        "message": "It was due at 03:00 UTC and did not run since.",
        "run_id": None,
        "run_link": "",
    },
    EventType.WEBHOOK_DISABLED: NOTHING
    | advised(event="webhook-disabled")
    | {
        "title": "berlin-shop no longer sends webhooks",
        "message": "The shop switched off order.updated after several deliveries failed.",
        "severity": Severity.WARNING,
        "connection": "berlin-shop",
        "system": System.WOOCOMMERCE,
        "kind": Kind.ORDER,
        "run_id": None,
        "run_link": "",
    },
    EventType.CHANNEL_SWITCHED_OFF: NOTHING
    | {
        "title": "Notices no longer reach a target of Accounting",
        "message": "mail.example refuses the recipient: 550 5.1.1 no such user. It was switched off.",
        "severity": Severity.WARNING,
        "connection": None,
        "system": None,
        "route": "",
        "schedule": "",
        "run_id": None,
        "run_link": "",
    },
    EventType.TEST: NOTHING
    | {
        "title": "This is a test",
        "message": "Somebody pressed the button. There is nothing to do.",
        "severity": Severity.INFO,
        "connection": None,
        "system": None,
        "route": "",
        "schedule": "",
        "run_id": None,
        "run_link": "",
    },
}


def golden_event(kind: EventType) -> Event:
    """The event of this type that is told."""
    return event(**{"type": kind, "failures_in_row": 3} | EVENTS[kind])


def notices(kind: EventType) -> Iterator[Notice]:
    """Tell an event in every stage that it can reach."""
    for stage in INCIDENT if kind.opens_incident else (Stage.SINGLE,):
        yield compose(
            golden_event(kind),
            id="0198a1c2-0000-7000-8000-00000000000a",
            thread="0198a1c2-0000-7000-8000-000000000009",
            stage=stage,
            severity=Severity.CRITICAL if stage is Stage.ESCALATED else None,
            count=7,
            open_for=timedelta(hours=2, minutes=5),
            guide_url=GUIDE,
        )


def summary() -> Notice:
    """Tell what waited for the end of quiet hours."""
    kinds = (EventType.SYNC_FAILED, EventType.CONNECTION_FAILED, EventType.RECORDS_REJECTED)
    waited = [next(notices(kind)) for kind in kinds]
    return summarise(waited, id="0198a1c2-0000-7000-8000-00000000000b", at=NOON)


def pages() -> dict[str, str]:
    """Give every file with its content."""
    kinds = {f"{kind}.md": "\n".join(map(page, notices(kind))) for kind in EventType}
    return kinds | {"summary.md": page(summary())}


def page(notice: Notice) -> str:
    """Show one notice in all its forms."""
    blocks = json.dumps(payload(notice), ensure_ascii=False).replace('{"type"', '\n{"type"')
    lines = re.sub(r"(?=<(?:p|tr|h\d|ol|li|div|table)\b)", "\n", html(notice))
    forms = {"text": plain_text(notice), "html": lines, "json": blocks + "\n"}
    shown = "".join(f"```{name}\n{form}```\n\n" for name, form in forms.items())
    return f"# {notice.stage}: {subject(notice)}\n\n{shown}"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in pages().items():
        FOLDER.joinpath(name).write_text(content)
