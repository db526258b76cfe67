"""Mail by SMTP: encrypted, logged in, one recipient at a time, in plain text and HTML."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, model_validator

from notifications.channels.channel import Admit, Secret, SecretSettings
from notifications.channels.smtp import Session, judged
from notifications.notice import Notice
from notifications.wording import html, plain_text, subject


class Security(StrEnum):
    """How the way to the server is encrypted: upgraded (port 587), from the start (465), or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


# What stands before the @ is a dot-atom of RFC 5322; quotes and comments are left to those who invented them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")


def _plain_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("write it like ann@example.org, in ASCII")
    return text


MailAddress = Annotated[str, AfterValidator(_plain_address), Field(max_length=254)]


class EmailSettings(SecretSettings):
    """Which server, who sends, who receives; ``host`` is what the certificate is checked against."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "host": "smtp.example.org",
                    "port": 587,
                    "security": "starttls",
                    "user": "alerts@example.org",
                    "password": "secret of the mailbox",
                    "sender": "alerts@example.org",
                    "recipients": ["ann@example.org", "on-call@example.org"],
                }
            ]
        },
    )

    SECRETS: ClassVar[frozenset[str]] = frozenset({"password"})

    channel: Literal["email"] = "email"
    host: str = Field(pattern=r"^[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9])?$", max_length=253)
    port: Annotated[int, Strict()] = Field(default=587, ge=1, le=65_535)
    security: Security = Security.STARTTLS
    user: str = Field(default="", max_length=254, pattern=r"^[ -~]*$")
    password: Secret | None = None
    sender: MailAddress
    recipients: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _can_log_in(self) -> EmailSettings:
        password = self.password.get_secret_value() if self.password else ""
        if bool(password) != bool(self.user):
            raise ValueError("give both user and password, or neither for a server without login")
        if not (password.isascii() and password.isprintable()):
            # smtplib sends nothing else.
            raise ValueError("the password may hold ASCII characters only; have the provider make one for this app")
        if password and self.security is Security.NONE:
            raise ValueError("without encryption anyone on the way could read the password; use starttls or tls")
        if len(set(self.recipients)) < len(self.recipients):
            raise ValueError("a recipient is named twice")
        return self

    def shown(self) -> dict[str, Any]:
        """What else may be shown of it: nothing, all but the password is public."""
        return {}


class Email:
    """One mail server with its recipients; ``trust`` decides whose certificates count, ``seconds`` when to give up."""

    def __init__(self, settings: EmailSettings, admit: Admit, trust: ssl.SSLContext, seconds: float = 20.0) -> None:
        self._settings = settings
        self._admit = admit
        self._trust = trust
        self._seconds = seconds

    def targets(self) -> tuple[str, ...]:
        """The recipients: each is judged by itself."""
        return self._settings.recipients

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        settings = self._settings
        addresses = self._admit(settings.host, settings.port)
        with judged(settings.host), closing(self._open(addresses)) as session:
            if settings.security is Security.STARTTLS:
                session.starttls(context=self._trust)
            if settings.user and settings.password:
                session.login(settings.user, settings.password.get_secret_value())
            return session.deliver(message(notice, settings.sender, target, datetime.now(UTC)))

    def _open(self, addresses: Sequence[str]) -> Session:
        settings = self._settings
        implicit = self._trust if settings.security is Security.TLS else None
        return Session(settings.host, settings.port, addresses, implicit=implicit, seconds=self._seconds)


def message(notice: Notice, sender: str, recipient: str, now: datetime) -> EmailMessage:
    """Make the mail: its id stays the same in every attempt, and all mails of an incident hang together."""
    domain = sender.rpartition("@")[2]
    mail = EmailMessage()
    mail["From"] = Address("Universal Data Sync", addr_spec=sender)
    mail["To"], mail["Subject"] = recipient, subject(notice)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.thread != notice.id:
        mail["In-Reply-To"] = mail["References"] = f"<{notice.thread}@{domain}>"
    # Keeps holiday notices and the like from answering (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain_text(notice))
    mail.add_alternative(html(notice), subtype="html")
    return mail
