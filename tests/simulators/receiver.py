"""A real receiver of webhooks, which answers as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.pairs)


@dataclass
class Receiver:
    """Listens on loopback; ``status`` and ``location`` are answered, ``before`` runs before each answer."""

    status: int = 200
    location: str = ""
    before: Callable[[Received], object] = lambda _: None
    requests: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def do_GET(self) -> None:
                receiver._take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int) -> list[Received]:
        """The requests, as soon as there are ``count`` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, PATIENCE_SECONDS), self.requests
            return list(self.requests)

    def take(self) -> list[Received]:
        """The requests so far, which are forgotten."""
        with self._arrived:
            requests, self.requests = self.requests, []
        return requests

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        request = Received(handler.command, handler.path, tuple(handler.headers.items()), body)
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        self.before(request)
        handler.send_response(self.status if handler.command == "POST" else 200)
        if self.location:
            handler.send_header("Location", self.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
