"""The request log: what was asked and answered, with secrets masked."""

import re
import threading
from collections import deque
from typing import Any

import msgspec

_SECRET = re.compile(r"((?:^|&)(?:consumer_key|consumer_secret|oauth_[a-z_]+)=)[^&]*")
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


class Log:
    """Keeps the last 100,000 requests; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque(maxlen=_KEPT)

    def add(self, line: Line) -> None:
        """Append a request; secrets in its query are masked here."""
        with self._lock:
            self._lines.append(msgspec.structs.replace(line, query=_SECRET.sub(r"\1***", line.query)))

    def lines(self, kind: str | None = None, method: str | None = None) -> list[Line]:
        """The requests so far, oldest first, of one kind or method when given."""
        with self._lock:
            kept = list(self._lines)
        return [line for line in kept if kind in (None, line.kind) and method in (None, line.method)]

    def reset(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._lines.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The requests as plain values."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.lines())
        return rows
