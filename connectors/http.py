"""One place for calls over HTTP: https only, time-outs, redacted logs, patient retries, typed failures."""

from __future__ import annotations

import ipaddress
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from time import perf_counter
from typing import TypeVar

import httpx
import stamina

from connectors.network import PrivateAddress, PublicTransport
from domain.errors import ConnectorError, Misconfigured, RetryableError, Unavailable

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

# They log whole addresses and the headers of answers; the log line of this module says what may be said.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# A page of 100 orders took 1 to 17 seconds on a real shop of two cores.
TIMEOUT = httpx.Timeout(60, connect=10)
USER_AGENT = f"universal-data-sync/{version('universal-data-sync')}"


@dataclass(frozen=True)
class Patience:
    """How a system that is busy or away is asked again: exponential backoff with jitter, or the wait it asks for.

    All but ``attempts`` in seconds. ``longest_asked`` cuts the system's own Retry-After; after ``deadline`` no
    further attempt is made.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 20.0
    jitter: float = 1.0
    longest_asked: float = 120.0
    deadline: float = 300.0

    def insist(self, ask: Callable[[], Answer]) -> Answer:
        """Ask until there is an answer; only for what may safely be done twice.

        Raises:
            ConnectorError: what the last attempt raised; anything but a RetryableError at once.
        """
        asking = stamina.RetryingCaller(
            attempts=self.attempts,
            timeout=self.deadline,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.jitter,
        )
        return asking(self._wait_after, ask)

    def _wait_after(self, error: Exception) -> bool | float:
        if not isinstance(error, RetryableError):
            return False
        return True if error.retry_after is None else min(error.retry_after, self.longest_asked)


@dataclass(frozen=True)
class Call:
    """Where a call belongs: which connection, and what it does in words that may be shown and logged."""

    connection: str
    operation: str

    def error(self, kind: type[ConnectorError], message: str, response: httpx.Response | None = None) -> ConnectorError:
        """Build the typed error of this call; a response adds its status and the wait that it asks for."""
        return kind(
            message,
            connection=self.connection,
            operation=self.operation,
            status=None if response is None else response.status_code,
            retry_after=None if response is None else retry_after(response),
        )


def open_client(
    base_url: str,
    *,
    auth: httpx.Auth | None = None,
    timeout: httpx.Timeout | None = None,
    public_only: bool = False,
) -> httpx.Client:
    """Give a client for one system: time-outs set, no redirect followed; raises as ``check_url`` does.

    With ``public_only`` it reaches public addresses and no others; calls to others raise Misconfigured.
    """
    return httpx.Client(
        transport=PublicTransport(trusted()) if public_only else None,
        base_url=check_url(base_url),
        auth=auth,
        timeout=timeout or TIMEOUT,
        verify=trusted(),
        follow_redirects=False,
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
    )


@cache
def trusted() -> ssl.SSLContext:
    """Give whose certificates are believed, to every client alike."""
    # Reading the certificates takes 20 to 100 ms; they are the same for all systems.
    return httpx.create_ssl_context()


def check_url(url: str) -> str:
    """Accept an https address, or a plain http one that leads to this machine, without credentials or query.

    Raises:
        Misconfigured: for any other; the text never repeats what may be a secret.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise Misconfigured("the address is not a URL; write it like https://shop.example") from None
    if parts.scheme not in ("https", "http") or not _can_be_named(parts.host):
        raise Misconfigured("the address must begin with https:// and name a host, like https://shop.example")
    if parts.userinfo or parts.query or parts.fragment:
        raise Misconfigured(
            f"the address of {parts.host} must hold neither user name, password, query nor fragment; "
            "credentials have settings of their own"
        )
    if parts.scheme == "http" and not _is_loopback(parts.host):
        raise Misconfigured(f"plain http to {parts.host} would show the credentials to anyone on the way; use https://")
    return url


def _can_be_named(host: str) -> bool:
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def send(
    client: httpx.Client,
    call: Call,
    method: str,
    path: str,
    *,
    params: Mapping[str, str | int] | None = None,
    json: bytes | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Make one call, with a body of JSON or a form perhaps, and give its answer, whatever its status.

    Raises:
        Unavailable: no whole answer came.
        Misconfigured: the certificate of the host is not valid, or it is where the client may not go.
    """
    host = client.base_url.host
    started = perf_counter()
    sent = {**({} if json is None else {"Content-Type": "application/json"}), **(headers or {})}
    try:
        response = client.request(method, path, params=params, content=json, data=form, headers=sent)
    except PrivateAddress as error:
        raise call.error(Misconfigured, str(error)) from None
    except httpx.RequestError as error:
        # The chain ends here because the error holds the request, and the request the credentials.
        raise _transport_error(call, error) from None
    logger.debug(
        "%s: %s: %s %s/%s answered %d with %d bytes in %.3f s",
        call.connection,
        call.operation,
        method,
        host,
        path,
        response.status_code,
        len(response.content),
        perf_counter() - started,
    )
    return response


def _transport_error(call: Call, error: httpx.RequestError) -> ConnectorError:
    # Of the request that failed: while access is renewed, that is another host than the one the call was meant for.
    host = error.request.url.host
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return call.error(
            Misconfigured, f"the certificate of {host} is not valid for it; have it renewed or correct the address"
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return call.error(Unavailable, f"cannot reach {host} ({error}); is the address right and the host up?")
    if isinstance(error, httpx.TimeoutException):
        seconds = error.request.extensions["timeout"]["read"]
        return call.error(Unavailable, f"{host} took longer than {seconds:g} seconds to answer")
    return call.error(Unavailable, f"the connection to {host} broke before the answer was whole ({error})")


def retry_after(response: httpx.Response) -> float | None:
    """Tell how many seconds the answer asks to wait, given there as seconds or as a date (RFC 9110, 10.2.3)."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    moment = _http_date(asked)
    if moment is None:
        return None
    return max(0.0, (moment - (served_at(response) or datetime.now(UTC))).total_seconds())


def served_at(response: httpx.Response) -> datetime | None:
    """Tell when the server says it answered, in UTC; None when it does not say."""
    return _http_date(response.headers.get("Date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
