"""What every channel is: targets, and one notice sent to one of them."""

from __future__ import annotations

from typing import Protocol

import httpx

from notifications.notice import Notice


class Undeliverable(Exception):
    """A notice did not reach its target; ``permanent`` when asking again cannot help, without secrets in its text."""

    def __init__(self, reason: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after


class Channel(Protocol):
    """One configured way to reach people."""

    def targets(self) -> tuple[str, ...]:
        """Name those who are reached one by one; never a secret."""

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, and give what was answered.

        Raises:
            Undeliverable: it was not delivered, or nobody knows.
        """


def post(http: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request without following where it is sent on to.

    Raises:
        Undeliverable: no whole answer came; the same may work later.
    """
    try:
        return http.send(request, follow_redirects=False)
    except httpx.RequestError as error:
        # Its own words hold the address, which may be a secret.
        raise Undeliverable(f"no answer ({type(error).__name__})", permanent=False) from None


def wait_asked(response: httpx.Response) -> float | None:
    """Tell how many seconds an answer asks to wait, where it says so in seconds."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdecimal() else None
