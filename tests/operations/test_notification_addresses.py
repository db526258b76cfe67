"""Where channels may lead: outside only, unless the installation allows it; told when entered, and held to later."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from config.settings import settings
from domain.refusals import Unusable
from operations.caller import Caller
from operations.notification_configs import ConfigWish, change_configuration, make_configuration
from operations.notification_tests import try_configuration
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.operations.telling import Story

PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"
REFUSED = "is no public address; connect a public one, or let the operator of this installation allow others with UNI"
MAIL: dict[str, Any] = {"channel": "email", "sender": "a@example.org", "recipients": ["ann@example.org"]}
Names = Callable[..., None]


@pytest.fixture
def confined(boss: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The admin of a tenant in an installation that allows tenants no private addresses, as all do at first."""
    forbid_private(monkeypatch)
    return boss


def forbid_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES")
    settings.cache_clear()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Says where every name of ``.example``, and Slack's, leads from now on; nowhere when nothing is given."""
    look_up, known = socket.getaddrinfo, []

    def found(host: Any, *arguments: Any, **named: Any) -> Any:
        if not str(host).endswith((".example", ".slack.com")):
            return look_up(host, *arguments, **named)
        if not known:
            raise socket.gaierror(socket.EAI_AGAIN, "nobody knows")
        return [entry for address in known for entry in look_up(address, *arguments, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", found)

    def lead(*addresses: str) -> None:
        known[:] = addresses

    return lead


def wish(settings: dict[str, Any]) -> ConfigWish:
    return ConfigWish(name="people", settings=settings)


@pytest.mark.parametrize(
    ("private", "field"),
    [
        ({"channel": "webhook", "url": "https://127.0.0.1/s3cret"}, "url"),
        ({"channel": "webhook", "url": "https://10.0.0.5/s3cret"}, "url"),
        ({"channel": "webhook", "url": "https://[::1]/s3cret"}, "url"),
        ({"channel": "webhook", "url": "http://localhost:8080/s3cret"}, "url"),
        ({"channel": "webhook", "url": "https://169.254.169.254/s3cret"}, "url"),
        ({"channel": "apprise", "url": "jsons://192.168.1.7/s3cret"}, "url"),
        ({"channel": "apprise", "url": "jsons://[fd00::1]:8080/s3cret"}, "url"),
        ({"channel": "apprise", "url": "mailtos://user:s3cret@example.org?smtp=10.0.0.3"}, "url"),
        ({**MAIL, "host": "10.0.0.25"}, "host"),
        ({**MAIL, "host": "localhost"}, "host"),
        ({**MAIL, "host": "fd00::25"}, "host"),
    ],
)
def test_an_address_inside_is_refused_in_one_sentence_when_it_is_entered(
    confined: Caller, private: dict[str, Any], field: str
) -> None:
    made = make_configuration(confined, wish({"channel": "slack", "url": "https://hooks.slack.com/services/T/B/x"}))
    for attempt in (
        lambda: make_configuration(confined, wish(private)),
        lambda: change_configuration(confined, made.id, wish(private)),
        lambda: try_configuration(confined, wish=wish(private)),
    ):
        with pytest.raises(Unusable, match=REFUSED) as refused:
            attempt()
        assert refused.value.field == field
        assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("clear", "written"),
    [
        ("json://alerts.example/s3cret", "jsons://"),
        ("ntfy://ntfy.example/s3cret", "ntfys://"),
        ("psafer://s3cretabcdefg", "psafers://"),
        ("mailto://user:s3cret@mail.example?to=ann@mail.example", "mailtos:// without mode=insecure"),
        ("mailtos://user:s3cret@mail.example?to=ann@mail.example&mode=insecure", "mailtos:// without mode=insecure"),
    ],
)
def test_a_service_that_would_be_told_in_clear_is_refused_with_the_spelling_that_is_not(
    confined: Caller, names: Names, clear: str, written: str
) -> None:
    names(PUBLIC)
    with pytest.raises(Unusable, match=f"to anyone on the way; write {written}$") as refused:
        make_configuration(confined, wish({"channel": "apprise", "url": clear}))
    assert refused.value.field == "url"
    assert "s3cret" not in str(refused.value)


def test_what_was_entered_while_clear_text_was_allowed_is_not_sent_any_more(
    boss: Caller, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"channel": "apprise", "url": f"json://127.0.0.1:{receiver.port}/"}
    made = make_configuration(boss, wish(settings))
    assert try_configuration(boss, made.id).delivered
    forbid_private(monkeypatch)

    [answer] = try_configuration(boss, made.id).answers
    assert (answer.delivered, answer.answer.endswith("write jsons://")) == (False, True)
    assert len(receiver.requests) == 1


def test_a_name_that_leads_inside_is_refused_and_one_that_nobody_knows_yet_is_not(
    confined: Caller, names: Names
) -> None:
    hook = {"channel": "webhook", "url": "https://alerts.example/"}
    names(PRIVATE)
    with pytest.raises(Unusable, match=rf"alerts\.example {REFUSED}"):
        make_configuration(confined, wish(hook))
    names()
    made = make_configuration(confined, wish(hook))

    [answer] = try_configuration(confined, made.id).answers
    assert answer.answer == "alerts.example cannot be reached"


def test_a_name_that_leads_inside_later_gains_nothing(confined: Caller, names: Names, receiver: HttpReceiver) -> None:
    channels = [
        {"channel": "webhook", "url": f"https://alerts.example:{receiver.port}/"},
        {"channel": "apprise", "url": f"jsons://alerts.example:{receiver.port}/"},
        {"channel": "slack", "url": f"https://hooks.slack.com:{receiver.port}/services/T/B/x"},
        {**MAIL, "host": "mail.example", "port": receiver.port},
    ]
    names(PUBLIC)
    made = [make_configuration(confined, ConfigWish(name=each["channel"], settings=each)).id for each in channels]
    names(PRIVATE)

    said = [try_configuration(confined, each).answers[0] for each in made]
    assert [answer.delivered for answer in said] == [False] * 4
    assert [answer.answer for answer in said if REFUSED not in answer.answer] == []
    assert receiver.requests == []


def test_what_is_refused_later_says_so_in_the_history(
    confined: Caller, names: Names, receiver: HttpReceiver, ledger_engine: Engine
) -> None:
    names(PUBLIC)
    make_configuration(confined, wish({"channel": "webhook", "url": f"https://alerts.example:{receiver.port}/"}))
    names(PRIVATE)
    story = Story(ledger_engine)
    story.runs()
    story.flush()

    [entry] = story.history()
    assert (entry.state, entry.why.startswith(f"alerts.example {REFUSED}")) == ("failed", True)


def test_nobody_is_followed_to_another_address(boss: Caller, receiver: HttpReceiver) -> None:
    with HttpReceiver() as other:
        for channel, url in (
            ("webhook", receiver.url),
            ("slack", receiver.url),
            ("apprise", f"json://127.0.0.1:{receiver.port}/"),
        ):
            receiver.answer([Reply(307, b"", {"Location": other.url})])
            [answer] = try_configuration(boss, wish=wish({"channel": channel, "url": url})).answers
            assert (answer.delivered, "answered 307" in answer.answer) == (False, True)
        assert (len(receiver.requests), other.requests) == (3, [])
