"""How fast a company may be called, and how long is waited for what."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from db.ledger import Limit

CALLS = "calls"
BATCHES = "batches"


@dataclass(frozen=True)
class Pace:
    """All waits of the connector, in seconds, and the limits that all processes keep together.

    Intuit allows 500 calls a minute and 10 a second per company and app, and 40 batches a minute ("Limits and
    throttles" at developer.intuit.com, and its blog of 2025-08-13). The spans here are a little longer, because a call
    arrives a little later or sooner after its reserved moment. ``rest`` is what Intuit asks for after a refusal.
    A request may work for 120 seconds there; ``doubt`` adds what may pass here between remembering and sending.
    """

    calls: tuple[Limit, ...] = (Limit(10, 1.2), Limit(500, 61.0))
    batches: tuple[Limit, ...] = (Limit(40, 61.0),)
    rest: float = 60.0
    timeout: float = 120.0
    token_timeout: float = 15.0
    doubt: float = 150.0
    sleep: Callable[[float], None] = time.sleep
