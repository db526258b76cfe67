"""What is turned away before anybody looks at it: calls under a foreign name, and bodies that are too large."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Sort, problem

MISDIRECTED = Sort(HTTPStatus.MISDIRECTED_REQUEST, "misdirected", "Not the name of this service")
PATIENCE = 8
TOO_LARGE = Sort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The body is too large")


class HostGuard:
    """Answers only to its own names, so that no page can reach the service under a name of its own (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, accepted: Collection[str]) -> None:
        self.app = app
        self.accepted = accepted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] == "http" and not self._is_accepted(Headers(scope=scope).get("host", "")):
            detail = "the service is not called by this name; its operator can add it to UNISYNC_SERVICE_HOSTS"
            await problem(scope, MISDIRECTED, detail)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_accepted(self, host: str) -> bool:
        name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        return "*" in self.accepted or name.lower() in self.accepted


class BodyGuard:
    """Refuses bodies above ``limit`` bytes, announced or not; what is within is read before anything is done."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await read_body(receive, self.limit)
        except Oversized:
            detail = f"a body may have {self.limit:,} bytes at most; send it in parts"
            await problem(scope, TOO_LARGE, detail, headers={"Connection": "close"})(scope, receive, send)
        except ClientDisconnect:
            # Half a body is none, and nobody waits for an answer.
            return
        else:
            await self.app(scope, given_first(body, receive), send)


class Oversized(Exception):
    """A body is larger than allowed."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """Read a whole body.

    Raises:
        Oversized: it is larger than ``limit`` bytes.
        ClientDisconnect: the caller went away before its end.
    """
    body, size, goes_on = bytearray(), 0, True
    # Who is cut off while sending never reads the answer, so somewhat too much is let in and forgotten.
    while goes_on and size <= limit * PATIENCE:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        size += len(message.get("body", b""))
        if size <= limit:
            body += message.get("body", b"")
        goes_on = message.get("more_body", False)
    if size > limit:
        raise Oversized
    return bytes(body)


def given_first(body: bytes, receive: Receive) -> Receive:
    """Let the body be received again, then whatever else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give
