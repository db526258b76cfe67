"""What every call passes: a name for the call, headers that keep browsers careful, and a net for what is unexpected."""

from __future__ import annotations

import logging
import re
import time
import traceback
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import UNEXPECTED, problem

calls = logging.getLogger("unisync.service")

SANE_NAME = re.compile(r"[A-Za-z0-9._-]{8,64}")
FRAMES = 6
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'none'",
    # Not no-referrer: with that, a browser hides the Origin of our own forms.
    "Referrer-Policy": "same-origin",
}


class Door:
    """Names each call, logs it without anything that was sent, and answers what is unexpected with a problem."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if SANE_NAME.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = name
        begun, status = time.monotonic(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), scope["path"], name)
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the outermost door: whatever it is, it is reported here
            calls.error("%s failed: %s", name, trace_of(error))
            if not status:
                detail = f"something unexpected happened; the service's log tells more under {name}"
                await problem(scope, UNEXPECTED, detail)(scope, receive, answer)
        seconds = time.monotonic() - begun
        calls.info("%s %s %s %d %.3f s", name, scope["method"], pattern_of(scope), status, seconds)

    def _dress(self, headers: MutableHeaders, path: str, name: str) -> None:
        for header, value in self.headers.items():
            headers.setdefault(header, value)
        headers["X-Request-Id"] = name
        if path.startswith("/api"):
            headers.setdefault("Cache-Control", "no-store")


def trace_of(error: BaseException) -> str:
    """Say what failed and where, without the error's text and without values: they may be secret or personal."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    return f"{type(error).__module__}.{type(error).__qualname__} at {' < '.join(places)}"


def pattern_of(scope: Scope) -> str:
    """Give the path of a call as its route spells it: ids and tokens in it stay out of the log."""
    return getattr(scope.get("route"), "path", "(no route)")
