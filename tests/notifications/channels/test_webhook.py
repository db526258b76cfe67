"""Webhooks of customers, as a real HTTP receiver sees them."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import jsonschema
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from notifications.channels.channel import Undeliverable
from notifications.channels.webhook import Webhook, WebhookSettings
from notifications.channels.webhook_body import EXAMPLE, body_schema
from tests.notifications.channels.authority import Authority
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.notifications.samples import notice

SECRET = "whsec_" + base64.b64encode(b"twenty-four random bytes").decode()


def webhook(receiver: HttpReceiver, http: httpx.Client, **changes: Any) -> Webhook:
    return Webhook(WebhookSettings.model_validate({"url": receiver.url, **changes}), http)


def refusal(channel: Webhook) -> tuple[str, bool]:
    with pytest.raises(Undeliverable) as caught:
        channel.send(notice(), *channel.targets())
    assert "secret" not in str(caught.value)
    return str(caught.value), caught.value.permanent


def test_the_receiver_can_tell_that_it_comes_from_us(receiver: HttpReceiver, http: httpx.Client) -> None:
    assert webhook(receiver, http, signing_secret=SECRET).send(notice(), "127.0.0.1") == "answered 200"

    [request] = receiver.requests
    body = Verifier(SECRET).verify(request.body, request.headers)
    assert body["data"]["id"] == request.headers["webhook-id"] == notice().id
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body.replace(b"acme", b"evil"), request.headers)


def test_the_body_is_what_its_schema_promises(receiver: HttpReceiver, http: httpx.Client) -> None:
    webhook(receiver, http).send(notice(), "127.0.0.1")

    [request] = receiver.requests
    body = json.loads(request.body)
    validator = jsonschema.Draft202012Validator(body_schema())
    validator.validate(body)
    validator.validate(EXAMPLE)
    assert body["type"] == "unisync.sync_failed.opened"
    assert body["timestamp"] == "2026-07-16T12:00:00Z"
    assert body["data"]["fields"]["Schedule"] == "nightly"
    assert "webhook-signature" not in request.headers
    assert request.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"bearer": "a-token"}, ("Authorization", "Bearer a-token")),
        ({"user": "ann", "password": "pä:ss"}, ("Authorization", "Basic YW5uOnDDpDpzcw==")),
        ({"headers": {"Authorization": "ApiKey 1"}}, ("Authorization", "ApiKey 1")),
        ({"headers": {"X-Team": "accounting"}}, ("X-Team", "accounting")),
    ],
)
def test_we_authenticate_as_the_receiver_wants_it(
    receiver: HttpReceiver, http: httpx.Client, settings: dict[str, Any], header: tuple[str, str]
) -> None:
    webhook(receiver, http, method="PUT", **settings).send(notice(), "127.0.0.1")
    [request] = receiver.requests
    assert request.method == "PUT"
    assert header in request.headers.items()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(404), ("127.0.0.1 answered 404", True)),
        (Reply(410), ("127.0.0.1 answered 410", True)),
        (Reply(401), ("127.0.0.1 answered 401", False)),
        (Reply(500), ("127.0.0.1 answered 500", False)),
        (Reply(hang_up=True), ("the connection to 127.0.0.1 broke before there was an answer", False)),
        (
            Reply(302, b"", {"Location": "/elsewhere"}),
            ("127.0.0.1 answered 302; redirects are not followed, enter the final address", False),
        ),
    ],
)
def test_what_the_receiver_answers_decides_whether_it_is_asked_again(
    receiver: HttpReceiver, http: httpx.Client, reply: Reply, expected: tuple[str, bool]
) -> None:
    receiver.answer([reply])
    assert refusal(webhook(receiver, http)) == expected
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("120", 120),
        ("9" * 400, 86_400),
        ("Wed, 01 Jan 2200 00:00:00 +0000", 86_400),
        ("Sat, 01 Jan 2000 00:00:00 +0000", 0),
        ("soon", None),
    ],
)
def test_the_wait_that_a_receiver_asks_for_is_told(
    receiver: HttpReceiver, http: httpx.Client, asked: str, expected: float | None
) -> None:
    receiver.answer([Reply(429, headers={"Retry-After": asked})])
    with pytest.raises(Undeliverable) as caught:
        webhook(receiver, http).send(notice(), "127.0.0.1")
    assert caught.value.retry_after == expected


def test_an_answer_without_end_is_not_read_to_its_end(receiver: HttpReceiver, http: httpx.Client) -> None:
    receiver.answer([Reply(200, b"x" * 50_000_000), Reply(200, b"x" * 1_000, {"Content-Encoding": "gzip"})])
    channel = webhook(receiver, http)
    assert [channel.send(notice(), "127.0.0.1") for _ in range(2)] == ["answered 200"] * 2


def test_a_receiver_that_is_silent_is_given_up(receiver: HttpReceiver) -> None:
    receiver.answer([Reply(silent=True)])
    with httpx.Client(timeout=0.05, trust_env=False) as hasty:
        assert refusal(webhook(receiver, hasty)) == ("127.0.0.1 took too long to answer", False)


def test_a_receiver_with_the_certificate_of_another_gets_nothing(authority: Authority, http: httpx.Client) -> None:
    with HttpReceiver(authority.server_context("other.example")) as impostor:
        channel = webhook(impostor, http, url=f"https://127.0.0.1:{impostor.port}/secret")
        assert refusal(channel) == ("the certificate of 127.0.0.1 is not valid for it", False)
        assert impostor.requests == []
