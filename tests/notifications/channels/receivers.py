"""A mail server and an HTTP server that note what they are sent, and answer as a test tells them to."""

from __future__ import annotations

import email
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "alerts@example.org", "correct horse"


@dataclass
class Inbox:
    """What the mail server took; ``answers`` are for recipients, ``at_data`` and ``at_quit`` act in their stead."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    at_data: Callable[[SMTP], str] | None = None
    at_quit: Callable[[SMTP], str] | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data:
            return self.at_data(server)
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(address, mail) for address in envelope.rcpt_tos]
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.at_quit(server) if self.at_quit else "221 Bye"


class MailReceiver(Controller):
    """A mail server on a port of its own: STARTTLS offered, implicit TLS, or neither; with or without a login."""

    def __init__(
        self, context: ssl.SSLContext, *, starttls: bool = False, implicit: bool = False, login: bool = False
    ) -> None:
        self.inbox = Inbox()
        super().__init__(
            self.inbox,
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if implicit else None,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=_authenticate if login else None,
            auth_required=login,
            auth_require_tls=not implicit,
        )

    def _trigger_server(self) -> None:
        # The port is known only now.
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()

    def __enter__(self) -> MailReceiver:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    assert isinstance(given, LoginPassword)
    known = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@dataclass
class Request:
    """What was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What to answer; with ``hang_up`` the connection ends instead, with ``silent`` nothing comes.

    ``meanwhile`` happens before the answer.
    """

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    silent: bool = False
    meanwhile: Callable[[], object] | None = None


class HttpReceiver:
    """An HTTP server on a port of its own; replies are given in turn, then 200 ok."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.replies: deque[Reply] = deque()
        self._over = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it is, with a path that is a secret."""
        return f"http://127.0.0.1:{self.port}/secret-path?token=s3cret"

    def answer(self, replies: list[Reply]) -> None:
        """Give these replies first."""
        self.replies.extend(replies)

    def reply_to(self, handler: BaseHTTPRequestHandler) -> None:
        """Note a request and answer it."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.requests.append(Request(handler.command, handler.path, dict(handler.headers), body))
        reply = self.replies.popleft() if self.replies else Reply()
        handler.close_connection = True
        if reply.meanwhile:
            reply.meanwhile()
        if reply.silent:
            self._over.wait(30)
        if reply.silent or reply.hang_up:
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)

    def __enter__(self) -> HttpReceiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.reply_to(self)

        do_PUT = do_GET = do_POST  # noqa: N815 - http.server calls it so

        def log_message(self, *_: object) -> None:
            """Keep still."""

    return Handler
