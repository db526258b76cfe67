"""Slack, as a real HTTP receiver in its place sees it."""

from __future__ import annotations

import json

import httpx
import pytest

from notifications.channels.channel import Undeliverable
from notifications.channels.slack import Slack, SlackSettings, payload
from notifications.wording import plain_text
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.notifications.samples import notice


def slack(receiver: HttpReceiver, http: httpx.Client) -> Slack:
    return Slack(SlackSettings(url=receiver.url), http)  # type: ignore[arg-type]


def refusal(channel: Slack) -> tuple[str, bool, float | None]:
    with pytest.raises(Undeliverable) as caught:
        channel.send(notice(), "slack")
    assert "secret" not in str(caught.value)
    return str(caught.value), caught.value.permanent, caught.value.retry_after


def test_a_notice_arrives_as_blocks(receiver: HttpReceiver, http: httpx.Client) -> None:
    assert slack(receiver, http).send(notice(), "slack") == "ok"

    [request] = receiver.requests
    assert (request.method, request.path) == ("POST", "/secret-path?token=s3cret")
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == payload(notice())


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(403, b"invalid_token"), ("Slack answered 403 invalid_token", True, None)),
        (Reply(404, b"no_service"), ("Slack answered 404 no_service", True, None)),
        (Reply(410, b"channel_is_archived"), ("Slack answered 410 channel_is_archived", True, None)),
        (
            Reply(429, b"rate_limited", {"Retry-After": "30"}),
            ("Slack answered 429 rate_limited", False, 30.0),
        ),
        (Reply(500, b"rollup_error"), ("Slack answered 500 rollup_error", False, None)),
        (Reply(302, b"", {"Location": "/elsewhere"}), ("Slack answered 302", False, None)),
        (
            Reply(503, b"<h1>\r\n  Down\0 for ann@example.org</h1>"),
            ("Slack answered 503 <h1> Down for <e-mail></h1>", False, None),
        ),
        (Reply(hang_up=True), ("the connection to 127.0.0.1 broke before there was an answer", False, None)),
    ],
)
def test_what_slack_answers_decides_whether_it_is_asked_again(
    receiver: HttpReceiver, http: httpx.Client, reply: Reply, expected: tuple[str, bool, float | None]
) -> None:
    receiver.answer([reply])
    assert refusal(slack(receiver, http)) == expected
    assert len(receiver.requests) == 1


def test_blocks_that_slack_does_not_like_are_told_as_plain_text(receiver: HttpReceiver, http: httpx.Client) -> None:
    receiver.answer([Reply(400, b"invalid_blocks")])
    assert slack(receiver, http).send(notice(), "slack") == "ok"

    [_, again] = receiver.requests
    assert json.loads(again.body) == {"text": plain_text(notice()), "mrkdwn": False}


def test_a_message_that_slack_refuses_in_every_form_leaves_the_webhook_switched_on(
    receiver: HttpReceiver, http: httpx.Client
) -> None:
    receiver.answer([Reply(400, b"invalid_payload"), Reply(400, b"invalid_payload")])
    assert refusal(slack(receiver, http)) == ("Slack answered 400 invalid_payload", False, None)


def test_a_slack_that_is_away_or_silent_is_asked_again_later(receiver: HttpReceiver, away: int) -> None:
    receiver.answer([Reply(silent=True)])
    with httpx.Client(timeout=0.05, trust_env=False) as hasty:
        assert refusal(slack(receiver, hasty)) == ("127.0.0.1 took too long to answer", False, None)
        nobody = Slack(SlackSettings(url=f"http://127.0.0.1:{away}/secret"), hasty)  # type: ignore[arg-type]
        assert refusal(nobody) == ("127.0.0.1 cannot be reached", False, None)
