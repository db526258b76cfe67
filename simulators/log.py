"""The request log: what was asked and answered, with secrets masked."""

import re
import threading
from collections import deque
from typing import Any

import msgspec

_KEPT = 100_000


class Line(msgspec.Struct, frozen=True):
    """One request; ``status`` is 0 when no answer was sent, ``kind`` is empty when no route was found."""

    method: str
    path: str
    query: str
    status: int
    kind: str
    ms: float
    """Until the answer was ready, waiting included."""
    cut: str = ""
    cpu_ms: float = 0.0
    """CPU time that making the answer took."""
    action: str = ""
    """What the request wanted, where method and path do not tell."""
    items: int = 0
    """How many objects it wanted to write, where it may be several."""
    digest: str = ""
    """SHA-256 of the request's body, to tell whether two requests said the same; empty without a body."""


class Log:
    """Keeps the last 100,000 requests; safe for threads. ``secrets``: the names of query members that are masked."""

    def __init__(self, secrets: str) -> None:
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque(maxlen=_KEPT)
        self._secret = re.compile(rf"((?:^|&)(?:{secrets})=)[^&]*")

    def add(self, line: Line) -> None:
        """Append a request; secrets in its query are masked here."""
        with self._lock:
            self._lines.append(msgspec.structs.replace(line, query=self._secret.sub(r"\1***", line.query)))

    def lines(self, kind: str | None = None, method: str | None = None, action: str | None = None) -> list[Line]:
        """The requests so far, oldest first, of one kind, method or action when given."""
        with self._lock:
            kept = list(self._lines)
        wanted = (kind, method, action)
        return [
            line
            for line in kept
            if all(want in (None, has) for want, has in zip(wanted, (line.kind, line.method, line.action), strict=True))
        ]

    def reset(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._lines.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The requests as plain values."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.lines())
        return rows
