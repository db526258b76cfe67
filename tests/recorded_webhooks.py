"""Webhooks that a real WooCommerce sent, byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "connectors" / "woocommerce" / "recorded_webhooks"
SECRET = (_FOLDER / "signing-key.txt").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Recorded:
    """One request; ``topic`` is "ping" for a ping, ``cause`` is what had been done to the shop."""

    number: int
    topic: str
    cause: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@cache
def recorded_webhooks(topic: str = "") -> tuple[Recorded, ...]:
    """All of them in order of arrival, or those of one topic."""
    kept = (_read(path) for path in sorted(_FOLDER.glob("*.json")))
    return tuple(one for one in kept if topic in ("", one.topic))


def recorded_webhook(number: int) -> Recorded:
    """One of them by its number."""
    return next(one for one in recorded_webhooks() if one.number == number)


def _read(path: Path) -> Recorded:
    head = json.loads(path.read_text(encoding="utf-8"))
    number, _, topic = path.stem.partition("-")
    return Recorded(
        number=int(number),
        topic=topic,
        cause=head["cause"],
        method=head["method"],
        path=head["path"],
        headers=dict(head["headers"]),
        body=path.with_suffix(".body").read_bytes(),
    )
