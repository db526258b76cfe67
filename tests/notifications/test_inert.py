"""Whatever stands in an error is text and nothing else: in HTML, in Slack's mark-up, in the head of a mail."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.advice import Advice
from notifications.channels.email import message
from notifications.channels.slack import payload
from notifications.channels.webhook_body import body_of
from notifications.events import Event
from notifications.notice import Notice, Stage, compose, summarise
from notifications.wording import html, plain_text
from tests.notifications.samples import NOON, event
from tests.notifications.strategies import events, long_texts, notices, texts

ALLOWED = {"html", "body", "div", "h1", "h2", "p", "br", "table", "tr", "td", "ol", "li", "a"}
FOOTER = re.compile(r"(<https?://[^\s<>|]+\|(Guide|Open)> · )*\d{4}-\d\d-\d\d \d\d:\d\d UTC")
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


class Tags(HTMLParser):
    """Notes the tags, their attributes and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.others: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    unknown_decl = handle_pi = handle_comment


@settings(max_examples=40)
@given(notices(texts))
def test_html_holds_no_tag_and_no_attribute_that_an_error_brought_along(notice: Notice) -> None:
    page = Tags(html(notice))

    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert page.others == []
    assert all(attributes.keys() <= {"style", "href", "lang"} for _, attributes in page.tags)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert set(links) <= {notice.guide, notice.link}
    assert all(str(link).startswith("https://sync.example.org/") or link == notice.link for link in links)
    assert sum(tag == "td" for tag, _ in page.tags) == 2 * len(notice.fields)
    assert notice.title in page.text


@settings(max_examples=40)
@given(notices(texts))
def test_slack_finds_neither_mentions_nor_links_nor_formatting_in_an_error(notice: Notice) -> None:
    message = payload(notice)

    for text in texts_of(message):
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert FOOTER.fullmatch(text["text"])
        else:
            assert text["emoji"] is False
            assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", text["text"])
    assert not re.search(r"[<>]", message["text"] + message["attachments"][0]["fallback"])


@settings(max_examples=20)
@given(st.one_of(notices(long_texts), notices(texts)))
def test_a_message_stays_within_the_limits_of_slack(notice: Notice) -> None:
    within_limits(payload(notice))


@settings(max_examples=20)
@given(st.lists(notices(texts), min_size=2, max_size=4), st.integers(1, 10))
def test_a_summary_stays_within_them_too(waiting: list[Notice], times: int) -> None:
    within_limits(payload(summarise(waiting * times, id="s", at=NOON)))


@pytest.mark.parametrize("sign", ["&", "😀", "x", "x "])
def test_a_message_of_nothing_but_longest_texts_stays_within_them_too(sign: str) -> None:
    text = sign * 5_000
    told = event(
        title=text, message=text, route=text, schedule=text, error_type=text, records=[f"{text}{n}" for n in range(20)],
        details={f"{n}{text}": text for n in range(20)}, record_link=f"https://x.example/{'&' * 980}",
        advice=Advice(topic="t", title=text, cause=text, steps=(text,) * 20),
    )  # fmt: skip
    within_limits(payload(compose(told, id="a", thread="b", stage=Stage.REPEATED, guide_url="https://x.example/g")))


def within_limits(message: dict[str, Any]) -> None:
    """docs.slack.dev: blocks, text objects; the sum as it was seen to be refused."""
    blocks = message["blocks"] + message["attachments"][0]["blocks"]
    assert len(blocks) <= 50
    assert units(message["blocks"][0]["text"]["text"]) <= 150
    for block in blocks:
        assert 1 <= len(block.get("fields", "-")) <= 10
        assert all(1 <= units(field["text"]) <= 2_000 for field in block.get("fields", ()))
    assert all(1 <= units(text["text"]) <= 3_000 for text in texts_of(message))
    assert sum(units(text["text"]) for text in texts_of(message)) <= 12_000
    assert units(message["text"]) <= 4_000
    json.dumps(message).encode()


@settings(max_examples=40)
@given(notices(texts), st.sampled_from(["ann@example.org", "o'hara+x@mail.example.org"]))
def test_a_mail_has_the_headers_that_we_gave_it_and_no_others(notice: Notice, recipient: str) -> None:
    sent = message(notice, "alerts@example.org", recipient, NOON).as_bytes(policy=SMTP)
    mail = message_from_bytes(sent, policy=SMTP)

    threaded = ["In-Reply-To", "References"] if notice.thread != notice.id else []
    assert sorted(mail.keys()) == sorted([*HEADERS, *threaded])
    assert mail["To"] == recipient
    assert "\n" not in mail["Subject"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]  # type: ignore[attr-defined]


@settings(max_examples=40)
@given(notices(texts))
def test_every_notice_can_be_sent_to_a_webhook(notice: Notice) -> None:
    body = json.loads(body_of(notice).model_dump_json())
    assert body["data"]["fields"] == dict(notice.fields)
    assert len(body_of(notice).model_dump_json()) < 60_000


@settings(max_examples=40)
@given(events(texts))
def test_an_event_is_the_same_after_it_was_stored(drawn: Event) -> None:
    assert Event.model_validate_json(drawn.model_dump_json()) == drawn


def test_a_secret_is_masked_wherever_an_event_tells_of_it() -> None:
    secrets = ("consumer_secret=cs_0123456789abcdef", "Bearer AbCdEf0123456789xyz", "https://ann:hunter2@shop.example/")
    text = " ".join(secrets)
    told = event_of(text)
    for stage in Stage:
        notice = compose(told, id="a", thread="b", stage=stage, count=2, open_for=timedelta(1))
        forms = (plain_text(notice), html(notice), json.dumps(payload(notice)), body_of(notice).model_dump_json())
        forms += (message(notice, "a@example.org", "b@example.org", NOON).as_string(),)
        for secret in ("cs_0123456789abcdef", "AbCdEf0123456789xyz", "hunter2"):
            assert not any(secret in form for form in forms)


def event_of(text: str) -> Event:
    return Event.model_validate(
        {
            "type": "sync_failed", "tenant": "acme", "severity": "error", "title": text, "message": text, "at": NOON,
            "details": {"Answer": text}, "records": [text], "route": text, "schedule": text,
        }
    )  # fmt: skip


def texts_of(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        own = [part] if part.get("type") in ("plain_text", "mrkdwn") else []
        return own + [text for inner in part.values() for text in texts_of(inner)]
    return [text for inner in part for text in texts_of(inner)] if isinstance(part, list) else []


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
