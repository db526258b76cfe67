"""Mail, delivered to real mail servers: encrypted, logged in, each recipient judged by itself."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from notifications.channels.channel import Undeliverable
from notifications.channels.email import Email, EmailSettings, Security
from notifications.notice import Stage
from tests.notifications.channels.receivers import PASSWORD, USER, MailReceiver
from tests.notifications.samples import notice

# aiosmtpd does not count encryption from the first byte.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

MailServer = Callable[..., MailReceiver]
ANN, BOB = "ann@example.org", "bob@example.org"


def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def email(port: int, trust: ssl.SSLContext, seconds: float = 5.0, admit: Any = here, **changes: Any) -> Email:
    settings = {
        "host": "mail.example",
        "port": port,
        "security": Security.STARTTLS,
        "sender": USER,
        "recipients": (ANN, BOB),
        **changes,
    }
    return Email(EmailSettings.model_validate(settings), admit, trust, seconds)


def refusal(channel: Email, target: str = ANN) -> tuple[str, bool]:
    with pytest.raises(Undeliverable) as caught:
        channel.send(notice(), target)
    assert PASSWORD not in str(caught.value)
    return str(caught.value), caught.value.permanent


@pytest.mark.parametrize(
    ("server", "security"),
    [({"starttls": True}, Security.STARTTLS), ({"implicit": True}, Security.TLS), ({}, Security.NONE)],
)
def test_a_mail_arrives_with_text_and_html(
    mail_server: MailServer, trust: ssl.SSLContext, server: dict[str, bool], security: Security
) -> None:
    running = mail_server(**server)

    assert email(running.port, trust, security=security).send(notice(), ANN) == "accepted"

    [(recipient, mail)] = running.inbox.mails
    assert recipient == ANN
    assert mail["To"] == ANN
    assert mail["From"] == f"Universal Data Sync <{USER}>"
    assert mail["Subject"] == "[acme] The sync of berlin-shop to books failed"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert all("took longer than 60 seconds" in part.get_content() for part in mail.iter_parts())


@pytest.mark.parametrize(
    ("server", "security"), [({"starttls": True}, Security.STARTTLS), ({"implicit": True}, Security.TLS)]
)
def test_a_server_that_asks_for_a_login_is_given_it_over_the_encrypted_way(
    mail_server: MailServer, trust: ssl.SSLContext, server: dict[str, bool], security: Security
) -> None:
    running = mail_server(login=True, **server)

    assert email(running.port, trust, security=security, user=USER, password=PASSWORD).send(notice(), ANN)
    assert refusal(email(running.port, trust, security=security, user=USER, password="wrong")) == (
        "mail.example refuses user and password (535)", False,
    )  # fmt: skip
    assert refusal(email(running.port, trust, security=security)) == (
        "mail.example refuses the mail: 530 5.7.0 Authentication required", False,
    )  # fmt: skip
    assert len(running.inbox.mails) == 1


def test_the_mails_of_an_incident_hang_together_and_an_attempt_again_has_the_same_id(
    mail_server: MailServer, trust: ssl.SSLContext
) -> None:
    running = mail_server(starttls=True)
    channel = email(running.port, trust)
    for stage in (Stage.OPENED, Stage.OPENED):
        channel.send(notice(stage), ANN)

    [(_, first), (_, again)] = running.inbox.mails
    assert first["Message-ID"] == again["Message-ID"] == "<0198a1c2-0000-7000-8000-00000000000a@example.org>"
    assert first["References"] == first["In-Reply-To"] == "<0198a1c2-0000-7000-8000-000000000009@example.org>"


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("550 5.1.1 no such user here", True),
        ("550 5.2.1 mailbox disabled", True),
        ("553 no such mailbox", True),
        ("550 5.7.1 relaying denied", False),
        ("552 5.2.2 mailbox full", False),
        ("450 4.2.0 try again later", False),
        ("450 5.1.1 not sure yet", False),
        ("451 come again in five minutes", False),
    ],
)
def test_a_recipient_that_is_refused_does_not_keep_the_other_from_being_told(
    mail_server: MailServer, trust: ssl.SSLContext, answer: str, permanent: bool
) -> None:
    running = mail_server(starttls=True)
    running.inbox.answers[ANN] = answer
    channel = email(running.port, trust)

    assert refusal(channel, ANN) == (f"mail.example refuses the recipient: {answer}", permanent)
    assert channel.send(notice(), BOB) == "accepted"
    assert [recipient for recipient, _ in running.inbox.mails] == [BOB]


def test_a_mail_refused_for_what_it_says_leaves_the_recipient_switched_on(
    mail_server: MailServer, trust: ssl.SSLContext
) -> None:
    running = mail_server(starttls=True)
    running.inbox.at_data = lambda server: "554 5.7.1 looks like spam to me, ann@example.org"
    assert refusal(email(running.port, trust)) == (
        "mail.example refuses the mail: 554 5.7.1 looks like spam to me, <e-mail>", False,
    )  # fmt: skip


def test_a_server_that_does_not_encrypt_gets_no_mail(mail_server: MailServer, trust: ssl.SSLContext) -> None:
    running = mail_server()
    assert refusal(email(running.port, trust)) == (
        "mail.example does not offer the encryption or the login that is set", False,
    )  # fmt: skip
    assert refusal(email(running.port, trust, security=Security.TLS)) == (
        "mail.example does not speak TLS on this port as it is set", False,
    )  # fmt: skip
    assert running.inbox.mails == []


@pytest.mark.parametrize(
    ("server", "security"), [({"starttls": True}, Security.STARTTLS), ({"implicit": True}, Security.TLS)]
)
def test_a_server_with_the_certificate_of_another_gets_neither_mail_nor_password(
    mail_server: MailServer, trust: ssl.SSLContext, server: dict[str, bool], security: Security
) -> None:
    running = mail_server("other.example", **server)
    channel = email(running.port, trust, security=security)
    assert refusal(channel) == ("the certificate of mail.example is not valid for it", False)

    nobody_known = ssl.create_default_context()
    own = mail_server(**server)
    assert refusal(email(own.port, nobody_known, security=security)) == (
        "the certificate of mail.example is not valid for it", False,
    )  # fmt: skip
    assert running.inbox.mails + own.inbox.mails == []


def test_it_connects_to_what_was_admitted_and_to_nothing_else(
    mail_server: MailServer, trust: ssl.SSLContext, away: int
) -> None:
    running = mail_server(starttls=True)
    asked: list[tuple[str, int]] = []

    def refuse(host: str, port: int) -> list[str]:
        asked.append((host, port))
        raise Undeliverable("mail.example is no public address")

    # 127.0.0.2 is this machine too, but nobody listens there; the next address is tried.
    assert email(running.port, trust, admit=lambda *_: ["127.0.0.2", "127.0.0.1"]).send(notice(), ANN) == "accepted"
    assert refusal(email(running.port, trust, admit=refuse)) == ("mail.example is no public address", False)
    assert asked == [("mail.example", running.port)]
    assert refusal(email(running.port, trust, admit=lambda *_: ["127.0.0.2"]))[0] == "mail.example cannot be reached"
    assert refusal(email(away, trust)) == ("mail.example cannot be reached", False)


def test_an_answer_that_is_lost_leaves_open_whether_the_mail_was_taken(
    mail_server: MailServer, trust: ssl.SSLContext
) -> None:
    running = mail_server(starttls=True)
    running.inbox.at_data = hang_up
    assert refusal(email(running.port, trust)) == ("mail.example hung up, or took too long to answer", False)


@pytest.mark.parametrize("farewell", ["hang up", "421 4.3.2 shutting down"])
def test_what_happens_after_the_mail_was_taken_does_not_send_it_twice(
    mail_server: MailServer, trust: ssl.SSLContext, farewell: str
) -> None:
    running = mail_server(starttls=True)
    running.inbox.at_quit = hang_up if farewell == "hang up" else lambda server: farewell
    assert email(running.port, trust).send(notice(), ANN) == "accepted"
    assert len(running.inbox.mails) == 1


def test_a_server_that_says_nothing_is_given_up(trust: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert refusal(email(port, trust, seconds=0.05)) == ("mail.example hung up, or took too long to answer", False)


def hang_up(server: SMTP) -> str:
    assert server.transport is not None
    server.transport.abort()
    return "250 OK"
