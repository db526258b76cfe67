"""Events made of whatever text another system may have put into an error."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from domain.keys import Kind, System
from notifications.advice import Advice
from notifications.events import Event, EventType, Severity
from notifications.notice import Notice, Stage, compose
from tests.notifications.samples import NOON, event

NASTY = (
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<#C1>", "<https://evil.example|click>", "&lt;!channel&gt;", "&amp;",
    "&",
    "*bold*", "```code```", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>', "' onclick='x",
    "</td></table>", "]]>", "<!--", "\r\nBcc: eve@evil.example\r\n", "\n\n.\n", "\x00", "\x1b[31m", "\u202egnp.exe",
    "\ud800", "=?utf-8?q?x?=", "@everyone", "[x](https://evil.example)", "{}", "%s", "😀", "ﷺ", "\u2028",
    "javascript:x",
    "https://evil.example/|x>", "\t", " ",
)  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(st.characters(), max_size=20)), max_size=12).map("".join)
long_texts = st.tuples(texts, st.integers(1, 50)).map(lambda drawn: drawn[0] * drawn[1])


def events(text: st.SearchStrategy[str]) -> st.SearchStrategy[Event]:
    """Events of which every text is drawn."""
    drawn: dict[str, Any] = {
        "type": st.sampled_from(EventType),
        "severity": st.sampled_from(Severity),
        "title": text,
        "message": text,
        "connection": st.sampled_from([None, "books"]),
        "system": st.sampled_from([None, *System]),
        "kind": st.sampled_from([None, *Kind]),
        "route": text,
        "schedule": text,
        "error_type": text,
        "records": st.lists(text, max_size=12),
        "record_count": st.integers(0, 10**9),
        "failures_in_row": st.integers(0, 10**6),
        "details": st.dictionaries(text, text, max_size=12),
        "advice": st.none()
        | st.builds(Advice, topic=st.just("topic"), title=text, cause=tellable(text), steps=st.tuples(tellable(text))),
        "run_link": text | text.map("https://sync.example.org/".__add__),
        "record_link": text | text.map("https://sync.example.org/".__add__),
    }
    return st.fixed_dictionaries(drawn).map(lambda values: event(at=NOON, **values))


def tellable(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Text of the catalogue, which is ours: any characters, but only such as can be encoded."""
    return text.map(lambda drawn: drawn.encode("utf-8", "replace").decode()[:400])


def notices(text: st.SearchStrategy[str]) -> st.SearchStrategy[Notice]:
    """Notices of such events, in any stage."""
    return st.builds(
        compose,
        events(text),
        id=st.just("a"),
        thread=st.sampled_from(["a", "b"]),
        stage=st.sampled_from([stage for stage in Stage if stage is not Stage.SUMMARY]),
        count=st.integers(1, 10**6),
        guide_url=st.sampled_from(["", "https://sync.example.org/guide"]),
    )
