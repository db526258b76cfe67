"""unisync notify: who is told, tests, history and incidents; secrets come from elsewhere than the command line."""

from __future__ import annotations

import csv
import getpass
import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from config.settings import settings
from tests.cli.conftest import Unisync
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.operations.telling import Story

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = ("--host", "smtp.example.org", "--sender", "a@example.org", "--to", "ann@example.org", "--to", "bob@example.org")


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def story(unisync: Unisync, ledger_engine: Engine) -> Story:
    settings.cache_clear()
    return Story(ledger_engine, now=datetime.now(UTC))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Answer hidden questions with these words, one after the other."""

    def answer(*words: str) -> None:
        answers = iter(words)
        # A hidden line is read from the terminal, which a test has not.
        monkeypatch.setattr(getpass, "getpass", lambda _: next(answers))

    return answer


def read(unisync: Unisync, *words: str, **environment: str) -> Any:
    ended = unisync("notify", *words, "--json", **environment)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def add_hook(unisync: Unisync, receiver: HttpReceiver, *words: str) -> None:
    environment = {"UNISYNC_NOTIFY_URL": receiver.url, "UNISYNC_NOTIFY_BEARER": "t0ken"}
    ended = unisync("notify", "add", "desk", "webhook", *words, **environment, UNISYNC_NOTIFY_SIGNING_SECRET=SIGNING)
    assert ended.code == 0, ended.err


def test_somebody_is_told_by_mail_without_a_login_and_nothing_is_asked(
    unisync: Unisync, typed: Callable[..., None]
) -> None:
    typed()
    made = read(
        unisync, "add", "office", "email", *MAIL, "--port", "465", "--security", "tls", "--severity", "error",
        "--system", "quickbooks", "--system", "woocommerce", "--kind", "order", "--error-type", "network-timeout",
        "--threshold", "5", "--rejected-percent", "2.5", "--repeat-hours", "12", "--quiet", "22:00-07:00",
        "--zone", "Europe/Berlin", "--off",
    )  # fmt: skip

    assert (made["enabled"], made["settings"]["port"]) == (False, 465)
    assert [target["name"] for target in made["targets"]] == ["ann@example.org", "bob@example.org"]
    assert made["filters"] == {
        "minimum_severity": "error", "systems": ["quickbooks", "woocommerce"], "kinds": ["order"],
        "error_types": ["network-timeout"], "threshold": 5, "rejected_percent": 2.5, "repeat_hours": 12,
        "quiet_hours": {"begin": "22:00:00", "end": "07:00:00", "zone": "Europe/Berlin"},
    }  # fmt: skip
    shown = unisync("notify", "list").out
    assert all(word in shown for word in ("office", "email", "ann@example.org", "error and worse", "quiet 22:00-07:00"))


def test_secrets_are_asked_for_and_never_shown(
    unisync: Unisync, receiver: HttpReceiver, typed: Callable[..., None]
) -> None:
    typed(receiver.url, "t0ken", "", "h3ader")
    ended = unisync("notify", "add", "desk", "webhook", "--header", "X-Key")

    questions = (
        "Address",
        "Bearer token (empty for none)",
        "Signing secret, whsec_... (empty for none)",
        "Value of X-Key",
    )
    assert all(question in ended.err for question in questions)
    assert unisync("notify", "test", "desk").code == 0
    [request] = receiver.requests
    assert (request.headers["Authorization"], request.headers["X-Key"]) == ("Bearer t0ken", "h3ader")
    said = ended.out + ended.err + unisync("notify", "list").out + unisync("notify", "show", "desk").out
    assert not any(secret in said for secret in ("t0ken", "h3ader", "secret-path"))
    assert "bearer, headers.X-Key, url" in said


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_secrets_come_from_a_file_or_standard_input(
    unisync: Unisync, receiver: HttpReceiver, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = json.dumps({"url": receiver.url, "user": "u", "password": "p4ss", "headers": {"X-Key": "h3ader"}})
    tmp_path.joinpath("secrets.json").write_text(secrets)
    monkeypatch.setattr(sys, "stdin", io.StringIO(secrets))
    place = str(tmp_path / "secrets.json") if way == "file" else "-"
    made = read(unisync, "add", "desk", "webhook", "--secrets", place)

    assert made["settings"]["shown"]["secrets"] == ["headers.X-Key", "password", "url"]
    assert unisync("notify", "test", "desk").code == 0
    assert receiver.requests[0].headers["X-Key"] == "h3ader"


def test_a_change_leaves_what_is_not_given_and_a_new_address_takes_its_own_secrets(
    unisync: Unisync, receiver: HttpReceiver, typed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_hook(unisync, receiver, "--quiet", "22:00-07:00", "--system", "quickbooks")
    changed = read(
        unisync, "change", "desk", "--name", "night desk", "--method", "PUT", "--severity", "critical", "--off"
    )
    assert (changed["name"], changed["settings"]["method"], changed["enabled"]) == ("night desk", "PUT", False)
    assert changed["filters"]["quiet_hours"] == {"begin": "22:00:00", "end": "07:00:00", "zone": "UTC"}
    assert changed["settings"]["shown"]["secrets"] == ["bearer", "signing_secret", "url"]

    opened = read(unisync, "change", "night desk", "--quiet", "none", "--system", "all", "--on")
    assert (opened["filters"].get("quiet_hours"), opened["filters"]["systems"], opened["enabled"]) == (None, [], True)
    assert opened["filters"]["minimum_severity"] == "critical"

    for name in ("URL", "BEARER", "SIGNING_SECRET"):
        monkeypatch.delenv(f"UNISYNC_NOTIFY_{name}")
    typed("", "n3w", "")
    unisync("notify", "change", "night desk", "--ask")
    assert unisync("notify", "test", "night desk").code == 0
    typed(f"{receiver.url}&other", "", "")
    elsewhere = read(unisync, "change", "night desk", "--ask")
    assert elsewhere["settings"]["shown"]["secrets"] == ["url"]
    assert [request.headers.get("Authorization") for request in receiver.requests] == ["Bearer n3w"]


def test_a_test_says_what_was_answered_and_fails_when_it_did_not_arrive(
    unisync: Unisync, receiver: HttpReceiver
) -> None:
    add_hook(unisync, receiver, "--severity", "critical")
    done = unisync("notify", "test", "desk")
    assert (done.code, "answered 200" in done.out, "what is less severe than critical is not told" in done.out) == (
        0,
        True,
        True,
    )
    receiver.answer([Reply(500)])
    failed = unisync("notify", "test", "desk", "--json")
    assert (failed.code, json.loads(failed.out)["answers"][0]["answer"]) == (1, "127.0.0.1 answered 500")


def test_a_removed_configuration_is_told_no_more(unisync: Unisync, receiver: HttpReceiver) -> None:
    add_hook(unisync, receiver)
    assert unisync("notify", "remove", "desk", "--yes").out == "desk of tenant default is told no more.\n"
    assert read(unisync, "list") == []
    assert unisync("notify", "list").out.startswith("Nobody of tenant default is told of anything")


def test_a_target_that_refused_for_good_is_shown_with_the_reason(
    unisync: Unisync, story: Story, receiver: HttpReceiver
) -> None:
    add_hook(unisync, receiver)
    settings.cache_clear()
    receiver.answer([Reply(410)])
    story.runs()
    story.flush()
    assert "switched off on" in unisync("notify", "list").out
    assert "answered 410" in unisync("notify", "show", "desk").out


def test_the_history_is_shown_to_people_programs_and_spreadsheets(
    unisync: Unisync, story: Story, receiver: HttpReceiver
) -> None:
    add_hook(unisync, receiver)
    settings.cache_clear()
    for _ in range(2):
        story.runs()
        story.flush()
    story.succeeds()
    story.flush()

    told = ("--state", "delivered")
    assert [each["stage"] for each in read(unisync, "history", "--name", "desk", *told)] == ["resolved", "opened"]
    assert [each["stage"] for each in read(unisync, "history", "--limit", "1")] == ["resolved"]
    assert "Not told one by one, for the reasons that stand there: 1" in unisync("notify", "history").out
    assert read(unisync, "history", "--state", "given_up") == []
    assert unisync("notify", "history", "--event", "test").out == "Nothing of the kind was told.\n"
    assert "connection_failed" in unisync("notify", "history", "--stage", "opened").out
    rows = list(csv.DictReader(io.StringIO(unisync("notify", "history", "--csv", *told).out)))
    assert [(row["config_name"], row["stage"], row["delivered"]) for row in rows] == [
        ("desk", "resolved", "True"),
        ("desk", "opened", "True"),
    ]


def test_an_incident_is_seen_acknowledged_and_silenced(unisync: Unisync, story: Story) -> None:
    assert unisync("notify", "incidents", "list").out == "There is no such incident.\n"
    settings.cache_clear()
    story.runs()
    story.judge()
    [incident] = read(unisync, "incidents", "list", "--state", "open", "--connection", "shop")

    assert "open" in unisync("notify", "incidents", "list").out
    assert "  1. " in unisync("notify", "incidents", "show", incident["id"]).out
    assert "acknowledged by operator:" in unisync("notify", "incidents", "acknowledge", incident["id"]).out
    silenced = read(unisync, "incidents", "silence", incident["id"], "--hours", "4")
    left = datetime.fromisoformat(silenced["silenced_until"]) - datetime.now(UTC)
    assert timedelta(hours=3, minutes=59) < left <= timedelta(hours=4)
    assert "silent until" in unisync("notify", "incidents", "show", incident["id"]).out
    assert "silent until" not in unisync("notify", "incidents", "silence", incident["id"], "--hours", "0").out
    until = "2026-01-01T00:00:00+01:00"
    assert "open" in unisync("notify", "incidents", "silence", incident["id"], "--until", until).out


NEVER = "0198a1c2-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "nobody"], "tenant default has no configuration 'nobody'; unisync notify list shows all"),
        (["test", "nobody"], "tenant default has no configuration"),
        (["change", "nobody"], "tenant default has no configuration"),
        (["remove", "nobody", "--yes"], "tenant default has no configuration"),
        (["add", "x", "email", "--host", "smtp.example.org"], "sender cannot be used"),
        (["add", "x", "email", *MAIL, "--to", "ann"], "write it like ann@example.org"),
        (["add", "x", "email", *MAIL, "--security", "rot13"], "security cannot be used"),
        (["add", "x", "email", *MAIL, "--method", "PUT"], "method cannot be used"),
        (["add", "x", "email", *MAIL, "--quiet", "night"], "'night' are no quiet hours; write them like 22:00-07:00"),
        (["add", "x", "email", *MAIL, "--quiet", "25:00-07:00"], "quiet_hours.begin cannot be used"),
        (["add", "x", "email", *MAIL, "--zone", "UTC"], "--zone belongs to quiet hours; give --quiet too"),
        (["add", "x", "email", *MAIL, "--system", "sage"], "systems.0 cannot be used"),
        (["add", "x", "email", *MAIL, "--threshold", "0"], "threshold cannot be used"),
        (["add", "two\nlines", "email", *MAIL], "name cannot be used"),
        (["add", "x", "slack", "--secrets", "/nowhere.json"], "/nowhere.json cannot be read"),
        (["add", "x", "slack", "--secrets", __file__], "secrets are one JSON object"),
        (["history", "--state", "lost"], "--state cannot be used"),
        (["history", "--since", "yesterday"], "'yesterday' is no time with a zone"),
        (["incidents", "show", NEVER], "there is no incident with this id"),
        (["incidents", "acknowledge", NEVER], "there is no incident with this id"),
        (["incidents", "silence", NEVER], "say how long: either --hours 4 or --until"),
        (["incidents", "silence", NEVER, "--hours", "1", "--until", "2026-07-17T08:00:00Z"], "say how long"),
        (["incidents", "list", "--connection", "No Such"], "connection cannot be used"),
        (["list", "--tenant", "nowhere"], "there is no tenant nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(unisync: Unisync, words: list[str], sentence: str) -> None:
    ended = unisync("notify", *words)

    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), ended.err
    assert sentence in ended.err


def test_a_secret_in_the_wrong_place_is_never_repeated(unisync: Unisync, tmp_path: Path) -> None:
    for number, text in enumerate(['{"ulr": "https://c4nary"}', '{"url": "ftp://c4nary"}', "c4nary", '["c4nary"]']):
        file = tmp_path / f"{number}.json"
        file.write_text(text)
        ended = unisync("notify", "add", "x", "slack", "--secrets", str(file))
        assert (ended.code, "c4nary" in ended.out + ended.err) == (2, False)
