"""Notifications by HTTP: made, tried, told, seen and silenced; secrets go in and never come out; links lead on."""

from __future__ import annotations

import base64
import csv
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from config.settings import settings
from notifications.advice import GENERAL, catalogue
from tests.api.conftest import Service
from tests.notifications.channels.receivers import HttpReceiver, Reply
from tests.operations.people import tables_holding
from tests.operations.telling import Story, posted, rejected, told

CONFIGS = "/api/notifications/configs"
CANARY = "c4nary"
SIGNING = "whsec_" + base64.b64encode(f"{CANARY} of twenty-four bytes".encode()).decode()
SECRETS = (CANARY, SIGNING.removeprefix("whsec_"))


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def story(service: Service) -> Story:
    return Story(service.engine, now=datetime.now(UTC))


def did(response: httpx.Response) -> Any:
    assert response.is_success, response.text
    return response.json() if response.content else None


def hook(receiver: HttpReceiver, name: str = "people", **filters: Any) -> dict[str, Any]:
    return {"name": name, "settings": {"channel": "webhook", "url": receiver.url}, "filters": filters}


def test_a_configuration_is_made_shown_changed_tried_and_removed(service: Service, receiver: HttpReceiver) -> None:
    made = service.admin.post(CONFIGS, json=hook(receiver, threshold=2))
    assert made.status_code == 201
    one = f"{CONFIGS}/{made.json()['id']}"

    shown = did(service.admin.get(one))
    assert shown == made.json() == did(service.admin.get(CONFIGS))["items"][0]
    assert shown["settings"]["shown"] == {"host": "127.0.0.1", "header_names": [], "secrets": ["url"]}
    back = {name: shown[name] for name in ("name", "settings", "filters", "enabled")}
    changed = did(service.admin.put(one, json=back | {"name": "others"}))
    assert (changed["name"], changed["filters"]) == ("others", shown["filters"])

    tried = did(service.admin.post(f"{one}/test"))
    assert (tried["delivered"], tried["answers"][0]["answer"]) == (True, "answered 200")
    assert service.admin.delete(one).status_code == 204
    gone = service.admin.get(one)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown")
    assert told(receiver) == [("test", "single")]


def test_a_draft_a_stored_configuration_and_a_change_to_one_are_tried(service: Service, receiver: HttpReceiver) -> None:
    stored = did(service.admin.post(CONFIGS, json=hook(receiver)))["id"]
    change = {"name": "people", "settings": {"channel": "webhook", "method": "PUT"}}
    for body in (
        {"configuration": hook(receiver, "draft")},
        {"config_id": stored},
        {"config_id": stored, "configuration": change},
    ):
        assert did(service.admin.post("/api/notifications/test", json=body))["delivered"], body

    assert [request.method for request in receiver.requests] == ["POST", "POST", "PUT"]
    assert did(service.admin.get(f"{CONFIGS}/{stored}"))["settings"]["method"] == "POST"
    for nothing in ({}, {"config_id": None}):
        refused = service.admin.post("/api/notifications/test", json=nothing)
        assert (refused.status_code, "say what to try" in refused.json()["detail"]) == (422, True)
    assert service.admin.post("/api/notifications/test", json={"config_id": str(uuid4())}).status_code == 404


def test_a_test_is_sent_once_for_one_idempotency_key(service: Service, receiver: HttpReceiver) -> None:
    stored = did(service.admin.post(CONFIGS, json=hook(receiver)))["id"]
    answers = [
        service.admin.post(f"{CONFIGS}/{stored}/test", headers={"Idempotency-Key": key})
        for key in ("one", "one", "another")
    ]

    assert answers[0].json() == answers[1].json() != answers[2].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(receiver.requests) == 2


