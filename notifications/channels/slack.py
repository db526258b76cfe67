"""Slack, by an incoming webhook: Block Kit within its limits, coloured by severity.

Limits and answers: docs.slack.dev, Block Kit reference, Sending messages using incoming webhooks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import httpx
from pydantic import ConfigDict, Field, SecretStr, field_validator

from notifications.channels.addresses import checked_address
from notifications.channels.channel import Answer, Secret, SecretSettings, Undeliverable, post
from notifications.notice import Notice
from notifications.wording import COLOURS, links, moment, plain_text

# Slack allows 3,000 in a text and refuses messages of about 13,000 altogether (msg_blocks_too_long), so each part
# has its share: 2,400 for the text, 15 * 220 for fields, 1,000 for records, 2,000 for steps, 2,000 for links.
HEADER, TEXT, FIELDS, NAME, VALUE, RECORDS, STEPS, STEP = 150, 2_400, 15, 40, 180, 1_000, 5, 400
LINK = 1_000
PLAIN = 4_000

# The webhook, its channel or its app is gone or may not post: a person has to make it anew.
_GONE = (403, 404, 410)


class SlackSettings(SecretSettings):
    """One incoming webhook; its address is the secret."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"channel": "slack", "url": "https://hooks.slack.com/services/T0000/B0000/XXXXXXXX"}]
        },
    )

    SECRETS: ClassVar[frozenset[str]] = frozenset({"url"})

    channel: Literal["slack"] = "slack"
    url: Secret = Field(max_length=1_000)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        return SecretStr(checked_address(url.get_secret_value()))

    @property
    def host(self) -> str:
        """Where it leads."""
        return httpx.URL(self.url.get_secret_value()).host

    def shown(self) -> dict[str, Any]:
        """What may be shown of it."""
        return {"host": self.host}


class Slack:
    """One incoming webhook."""

    def __init__(self, settings: SlackSettings, http: httpx.Client) -> None:
        self._url = settings.url
        self._http = http

    def targets(self) -> tuple[str, ...]:
        """Slack fixed the channel when the webhook was made."""
        return ("slack",)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        answer = self._post(payload(notice))
        if answer.status == httpx.codes.BAD_REQUEST:
            # Should Slack not like the blocks one day, the news is worth more than its looks.
            answer = self._post({"text": inert(plain_text(notice), PLAIN), "mrkdwn": False})
        if answer.status == httpx.codes.OK:
            return answer.text or "ok"
        raise Undeliverable(
            f"Slack answered {answer.status} {answer.text}".strip(),
            permanent=answer.status in _GONE,
            retry_after=answer.retry_after,
        )

    def _post(self, body: dict[str, Any]) -> Answer:
        return post(self._http, self._http.build_request("POST", self._url.get_secret_value(), json=body))


def payload(notice: Notice) -> dict[str, Any]:
    """Give the message: the title on top, the rest beside a bar in the colour of the severity."""
    title = inert(notice.title, HEADER)
    return {
        # Shown where blocks are not, such as in notifications of a phone.
        "text": title,
        "blocks": [{"type": "header", "text": _plain(title)}],
        "attachments": [
            {"color": COLOURS[notice.severity], "fallback": title, "blocks": list(_blocks(notice))},
        ],
    }


def inert(text: str, longest: int) -> str:
    """Take mentions and links out of a text and cut it; Slack may count characters as UTF-16 does, so we do."""
    text = text.translate({ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"})
    units = text.encode("utf-16-le")
    if len(units) <= 2 * longest:
        return text
    cut = units[: 2 * (longest - 1)].decode("utf-16-le", errors="ignore")
    begun = cut.rfind("&")
    # Never in the middle of an entity.
    return (cut[:begun] if begun >= 0 and ";" not in cut[begun:] else cut) + "…"


def _blocks(notice: Notice) -> Iterator[dict[str, Any]]:
    yield {"type": "section", "text": _plain(inert(notice.text or notice.title, TEXT))}
    # Ten texts are the most that a section takes: the name of a field and its value stand side by side.
    for first in range(0, min(len(notice.fields), FIELDS), 5):
        pairs = notice.fields[first : min(first + 5, FIELDS)]
        yield {"type": "section", "fields": [part for name, value in pairs for part in _field(name, value)]}
    if notice.records:
        yield {"type": "section", "text": _plain(inert("For example: " + ", ".join(notice.records), RECORDS))}
    if notice.steps:
        steps = [f"{number}. {step}" for number, step in enumerate(notice.steps[:STEPS], start=1)]
        yield {"type": "section", "text": _plain("What to do:\n" + "\n".join(inert(step, STEP) for step in steps))}
    escaped = [(name, address.replace("&", "&amp;")) for name, address in links(notice)]
    named = [f"<{address}|{name}>" for name, address in escaped if len(address) <= LINK]
    footer = " · ".join((*named, moment(notice)))
    yield {"type": "context", "elements": [{"type": "mrkdwn", "text": footer, "verbatim": True}]}


def _field(name: str, value: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return _plain(inert(name, NAME)), _plain(inert(value, VALUE))


def _plain(text: str) -> dict[str, Any]:
    # Neither bold nor code nor links are made of what stands in such a text.
    return {"type": "plain_text", "text": text or "-", "emoji": False}
