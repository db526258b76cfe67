"""Calls over HTTP go only where they may, end in time, and fail in typed errors."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.http import Call, Patience, check_url, open_client, retry_after, send, served_at
from domain.errors import Misconfigured, RateLimited, Unavailable

CALL = Call("berlin-shop", "listing things")
HURRIED = Patience(attempts=3, first_wait=0, longest_wait=0, jitter=0, longest_asked=0)


class Handler(BaseHTTPRequestHandler):
    """Answers every question with the headers it came with; /moved points elsewhere."""

    def do_GET(self) -> None:
        moved = self.path.startswith("/moved")
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/secret")
        body = str(self.headers).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep still."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


def test_a_redirect_is_not_followed(server: ThreadingHTTPServer) -> None:
    with open_client(f"http://127.0.0.1:{server.server_port}") as client:
        response = send(client, CALL, "GET", "moved")

    assert (response.status_code, response.headers["Location"]) == (302, "/secret")


def test_the_other_side_is_told_who_calls(server: ThreadingHTTPServer) -> None:
    with open_client(f"http://127.0.0.1:{server.server_port}") as client:
        response = send(client, CALL, "GET", "things")

    assert "User-Agent: universal-data-sync/" in response.text
    assert "Accept: application/json" in response.text


def test_a_certificate_that_nobody_vouches_for_is_refused(server: ThreadingHTTPServer, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)

    with (
        open_client(f"https://127.0.0.1:{server.server_port}") as client,
        pytest.raises(Misconfigured, match=r"berlin-shop listing things: the certificate of 127\.0\.0\.1 is not valid"),
    ):
        send(client, CALL, "GET", "things")


def test_a_client_is_not_opened_to_where_it_may_not_call() -> None:
    with pytest.raises(Misconfigured, match="plain http"):
        open_client("http://shop.example")


@pytest.mark.parametrize("url", ["https://shop.example/a", "http://127.0.0.1:1", "http://[::1]", "http://localhost:80"])
def test_https_and_this_machine_may_be_called(url: str) -> None:
    assert check_url(url) == url


def test_what_may_pass_is_asked_again_until_there_is_an_answer() -> None:
    answers = iter([Unavailable("away"), RateLimited("busy", retry_after=99), "here"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert HURRIED.insist(ask) == "here"


def test_what_never_passes_is_asked_once() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise Misconfigured("wrong")

    with pytest.raises(Misconfigured):
        HURRIED.insist(ask)
    assert len(asked) == 1


def test_the_last_error_is_the_one_that_counts() -> None:
    errors = iter([Unavailable("first"), Unavailable("second"), Unavailable("third")])

    def ask() -> None:
        raise next(errors)

    with pytest.raises(Unavailable, match="third"):
        HURRIED.insist(ask)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Tue, 01 Dec 2026 12:00:30 GMT", 30.0),
        ("Tue, 01 Dec 2026 13:00:30 +0100", 30.0),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -0500", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("", None),
    ],
)
def test_the_wait_asked_for_may_be_seconds_or_a_date(asked: str, seconds: float | None) -> None:
    headers = [(b"Date", b"Tue, 01 Dec 2026 12:00:00 GMT"), (b"Retry-After", asked.encode("latin-1"))]

    assert retry_after(httpx.Response(429, headers=headers)) == seconds


def test_no_wait_is_asked_for_without_the_header() -> None:
    assert retry_after(httpx.Response(429)) is None


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Tue, 01 Dec 2026 12:00:00 GMT", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("Tue, 01 Dec 2026 12:00:00 -0000", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("noon", None),
    ],
)
def test_the_time_of_the_server_is_in_utc(date: str, moment: datetime | None) -> None:
    assert served_at(httpx.Response(200, headers={"Date": date})) == moment
