"""Mail by SMTP: encrypted, logged in, one recipient at a time, in plain text and HTML."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from notifications.channels.channel import Undeliverable
from notifications.notice import Notice
from notifications.wording import html, plain_text, subject

SECONDS = 20


class Security(StrEnum):
    """How the way to the server is encrypted: upgraded (port 587), from the start (465), or not at all (loopback)."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def _plain_address(text: str) -> str:
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError):
        raise ValueError("write it like ann@example.org") from None
    if not (address.username and address.domain) or not text.isprintable() or " " in text:
        raise ValueError("write it like ann@example.org")
    return text


MailAddress = Annotated[str, AfterValidator(_plain_address), Field(max_length=254)]


class MailServer(BaseModel):
    """Which server, who sends, who receives; ``host`` is what the certificate is checked against."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str
    port: int = Field(default=587, ge=1, le=65_535)
    security: Security = Security.STARTTLS
    user: str = ""
    password: SecretStr | None = None
    sender: MailAddress
    recipients: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)


class Email:
    """One mail server with its recipients; ``trust`` decides whose certificates count."""

    def __init__(self, server: MailServer, trust: ssl.SSLContext) -> None:
        self._server = server
        self._trust = trust

    def targets(self) -> tuple[str, ...]:
        """The recipients: each is judged by itself."""
        return self._server.recipients

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        with _judged(), self._session() as session:
            session.send_message(message(notice, self._server.sender, target))
        return "accepted"

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        if server.security is Security.TLS:
            session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=self._trust)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        with session:
            if server.security is Security.STARTTLS:
                session.starttls(context=self._trust)
            if server.password is not None:
                session.login(server.user, server.password.get_secret_value())
            yield session


def message(notice: Notice, sender: str, recipient: str) -> EmailMessage:
    """Make the mail: its id stays the same in every attempt, and all mails of an incident hang together."""
    domain = sender.rpartition("@")[2]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject(notice)
    mail["Date"] = format_datetime(notice.at)
    mail["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.thread != notice.id:
        mail["In-Reply-To"] = mail["References"] = f"<{notice.thread}@{domain}>"
    # Keeps holiday notices and the like from answering (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain_text(notice))
    mail.add_alternative(html(notice), subtype="html")
    return mail


@contextmanager
def _judged() -> Iterator[None]:
    """Turn what the server says into Undeliverable: a 5xx for good, everything else for now."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()))
        raise Undeliverable(f"the mail server refuses the recipient ({code})", permanent=code >= 500) from None
    except smtplib.SMTPAuthenticationError as error:
        raise Undeliverable(f"the mail server refuses user and password ({error.smtp_code})", permanent=False) from None
    except smtplib.SMTPResponseException as error:
        text = f"the mail server refuses the mail ({error.smtp_code})"
        raise Undeliverable(text, permanent=error.smtp_code >= 500) from None
    except smtplib.SMTPNotSupportedError:
        raise Undeliverable("the mail server does not offer encryption or login", permanent=False) from None
    except ssl.SSLError:
        raise Undeliverable("the certificate of the mail server is not valid for it", permanent=False) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Undeliverable(f"the mail server cannot be reached ({type(error).__name__})", permanent=False) from None
