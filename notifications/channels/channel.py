"""What every channel is: targets, and one notice sent to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, ClassVar, Protocol

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from notifications.events import tellable
from notifications.notice import Notice

LONGEST_ANSWER = 500
"""How many bytes of an answer are read; what comes after them is of no interest."""

LONGEST_WAIT = 86_400.0


class Undeliverable(Exception):
    """A notice did not reach its target; the text is for people and holds no secret.

    ``permanent`` when this target will not take the next one either until a person acts, ``retry_after`` the wait in
    seconds that it asked for.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after


Admit = Callable[[str, int], Sequence[str]]
"""Looks a host up and gives the addresses that may be connected to; raises Undeliverable where there are none."""


def _can_be_kept(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("it holds half a character; copy it again") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_can_be_kept)]


class SecretSettings(BaseModel):
    """Base of the settings of a channel; ``SECRETS`` names the fields that hold secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    SECRETS: ClassVar[frozenset[str]] = frozenset()


class Channel(Protocol):
    """One configured way to reach people."""

    def targets(self) -> tuple[str, ...]:
        """Name those who are reached one by one; never a secret."""

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, and give what was answered.

        Raises:
            Undeliverable: it was not delivered, or nobody knows.
        """


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said: the status, how its answer begins, and how long it asks to wait, in seconds."""

    status: int
    text: str
    retry_after: float | None

    @property
    def is_success(self) -> bool:
        """Whether it took what it was sent."""
        return httpx.codes.is_success(self.status)


def post(http: httpx.Client, request: httpx.Request) -> Answer:
    """Send a request, without following where it is sent on to.

    Raises:
        Undeliverable: no answer came; the same may work later.
    """
    # Nobody is to make us unpack more than was sent.
    request.headers["Accept-Encoding"] = "identity"
    try:
        with closing(http.send(request, stream=True, follow_redirects=False)) as response:
            beginning = next(response.iter_raw(LONGEST_ANSWER), b"")
    except httpx.TimeoutException:
        raise Undeliverable(f"{request.url.host} took too long to answer") from None
    except httpx.RequestError as error:
        # Its own words hold the address, which may be a secret.
        raise Undeliverable(_unreachable(request.url.host, error)) from None
    return Answer(response.status_code, quoted(beginning), wait_asked(response))


def quoted(said: bytes) -> str:
    """Give what a server said as one short line without secrets."""
    return tellable(said.decode(errors="replace"), 120, on_one_line=True)


def wait_asked(response: httpx.Response) -> float | None:
    """Tell how many seconds an answer asks to wait, as seconds or as a date (RFC 9110, 10.2.3); a day at most."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return min(float(asked), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)
    return min(max(0.0, wait.total_seconds()), LONGEST_WAIT)


def _unreachable(host: str, error: httpx.RequestError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"the certificate of {host} is not valid for it"
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached"
    return f"the connection to {host} broke before there was an answer"