def test_a_channel_that_refuses_is_reported_with_its_answer(service: Service, receiver: HttpReceiver) -> None:
    receiver.answer([Reply(503)])
    found = did(service.admin.post("/api/notifications/test", json={"configuration": hook(receiver)}))

    assert (found["delivered"], found["answers"][0]["answer"]) == (False, "127.0.0.1 answered 503")
    entry = did(service.admin.get("/api/notifications/history"))["items"][0]
    assert (entry["id"], entry["state"]) == (found["answers"][0]["id"], "given_up")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"settings": {"channel": "pigeon"}}, "channel"),
        ({"settings": {"channel": "slack"}}, "url"),
        ({"settings": {"channel": "slack", "url": f"ftp://{CANARY}"}}, "url"),
        ({"settings": {"channel": "slack", "ulr": f"https://{CANARY}"}}, "url"),
        ({"settings": {"channel": "slack", "url": {CANARY: 1}}}, "url"),
        ({"settings": [CANARY]}, "settings"),
        ({"name": "two\nlines"}, "name"),
        ({"filters": {"minimum_severity": "loud"}}, "filters.minimum_severity"),
        ({"filters": {"quiet_hours": {"begin": 0, "end": "07:00"}}}, "filters.quiet_hours.begin"),
        ({"filters": {"threshold": "3"}}, "filters.threshold"),
        ({"enabled": 1}, "enabled"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_what_cannot_be_used_is_named_and_never_repeated(
    module_service: Service, change: dict[str, Any], field: str
) -> None:
    fine = {"name": "people", "settings": {"channel": "slack", "url": f"https://hooks.slack.com/{CANARY}"}}
    refused = module_service.admin.post(CONFIGS, json=fine | change)

    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert CANARY not in refused.text
    assert did(module_service.admin.get(CONFIGS))["items"] == []


def test_no_secret_of_any_channel_is_ever_answered_logged_or_kept_in_clear(
    service: Service, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    client = service.client(
        service.token("default", "admin"), event_hooks={"response": [lambda one: said.append(one.read().decode())]}
    )  # type: ignore[arg-type]
    here = f"127.0.0.1:{receiver.port}"
    web = {"channel": "webhook", "url": f"http://{here}/{CANARY}?key={CANARY}"}
    channels: list[dict[str, Any]] = [
        {**web, "headers": {"X-Key": CANARY}, "bearer": CANARY, "signing_secret": SIGNING},
        {**web, "user": "u", "password": CANARY},
        {"channel": "slack", "url": f"http://{here}/services/{CANARY}"},
        {"channel": "apprise", "url": f"json://user:{CANARY}@{here}/{CANARY}?-key={CANARY}"},
        {
            "channel": "email", "host": "127.0.0.1", "port": receiver.port, "security": "tls", "user": "u",
            "password": CANARY, "sender": "a@example.org", "recipients": ["ann@example.org"],
        },
    ]  # fmt: skip
    # The receiver itself says what it was sent.
    receiver.answer([Reply(500, f"token={CANARY} Bearer {CANARY}123456789".encode()) for _ in range(3)])
    for number, channel in enumerate(channels):
        wish = {"name": f"channel {number}", "settings": channel}
        made = did(client.post(CONFIGS, json=wish))
        for path, body in (
            (f"{CONFIGS}/{made['id']}/test", None),
            ("/api/notifications/test", {"configuration": wish}),
            ("/api/notifications/test", {"config_id": made["id"], "configuration": wish}),
        ):
            did(client.post(path, json=body))
        did(client.put(f"{CONFIGS}/{made['id']}", json=wish))
        # Refused, with a secret in the wrong place.
        assert client.post(CONFIGS, json={"name": "x", "settings": {**channel, "secret": CANARY}}).status_code == 422
    story = Story(service.engine)
    story.runs()
    story.flush()
    for path in ("configs", "history", "history/export", "history/export?format=json", "incidents"):
        assert client.get(f"/api/notifications/{path}").status_code == 200
    client.get("/api/audit")

    assert CANARY in str([(request.path, request.headers) for request in receiver.requests])
    places = {"answers": "\n".join(said), "log": caplog.text}
    assert [(place, secret) for place, text in places.items() for secret in SECRETS if secret in text] == []
    assert [tables_holding(service.engine, secret) for secret in SECRETS] == [[]] * len(SECRETS)


def test_the_history_tells_what_was_told_and_what_not_and_is_exported(
    service: Service, story: Story, receiver: HttpReceiver
) -> None:
    did(service.admin.post(CONFIGS, json=hook(receiver, threshold=3)))
    for _ in range(3):
        story.runs()
        story.flush()
    story.succeeds()
    story.flush()

    def found(**wanted: Any) -> Any:
        return did(service.admin.get("/api/notifications/history", params=wanted))

    assert [entry["stage"] for entry in found(state="delivered")["items"]] == ["resolved", "escalated", "opened"]
    assert found()["suppressed"] == found(state="suppressed")["suppressed"] > 0
    assert found(stage="opened", event="connection_failed")["items"][0]["notice"]["title"]
    first = found(limit=2)
    rest = found(limit=500, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"] + rest["items"]] == [one["id"] for one in found()["items"]]

    answer = service.admin.get("/api/notifications/history/export?state=delivered")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (answer.headers["Content-Type"], [row["stage"] for row in rows]) == (
        "text/csv; charset=utf-8",
        ["resolved", "escalated", "opened"],
    )
    assert rows[0]["title"].startswith("Resolved: ")
    lines = service.admin.get("/api/notifications/history/export?format=json").text.splitlines()
    assert [json.loads(line) for line in lines] == found()["items"]
    for wrong in ({"cursor": "x"}, {"state": "lost"}, {"since": "yesterday"}, {"colour": "red"}):
        assert service.admin.get("/api/notifications/history", params=wrong).status_code == 422


def test_an_incident_is_acknowledged_silenced_and_over(service: Service, story: Story, receiver: HttpReceiver) -> None:
    did(service.admin.post(CONFIGS, json=hook(receiver)))
    story.runs()
    story.flush()
    (incident,) = did(service.admin.get("/api/notifications/incidents", params={"state": "open"}))["items"]
    one = f"/api/notifications/incidents/{incident['id']}"
    assert incident["event"]["advice"]["steps"]

    seen = did(service.admin.post(f"{one}/acknowledge"))
    assert (seen["acknowledged_by"], bool(seen["acknowledged_at"])) == ("token:admin of default", True)
    until = datetime.now(UTC) + timedelta(hours=1)
    quiet = did(service.admin.post(f"{one}/silence", json={"until": until.isoformat()}))
    assert (quiet["silenced_by"], datetime.fromisoformat(quiet["silenced_until"])) == ("token:admin of default", until)
    past = did(service.admin.post(f"{one}/silence", json={"until": "2020-01-01T00:00:00Z"}))
    assert datetime.fromisoformat(past["silenced_until"]) <= datetime.now(UTC)
    for wrong in ({"until": "9999-01-01T00:00:00Z"}, {"until": 0}, {}):
        refused = service.admin.post(f"{one}/silence", json=wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, "until")

    story.succeeds()
    story.flush()
    assert did(service.admin.get(one))["state"] == "resolved"
    assert service.admin.post(f"{one}/acknowledge").status_code == 409
    assert did(service.admin.get("/api/notifications/incidents?state=open&connection=shop"))["items"] == []


def test_every_link_in_a_notice_leads_to_a_page_that_anybody_can_open(
    service: Service, story: Story, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", service.url)
    settings.cache_clear()
    did(service.admin.post(CONFIGS, json=hook(receiver, minimum_severity="info")))
    story.runs()
    story.runs("completed", None, problems=rejected(3))  # type: ignore[arg-type]
    story.flush()

    notices = posted(receiver)
    links = {notice[name] for notice in notices for name in ("guide", "link")} - {""}
    assert {re.sub(r"[0-9a-f-]{36}", "ID", link.removeprefix(service.url).partition("#")[0]) for link in links} == {
        "/runs/ID",
        "/failures?kind=order",
        "/docs/troubleshooting",
    }
    for link in links:
        page = service.nobody.get(link)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), link
        _, anchor, topic = link.partition("#")
        assert not anchor or f'id="{topic}"' in page.text
        for further in re.findall(r'href="([^"]+)"', page.text):
            assert service.nobody.get(further).status_code == 200


def test_no_other_page_is_open_beside_what_is_described() -> None:
    hidden = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    }
    assert hidden == {"/docs/troubleshooting", "/runs/{run_id}", "/failures"}


def test_the_guide_has_every_topic_of_the_catalogue(module_service: Service) -> None:
    page = module_service.nobody.get("/docs/troubleshooting").text
    topics = [advice.topic for advice, _ in catalogue()] + [GENERAL.topic]

    assert [topic for topic in topics if page.count(f'<h3 id="{topic}">') != 1] == []


def test_without_a_public_address_a_notice_has_no_link_that_only_this_machine_could_open(
    story: Story, receiver: HttpReceiver
) -> None:
    story.subscribe(receiver)
    story.runs()
    story.flush()

    assert [(notice["guide"], notice["link"]) for notice in posted(receiver)] == [("", "")]


@pytest.mark.parametrize("path", ["/runs/1", "/runs/<script>", "/failures?kind=%3Cscript%3E"])
def test_a_page_repeats_nothing_that_is_no_name_of_ours(module_service: Service, path: str) -> None:
    answer = module_service.nobody.get(path)
    assert (answer.status_code, "script" in answer.json()["detail"]) == (422, False)
