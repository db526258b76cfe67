"""Settings of channels: checked when they are entered, split for storing, shown without their secrets."""

from __future__ import annotations

import json
import logging
import ssl
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.refusals import Unusable
from notifications.channels.webhook import Webhook
from notifications.configuration import ChannelSettings, join, open_channel, refuse_private, split
from tests.notifications.samples import notice
from tests.notifications.strategies import texts

SETTINGS: TypeAdapter[Any] = TypeAdapter(ChannelSettings)
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

EMAIL: dict[str, Any] = {
    "channel": "email",
    "host": "smtp.example.org",
    "user": "alerts@example.org",
    "password": "s3cret",
    "sender": "alerts@example.org",
    "recipients": ["ann@example.org"],
}
SLACK: dict[str, Any] = {"channel": "slack", "url": "https://hooks.slack.com/services/T0/B0/s3cret"}
WEBHOOK: dict[str, Any] = {
    "channel": "webhook",
    "url": "https://alerts.example.org/s3cret?token=s3cret",
    "headers": {"X-Team": "s3cret", "X-Cost.Centre": "s3cret"},
    "bearer": "s3cret",
    "signing_secret": SIGNING,
}
APPRISE: dict[str, Any] = {"channel": "apprise", "url": "discord://4174216298/s3cretwebhooktoken"}
ALL = (EMAIL, SLACK, WEBHOOK, APPRISE)


def settings_of(entered: dict[str, Any]) -> Any:
    return SETTINGS.validate_python(entered)


@pytest.mark.parametrize("entered", ALL, ids=lambda entered: entered["channel"])
def test_what_was_split_is_put_together_again(entered: dict[str, Any]) -> None:
    taken = settings_of(entered)
    stored, secrets = split(taken)
    assert join(json.loads(json.dumps(stored)), secrets) == taken


@pytest.mark.parametrize("entered", ALL, ids=lambda entered: entered["channel"])
def test_no_secret_is_shown(entered: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    taken = settings_of(entered)
    stored, secrets = split(taken)
    shown = [repr(taken), str(taken), str(taken.model_dump()), taken.model_dump_json(), json.dumps(stored)]
    shown.append(str(taken.model_dump(mode="json")))
    with pytest.raises(ValidationError) as refused:
        settings_of({**entered, "nonsense": 1})
    shown += [f"{refused.value} {refused.value.errors()}", caplog.text]
    assert not any("s3cret" in text or SIGNING in text for text in shown)
    assert any("s3cret" in secret for secret in secrets.values())


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("mmosts://chat.example.org/s3cret1234722377935511fc85d3dd4", "mmosts"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        ("gotify://push.example.org/A1b2C3d4E5f6G7h", "gotify"),
    ],
)
def test_a_service_is_called_by_its_own_name(url: str, name: str) -> None:
    assert split(settings_of({"channel": "apprise", "url": url}))[0]["shown"] == {"service": name}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("json://alerts.example.org:8080/s3cret", "alerts.example.org"),
        ("gotify://192.168.1.1/A1b2C3d4E5f6G7h", "192.168.1.1"),
        ("mailto://user:s3cret@gmail.com", "smtp.gmail.com"),
        ("mailtos://user:s3cret@example.org?smtp=10.0.0.3", "10.0.0.3"),
        ("discord://4174216298/s3cretwebhooktoken", ""),
        ("ntfy://s3crettopic", ""),
    ],
)
def test_a_service_tells_its_host_where_its_address_names_one_and_never_a_token(url: str, host: str) -> None:
    assert settings_of({"channel": "apprise", "url": url}).host == host


def test_people_see_where_it_leads() -> None:
    shown = [split(settings_of(entered))[0] for entered in ALL]
    assert [stored["shown"] for stored in shown] == [
        {},
        {"host": "hooks.slack.com"},
        {"host": "alerts.example.org", "header_names": ["X-Cost.Centre", "X-Team"]},
        {"service": "discord"},
    ]
    assert shown[0] == {
        "channel": "email", "host": "smtp.example.org", "port": 587, "security": "starttls",
        "user": "alerts@example.org", "sender": "alerts@example.org", "recipients": ["ann@example.org"], "shown": {},
    }  # fmt: skip


@pytest.mark.parametrize("entered", ALL, ids=lambda entered: entered["channel"])
def test_every_kind_of_settings_opens_its_channel(entered: dict[str, Any]) -> None:
    with httpx.Client() as http:
        channel = open_channel(settings_of(entered), http, lambda *_: [], ssl.create_default_context())
    assert type(channel).__name__.lower() == entered["channel"]
    assert not any("s3cret" in target for target in channel.targets())


