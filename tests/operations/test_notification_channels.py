"""What takes the way to people: mail and webhooks as they arrive, tests, and addresses that are out of bounds."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest
from standardwebhooks import Webhook

from config.settings import settings
from db.session import tenant_session
from operations.notification_configs import ConfigWish, make_configuration, show_configuration
from operations.notification_tests import try_configuration
from operations.notifier import notify_test
from tests.notifications.channels.receivers import USER, HttpReceiver, MailReceiver, Reply
from tests.operations.telling import Story, mailed, told, trusted_mail

SIGNING = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()


@pytest.fixture
def mail(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailReceiver]:
    with trusted_mail(tmp_path_factory.mktemp("authority"), monkeypatch) as started:
        yield started


def test_each_recipient_of_a_mail_is_judged_alone(story: Story, mail: MailReceiver) -> None:
    made = mailed(story, mail, "ann@example.org", "gone@example.org", "busy@example.org")
    mail.inbox.answers = {
        "gone@example.org": "550 5.1.1 no such user",
        "busy@example.org": "451 4.3.0 try again later",
    }
    story.runs()
    story.flush()
    mail.inbox.answers.clear()
    for _ in range(3):
        story.later(minutes=1)

    failures = [address for address, message in mail.inbox.mails if "cannot be reached" in message["Subject"]]
    assert failures == ["ann@example.org", "busy@example.org"]
    assert {message["To"] for _, message in mail.inbox.mails} == {"ann@example.org", "busy@example.org"}
    found = {target.name: bool(target.switched_off_at) for target in show_configuration(story.caller, made.id).targets}
    assert found == {"ann@example.org": False, "gone@example.org": True, "busy@example.org": False}


def test_whoever_is_left_hears_that_a_mailbox_of_their_own_configuration_is_gone(
    story: Story, mail: MailReceiver
) -> None:
    mailed(story, mail, "ann@example.org", "bob@example.org")
    mail.inbox.answers = {"ann@example.org": "550 5.1.1 no such user"}
    story.runs()
    story.flush()
    story.flush()

    assert [address for address, _ in mail.inbox.mails] == ["bob@example.org"] * 2
    assert mail.inbox.mails[1][1]["Subject"].endswith("Notices through mail do not arrive any more")


def test_mails_of_an_incident_hang_together_and_others_do_not(story: Story, mail: MailReceiver) -> None:
    mailed(story, mail, "ann@example.org")
    story.runs()
    story.flush()
    story.succeeds()
    with tenant_session(story.engine, story.tenant) as session:
        notify_test(session, at=story.now)
    story.flush()

    opened, resolved, test = (message for _, message in mail.inbox.mails)
    assert opened["References"] == resolved["References"]
    assert opened["Message-ID"] != resolved["Message-ID"]
    assert test["References"] is None


def test_a_notice_takes_the_secrets_of_its_channel_along_and_is_signed(story: Story, receiver: HttpReceiver) -> None:
    secrets = {"bearer": "t0ken", "signing_secret": SIGNING, "headers": {"X-Team": "accounting"}}
    wish = ConfigWish(name="signed", settings={"channel": "webhook", "url": receiver.url, **secrets})
    make_configuration(story.caller, wish)
    story.runs()
    story.flush()

    [request] = receiver.requests
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.headers["X-Team"] == "accounting"
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert Webhook(SIGNING).verify(request.body.decode(), headers)


def test_a_test_takes_the_way_of_all_notices_and_tells_what_was_answered(
    story: Story, receiver: HttpReceiver, other: HttpReceiver
) -> None:
    made = story.subscribe(receiver, minimum_severity="critical", systems=["quickbooks"])
    found = try_configuration(story.caller, made.id)
    assert (found.delivered, [answer.answer for answer in found.answers]) == (True, ["answered 200"])
    assert found.rules == ("what is less severe than critical is not told", "only these systems are told: quickbooks")
    assert told(receiver) == [("test", "single")]

    receiver.answer([Reply(500)])
    failed = try_configuration(story.caller, made.id).answers[0]
    assert (failed.delivered, failed.answer) == (False, "127.0.0.1 answered 500")
    story.later(days=1)
    assert len(receiver.requests) == 2

    elsewhere = ConfigWish(name="draft", settings={"channel": "webhook", "url": other.url})
    assert try_configuration(story.caller, wish=elsewhere).delivered
    assert try_configuration(story.caller, made.id, elsewhere).delivered
    assert told(other) == [("test", "single")] * 2
    assert [(entry.config_name, entry.state, entry.event_type) for entry in story.history()] == [
        ("people", "delivered", "test"),
        ("people", "given_up", "test"),
        ("draft", "delivered", "test"),
        ("draft", "delivered", "test"),
    ]


def test_a_server_that_does_not_answer_is_tested_once_however_many_recipients_there_are(story: Story) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = {"channel": "email", "host": "127.0.0.1", "port": free.getsockname()[1], "sender": USER}
    people = [f"{number}@example.org" for number in range(3)]
    wish = ConfigWish(name="mail", settings={**nobody, "recipients": people})
    answers = try_configuration(story.caller, wish=wish).answers

    assert answers[0].answer.startswith("127.0.0.1 cannot be reached")
    assert [answer.answer for answer in answers[1:]] == ["not tried, because the one before failed"] * 2


def test_nothing_is_sent_to_private_addresses_where_the_installation_does_not_allow_it(
    story: Story, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = story.subscribe(receiver)
    mailing = {"channel": "email", "host": "localhost", "port": receiver.port, "security": "tls"}
    people = {"sender": USER, "recipients": ["ann@example.org"]}
    mails = make_configuration(story.caller, ConfigWish(name="mail", settings={**mailing, **people}))
    service = ConfigWish(name="service", settings={"channel": "apprise", "url": f"jsons://localhost:{receiver.port}/"})
    services = make_configuration(story.caller, service)
    monkeypatch.setenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES", "false")
    settings.cache_clear()

    for each in (made, mails, services):
        [answer] = try_configuration(story.caller, each.id).answers
        assert not answer.delivered
        assert "is no public address" in answer.answer
    assert receiver.requests == []
