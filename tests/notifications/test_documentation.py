"""docs/notifications.md: what it shows is so, and its receiver receives."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from runpy import run_path
from threading import Thread
from typing import Any

import httpx
import pytest
from typer.main import get_command

from cli.notify import app
from notifications.channels.apprise import AppriseSettings
from notifications.channels.channel import Undeliverable
from notifications.channels.webhook import Webhook, WebhookSettings
from notifications.channels.webhook_body import EXAMPLE, body_schema
from notifications.configuration import refuse_private
from notifications.events import EventType
from notifications.incidents import FLAPPING
from notifications.rules import NoticeFilters
from operations.delivering import LONGEST, WAITS
from tests.notifications.samples import notice

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "notifications.md").read_text()
SECRET, OTHER = ("whsec_" + base64.b64encode(letter * 24).decode() for letter in (b"a", b"b"))


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1]


@contextmanager
def example_receiver(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[str]:
    """The receiver of the documentation, as it stands there, on a port of its own."""
    monkeypatch.setenv("SIGNING_SECRET", SECRET)
    folder.joinpath("receiver.py").write_text(block("python"))
    example = run_path(str(folder / "receiver.py"))
    example["Receiver"].log_message = lambda *_: None
    with HTTPServer(("127.0.0.1", 0), example["Receiver"]) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_receiver_of_the_documentation_takes_what_we_signed_once_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with example_receiver(monkeypatch, tmp_path) as url, httpx.Client(trust_env=False) as http:
        ours, others = (
            Webhook(WebhookSettings.model_validate({"url": url, "signing_secret": secret}), http)
            for secret in (SECRET, OTHER)
        )
        for _ in range(2):
            assert ours.send(notice(), "127.0.0.1") == "answered 204"
        with pytest.raises(Undeliverable, match="answered 401"):
            others.send(notice(), "127.0.0.1")

        signed = ours._request(notice())
        assert http.send(signed).status_code == 204
        for change in ({"content": signed.content + b" "}, {"headers": {"webhook-timestamp": "1"}}):
            headers = dict(signed.headers) | change.get("headers", {})
            headers.pop("content-length")
            answer = http.post(url, content=change.get("content", signed.content), headers=headers)
            assert answer.status_code == 401
    [line] = capsys.readouterr().out.splitlines()
    assert line == f"{notice().stage} {notice().severity} {notice().title}"


def test_the_schema_and_the_body_of_the_documentation_are_those_of_the_code() -> None:
    """Run python -m notifications.channels.webhook_body when this fails."""
    assert json.loads((DOCS / "notification.schema.json").read_text()) == body_schema()
    assert json.loads(block("json")) == EXAMPLE


def test_every_event_is_explained() -> None:
    table = TEXT.partition("## What is told")[2].partition("## ")[0]
    assert set(re.findall(r"`(\w+)`", table)) == {event.value for event in EventType}


def test_every_filter_is_explained_with_what_it_is_when_left_out() -> None:
    rows = re.findall(r"^\| `[^|]*\| `(\w+)` \|[^|]*\| ([^|]*) \|$", TEXT, re.MULTILINE)
    told = {name: usual for name, usual in rows if name != "enabled"}
    usual = {name: str(value) for name, value in NoticeFilters().model_dump(mode="json").items()}
    assert told == usual | {
        "systems": "all", "kinds": "all", "error_types": "all", "quiet_hours": "none", "rejected_percent": "0",
        "repeat_hours": "4",
    }  # fmt: skip


def test_the_numbers_are_those_of_the_code() -> None:
    assert FLAPPING.total_seconds() == 600
    assert [wait.total_seconds() for wait in WAITS] == [30, 120, 600, 3_600, 4 * 3_600]
    assert LONGEST.total_seconds() == 24 * 3_600
    assert "after 30 seconds, 2 minutes, 10 minutes, 1 hour, and then every 4 hours" in TEXT
    assert "24 hours after it was first due it is tried a last time and then given up" in TEXT
    assert "within ten minutes" in TEXT


def test_every_service_that_is_named_can_be_entered() -> None:
    urls = re.findall(r"^\| [^|]* \| `(\w+://[^`]*)` \|$", TEXT, re.MULTILINE)
    assert len(urls) == 6
    for url in urls:
        filled = url.replace("/WORKFLOW/SIGNATURE", f"/{'a1' * 16}/{'b2' * 16}").replace("/HOOK", f"/{'a1' * 15}")
        refuse_private(AppriseSettings.model_validate({"url": filled}))


def test_every_command_and_option_that_is_shown_exists() -> None:
    commands = get_command(app)
    shown = re.findall(r"unisync notify ([^#`\n]*(?:\\\n[^#`\n]*)*)", TEXT)
    assert len(shown) > 8
    for line in shown:
        words = line.replace("\\\n", " ").split()
        command: Any = commands
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