def test_openapi_tells_the_kinds_apart_and_gives_an_example_of_each() -> None:
    schema = SETTINGS.json_schema()
    kinds = schema["discriminator"]["mapping"]
    assert kinds == {kind: f"#/$defs/{kind.title()}Settings" for kind in ("email", "slack", "webhook", "apprise")}
    for model in schema["$defs"].values():
        for example in model.get("examples", ()):
            assert settings_of(example).channel == example["channel"]
    assert sum("examples" in model for model in schema["$defs"].values()) == 4


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        (EMAIL | {"recipients": []}, "at least 1 item"),
        (EMAIL | {"recipients": ["ann@example.org", "ann@example.org"]}, "a recipient is named twice"),
        (EMAIL | {"recipients": ["Ann <ann@example.org>"]}, "write it like ann@example.org"),
        (EMAIL | {"recipients": ["ann@example.org\r\nBcc: eve@x.example"]}, "write it like ann@example.org"),
        (EMAIL | {"recipients": ["ann@example.org, bob@example.org"]}, "write it like ann@example.org"),
        (EMAIL | {"recipients": ["ännchen@example.org"]}, "write it like ann@example.org"),
        (EMAIL | {"sender": "nobody"}, "write it like ann@example.org"),
        (EMAIL | {"host": "smtp.example.org\r\nx"}, "should match pattern"),
        ({"passwort" if name == "password" else name: value for name, value in EMAIL.items()}, "Extra inputs are"),
        (EMAIL | {"user": "a\r\nb"}, "should match pattern"),
        (EMAIL | {"user": ""}, "give both user and password"),
        (EMAIL | {"password": None}, "give both user and password"),
        (EMAIL | {"password": "s3crét"}, "ASCII characters only"),
        (EMAIL | {"security": "none"}, "without encryption anyone on the way could read the password"),
        (SLACK | {"url": "http://hooks.slack.com/s3cret"}, "plain http would show"),
        (SLACK | {"url": "s3cret"}, "it must begin with https://"),
        (SLACK | {"url": "https://s3cret:s3cret@hooks.slack.com/"}, "neither user and password"),
        (SLACK | {"url": "https://s3cret\x00.example/"}, "it is no URL"),
        (WEBHOOK | {"url": "ftp://s3cret.example/"}, "it must begin with https://"),
        (WEBHOOK | {"url": "https://example.org:99999/s3cret"}, "its port must be between 1 and 65535"),
        (WEBHOOK | {"method": "GET"}, "'POST', 'PUT' or 'PATCH'"),
        (WEBHOOK | {"headers": {"Host": "x"}}, "the header Host is set by ourselves"),
        (WEBHOOK | {"headers": {"content-length": "1"}}, "is set by ourselves"),
        (WEBHOOK | {"headers": {"Webhook-Signature": "1"}}, "is set by ourselves"),
        (WEBHOOK | {"headers": {"X-A\r\nB": "1"}}, "the name of a header holds"),
        (WEBHOOK | {"headers": {"X-A": "s3cret\r\nX-B: 1"}}, "the value of X-A may hold printable ASCII"),
        (WEBHOOK | {"headers": {"X-A": "1", "x-a": "2"}}, "a header is named twice"),
        (WEBHOOK | {"headers": {"Authorization": "1"}}, "give a bearer token, or user and password"),
        (WEBHOOK | {"user": "ann", "password": "s3cret"}, "give a bearer token, or user and password"),
        (WEBHOOK | {"bearer": "s3cret s3cret"}, "a token holds printable ASCII"),
        (WEBHOOK | {"bearer": None, "user": "ann"}, "give both user and password"),
        (WEBHOOK | {"bearer": None, "user": "a:b", "password": "s3cret"}, "should match pattern"),
        (WEBHOOK | {"signing_secret": "s3cret"}, "it must be whsec_ and 24 to 64 random bytes"),
        (WEBHOOK | {"signing_secret": "whsec_s3cret=="}, "it must be whsec_ and 24 to 64 random bytes"),
        (WEBHOOK | {"headers": {"X-A": "s3cret\ud800"}}, "it holds half a character"),
        (WEBHOOK | {"bearer": None, "user": "ann", "password": "s3cret\ud800"}, "it holds half a character"),
        (APPRISE | {"url": "json://s3cret/\ud800"}, "it holds half a character"),
        (APPRISE | {"url": "json://" + "s3cret" * 400}, "at most 2000"),
        (APPRISE | {"url": "syslog://s3cret"}, "is no service that is reached by HTTP or mail"),
        ({"channel": "pigeon"}, "does not match any of the expected tags"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(entered: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_of(entered)
    assert sentence in str(refused.value)
    assert "s3cret" not in f"{refused.value} {refused.value.errors()}"


odd = st.one_of(texts, st.sampled_from(["xn--", "[::1", "//", "user@", "a" * 70 + ".de", ":99999", "%zz", "?", "#"]))
urls = st.tuples(
    st.sampled_from(
        ["", "https://", "http://127.0.0.1", "json://", "discord://", "mailto://", "slack://", "matrix://"]
    ),
    st.lists(odd, max_size=4).map("".join),
).map("".join)
values = st.one_of(st.none(), st.integers(), urls, st.lists(urls, max_size=2), st.dictionaries(urls, urls, max_size=2))


@settings(max_examples=150)
@given(st.sampled_from(ALL), st.data())
def test_whatever_is_entered_is_either_refused_or_can_be_stored_and_used(
    base: dict[str, Any], data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from([*base, "headers", "user", "password", "nonsense"]))
    try:
        taken = settings_of({**base, field: data.draw(values)})
    except ValidationError:
        return
    stored, secrets = split(taken)
    kept = {name: secret.encode().decode() for name, secret in secrets.items()}
    assert join(json.loads(json.dumps(stored)), kept) == taken
    with httpx.Client() as http:
        channel = open_channel(taken, http, lambda *_: [], ssl.create_default_context())
        assert all(channel.targets())
        if isinstance(channel, Webhook):
            assert channel._request(notice()).url.host


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        (SLACK | {"url": "https://slack.evil.example/s3cret"}, "begins with https://hooks.slack.com/"),
        (SLACK | {"url": "https://hooks.slack.com.evil.example/s3cret"}, "begins with https://hooks.slack.com/"),
        (SLACK | {"url": "http://127.0.0.1/s3cret"}, "begins with https://hooks.slack.com/"),
        (EMAIL | {"security": "none", "user": "", "password": None}, "mail is sent encrypted only"),
    ],
)
def test_an_installation_that_keeps_to_public_addresses_refuses_others(entered: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        refuse_private(settings_of(entered))


@pytest.mark.parametrize("entered", [*ALL, SLACK | {"url": "https://hooks.slack-gov.com/services/x"}])
def test_it_takes_all_that_leads_out(entered: dict[str, Any]) -> None:
    refuse_private(settings_of(entered))
