"""What a twin sends by itself: one HTTP request with exact headers, a time limit, and the status that came back."""

import http.client
import time
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

_MOST_REDIRECTS = 5
_MOST_READ = 65_536
Pair = tuple[str, str]


class Letter(msgspec.Struct, frozen=True):
    """A request to be sent by POST: ``about`` tells the log what it is; Host, Connection and length are added.

    ``seconds`` is how long a connection and each part of the answer may take. ``follows``: redirects are followed, as
    GET with the same body (recorded: WordPress does that to a ping).
    """

    about: str
    url: str
    headers: list[Pair]
    body: bytes
    seconds: float
    follows: bool = False


class Reply(msgspec.Struct, frozen=True):
    """What became of a letter: the answer's status, or 0 and what went wrong; ``ms`` until then."""

    status: int
    error: str
    ms: float


def post(letter: Letter) -> Reply:
    """Send a letter and wait for its answer; whatever the network or the receiver does becomes a reply."""
    started = time.perf_counter()
    try:
        status, error = _sent(letter), ""
    # ValueError: an address that a redirect names need not be one.
    except (OSError, http.client.HTTPException, ValueError) as failure:
        status, error = 0, f"{type(failure).__name__}: {failure}"
    return Reply(status, error, (time.perf_counter() - started) * 1000)


def _sent(letter: Letter) -> int:
    method, url = "POST", letter.url
    for _ in range(_MOST_REDIRECTS):
        status, location = _exchanged(method, url, letter)
        if not (letter.follows and location and 300 <= status < 400):
            return status
        method, url = "GET", urljoin(url, location)
    raise http.client.HTTPException("too many redirects")


def _exchanged(method: str, url: str, letter: Letter) -> tuple[int, str]:
    where = urlsplit(url)
    connection = _connection(where, letter.seconds)
    try:
        connection.putrequest(method, _target(where), skip_host=True, skip_accept_encoding=True)
        for name, value in _framed(where, letter):
            connection.putheader(name, value)
        connection.endheaders(letter.body)
        response = connection.getresponse()
        response.read(_MOST_READ)
        return response.status, response.getheader("Location", "")
    finally:
        connection.close()


def _connection(where: SplitResult, seconds: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    return kind(where.hostname or "", where.port, timeout=seconds)


def _target(where: SplitResult) -> str:
    path = where.path or "/"
    return f"{path}?{where.query}" if where.query else path


def _framed(where: SplitResult, letter: Letter) -> list[Pair]:
    host = where.netloc.rpartition("@")[2]
    return [("Host", host), *letter.headers, ("Connection", "close"), ("Content-Length", str(len(letter.body)))]
