"""Slack, by an incoming webhook: Block Kit within its limits, coloured by severity.

Limits and answers: docs.slack.dev, Block Kit reference, Sending messages using incoming webhooks.
"""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import SecretStr

from notifications.channels.channel import Undeliverable, post, wait_asked
from notifications.events import Severity
from notifications.notice import Notice, Stage

HEADER, SECTION, FIELDS, FIELD = 150, 3_000, 10, 2_000
COLOURS = {
    Severity.INFO: "#2e7d32",
    Severity.WARNING: "#f9a825",
    Severity.ERROR: "#c62828",
    Severity.CRITICAL: "#6a1b9a",
}
# The webhook, its channel or its app is gone, or was never right: none of them comes back by itself.
_GONE = (400, 403, 404, 410)


class Slack:
    """One incoming webhook; its address is the secret."""

    def __init__(self, http: httpx.Client, url: SecretStr) -> None:
        self._http = http
        self._url = url

    def targets(self) -> tuple[str, ...]:
        """Slack fixed the channel when the webhook was made."""
        return ("slack",)

    def send(self, notice: Notice, target: str) -> str:
        """Deliver, or raise Undeliverable."""
        response = post(
            self._http, self._http.build_request("POST", self._url.get_secret_value(), json=payload(notice))
        )
        if response.status_code == httpx.codes.OK:
            return "ok"
        said = response.text[:80] if response.text.isascii() and response.text.isprintable() else ""
        raise Undeliverable(
            f"Slack answered {response.status_code} {said}".strip(),
            permanent=response.status_code in _GONE,
            retry_after=wait_asked(response),
        )


def payload(notice: Notice) -> dict[str, Any]:
    """Give the message: blocks beside a bar in the colour of the severity, and plain text for notifications."""
    colour = COLOURS[Severity.INFO if notice.stage is Stage.RESOLVED else notice.severity]
    return {
        "text": inert(notice.title),
        "attachments": [{"color": colour, "fallback": inert(notice.title), "blocks": _blocks(notice)}],
    }


def inert(text: str, longest: int = SECTION) -> str:
    """Take the mark-up out of a text, mentions and links included, and cut it to what Slack takes."""
    text = text.translate({ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"})
    # Formatting signs are harmless but ugly: a zero-width space keeps them from pairing.
    for sign in "*_~`":
        text = text.replace(sign, f"\u200b{sign}")
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    # Never in the middle of an entity.
    return cut[: cut.rfind("&")] + "…" if "&" in cut[-5:] and ";" not in cut[cut.rfind("&") :] else cut + "…"


def _blocks(notice: Notice) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": notice.title[:HEADER], "emoji": False}},
        _section(inert(notice.text or notice.title)),
    ]
    if fields := notice.fields[:FIELDS]:
        texts = [f"*{inert(name, 200)}*\n{inert(value, FIELD - 300)}" for name, value in fields]
        blocks.append({"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in texts]})
    if notice.records:
        blocks.append(_section("*Records*\n" + inert(", ".join(notice.records), SECTION - 20)))
    if notice.steps:
        steps = "\n".join(f"{number}. {inert(step, 500)}" for number, step in enumerate(notice.steps[:5], start=1))
        blocks.append(_section(f"*What to do*\n{steps}"))
    links = [f"<{address}|{name}>" for name, address in (("Guide", notice.guide), ("Open", notice.link)) if address]
    footer = " · ".join((*links, f"{notice.at:%Y-%m-%d %H:%M} UTC"))
    return [*blocks, {"type": "context", "elements": [{"type": "mrkdwn", "text": footer}]}]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
