"""Who is told and how: made, changed and removed, with secrets that go in and never come out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import settings
from db.ledger.notification_configs import load_config
from db.vault import new_key
from domain.errors import Misconfigured
from domain.listing import PageRequest
from domain.refusals import Clash, Unknown, Unusable
from notifications.rules import NoticeFilters
from operations.caller import Caller
from operations.credentials import reencrypt
from operations.notification_configs import (
    ConfigWish,
    change_configuration,
    list_configurations,
    make_configuration,
    remove_configuration,
    show_configuration,
)
from operations.notification_settings import settings_of
from operations.notification_tests import try_configuration
from tests.operations.people import audited, in_database, tables_holding

SLACK: dict[str, Any] = {"channel": "slack", "url": "https://hooks.slack.com/services/T0/B0/sl4cksecret"}
HOOK: dict[str, Any] = {
    "channel": "webhook",
    "url": "https://alerts.example.org/h00ksecret",
    "headers": {"X-Key": "h3adersecret"},
    "bearer": "b3arersecret",
}
MAIL: dict[str, Any] = {
    "channel": "email",
    "host": "smtp.example.org",
    "user": "alerts",
    "password": "m4ilsecret",
    "sender": "alerts@example.org",
    "recipients": ["ann@example.org", "bob@example.org"],
}
SERVICE: dict[str, Any] = {"channel": "apprise", "url": "discord://4174216298/s3rvicesecret"}
SECRETS = ("sl4cksecret", "h00ksecret", "h3adersecret", "b3arersecret", "m4ilsecret", "s3rvicesecret")


def wish(settings: dict[str, Any], name: str = "people", **more: Any) -> ConfigWish:
    return ConfigWish(name=name, settings=settings, **more)


def sent_secrets(caller: Caller, config_id: object) -> dict[str, Any]:
    """The secrets with which a stored configuration is used."""
    with caller.ledger() as session:
        stored = load_config(session, config_id)  # type: ignore[arg-type]
    assert stored is not None
    found = settings_of(stored, caller.tenant)
    return {name: value.get_secret_value() for name, value in found if isinstance(value, SecretStr)}


def test_secrets_are_sealed_and_never_shown(boss: Caller) -> None:
    for number, channel in enumerate((SLACK, HOOK, MAIL, SERVICE)):
        make_configuration(boss, wish(channel, f"channel {number}"))

    shown = list_configurations(boss, PageRequest()).model_dump_json()
    assert [secret for secret in SECRETS if secret in shown or secret in repr(wish(HOOK))] == []
    assert [tables_holding(boss.engine, secret) for secret in SECRETS] == [[]] * len(SECRETS)
    found = list_configurations(boss, PageRequest()).items
    assert [(item.channel, item.settings["shown"]["secrets"]) for item in found] == [  # type: ignore[index, call-overload]
        ("slack", ["url"]),
        ("webhook", ["bearer", "headers.X-Key", "url"]),
        ("email", ["password"]),
        ("apprise", ["url"]),
    ]
    assert [target.name for item in found for target in item.targets] == [
        "slack",
        "alerts.example.org",
        "ann@example.org",
        "bob@example.org",
        "discord",
    ]


def test_a_change_keeps_the_secrets_that_are_left_out(boss: Caller) -> None:
    made = make_configuration(boss, wish(HOOK))
    changed = change_configuration(
        boss, made.id, wish({"channel": "webhook", "method": "PUT", "bearer": "n3w"}, "others")
    )

    assert (changed.name, changed.settings["method"]) == ("others", "PUT")
    assert sent_secrets(boss, made.id) == {"url": HOOK["url"], "bearer": "n3w"}


def test_what_was_shown_can_be_saved_as_it_is(boss: Caller) -> None:
    made = make_configuration(boss, wish(MAIL, filters={"quiet_hours": {"begin": "22:00", "end": "07:00"}}))
    again = ConfigWish(name=made.name, settings=made.settings, filters=made.filters, enabled=made.enabled)
    changed = change_configuration(boss, made.id, again)

    assert changed == made.model_copy(update={"updated_at": changed.updated_at})
    assert sent_secrets(boss, made.id) == {"password": "m4ilsecret"}


@pytest.mark.parametrize(
    "elsewhere", [{"host": "evil.example"}, {"security": "tls"}, {"port": 25}, {"user": "mallory"}]
)
def test_a_password_is_not_sent_where_nobody_entered_it_for(boss: Caller, elsewhere: dict[str, Any]) -> None:
    made = make_configuration(boss, wish(MAIL))
    without = {name: value for name, value in MAIL.items() if name != "password"}

    with pytest.raises(Unusable, match="give both user and password"):
        change_configuration(boss, made.id, wish({**without, **elsewhere}))
    with pytest.raises(Unusable, match="give both user and password"):
        try_configuration(boss, made.id, wish({**without, **elsewhere}))


def test_a_token_is_not_sent_to_another_address(boss: Caller) -> None:
    made = make_configuration(boss, wish(HOOK))
    change_configuration(boss, made.id, wish({"channel": "webhook", "url": "https://evil.example/"}))

    assert sent_secrets(boss, made.id) == {"url": "https://evil.example/"}


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"channel": "pigeon"}, "channel", "choose a channel: email, slack, webhook or apprise"),
        ({}, "channel", "choose a channel: email, slack, webhook or apprise"),
        ({**HOOK, "user": "\ud800", "password": "x"}, "user", "user cannot be used"),
        ({**HOOK, "user": "\0", "password": "x"}, "user", "user cannot be used"),
        ({"channel": "slack"}, "url", "url cannot be used: Field required"),
        ({"channel": "slack", "url": "http://hooks.slack.com/sl4cksecret"}, "url", "plain http"),
        ({**MAIL, "recipients": ["ann\r\nBcc: eve@example.org"]}, "recipients.0", "write it like ann@example.org"),
        ({**SLACK, "colour": "red"}, "colour", "Extra inputs"),
    ],
)
def test_what_cannot_be_used_is_named_and_secrets_are_not(
    boss: Caller, given: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(Unusable, match=why) as refused:
        make_configuration(boss, wish(given))

    assert refused.value.field == field
    assert "sl4cksecret" not in str(refused.value)
    assert list_configurations(boss, PageRequest()).items == ()


def test_filters_that_another_version_wrote_let_too_much_through_rather_than_nothing(boss: Caller) -> None:
    made = make_configuration(boss, wish(SLACK, filters={"minimum_severity": "critical"}))
    in_database(boss.engine, """UPDATE unisync.notification_configs SET filters = '{"volume": 11}'""")

    assert show_configuration(boss, made.id).filters == NoticeFilters()
    assert try_configuration(boss, made.id).rules == ("what is less severe than warning is not told",)


def test_names_are_given_once(boss: Caller) -> None:
    first = make_configuration(boss, wish(SLACK, "one"))
    second = make_configuration(boss, wish(SLACK, "two"))

    with pytest.raises(Clash, match="another configuration called one"):
        make_configuration(boss, wish(SLACK, "one"))
    with pytest.raises(Clash, match="another configuration called two"):
        change_configuration(boss, first.id, wish(SLACK, "two"))
    remove_configuration(boss, second.id)
    assert change_configuration(boss, first.id, wish(SLACK, "two")).name == "two"


def test_a_removed_configuration_leaves_no_secret_and_is_unknown(boss: Caller) -> None:
    made = make_configuration(boss, wish(SLACK))
    remove_configuration(boss, made.id)

    for again in (show_configuration, remove_configuration, try_configuration):
        with pytest.raises(Unknown, match="no configuration with this id"):
            again(boss, made.id)
    assert audited(boss.engine)[-2:] == [
        ("user:boss@example.org", "notification.add", "people", "done"),
        ("user:boss@example.org", "notification.remove", "people", "done"),
    ]


def test_a_list_comes_in_pages(boss: Caller) -> None:
    for number in range(5):
        make_configuration(boss, wish(SLACK, f"number {number}"))
    first = list_configurations(boss, PageRequest(limit=3))
    second = list_configurations(boss, PageRequest(limit=3, cursor=first.next_cursor))

    assert [item.name for item in (*first.items, *second.items)] == [f"number {number}" for number in range(5)]
    assert second.next_cursor is None


def test_secrets_can_be_sealed_with_another_key_and_go_on_working(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_configuration(boss, wish(HOOK))
    former = settings().secret_key
    assert former is not None
    monkeypatch.setenv("UNISYNC_FORMER_SECRET_KEYS", former.get_secret_value())
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()
    for _ in range(2):
        done = reencrypt(boss)
        assert (done.unreadable, done.webhooks_lost, done.channels_lost) == ((), False, False)
    monkeypatch.delenv("UNISYNC_FORMER_SECRET_KEYS")
    settings.cache_clear()
    assert sent_secrets(boss, made.id) == {"url": HOOK["url"], "bearer": "b3arersecret"}


def test_secrets_that_no_key_opens_are_left_as_they_are_and_that_is_said(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_configuration(boss, wish(HOOK))
    first = settings().secret_key
    assert first is not None
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()

    assert reencrypt(boss).channels_lost
    monkeypatch.setenv("UNISYNC_SECRET_KEY", first.get_secret_value())
    settings.cache_clear()
    assert not reencrypt(boss).channels_lost
    assert sent_secrets(boss, made.id)["bearer"] == "b3arersecret"


def test_without_the_key_a_configuration_can_be_seen_and_given_new_secrets(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_configuration(boss, wish(SLACK))
    monkeypatch.setenv("UNISYNC_SECRET_KEY", new_key())
    settings.cache_clear()

    assert show_configuration(boss, made.id) == made
    assert not try_configuration(boss, made.id).delivered
    with pytest.raises(Misconfigured, match="UNISYNC_SECRET_KEY is not the key"):
        change_configuration(boss, made.id, wish({"channel": "slack"}))
    change_configuration(boss, made.id, wish(SLACK))
    assert sent_secrets(boss, made.id) == {"url": SLACK["url"]}
