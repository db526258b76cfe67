"""What every call passes before and after it is carried out."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from logging.handlers import QueueHandler
from queue import Queue

import pytest

from api.app import create_app
from config.settings import settings
from tests.api.conftest import Service, Stage

LARGEST = 1_000_000


def again(service: Service, stage: tuple[Stage, str]) -> None:
    """Make the app anew: the settings were changed."""
    settings.cache_clear()
    stage[0].app = create_app(service.engine)


def test_every_answer_keeps_browsers_careful(service: Service) -> None:
    for path in ("/api/openapi.json", "/api/nowhere", "/healthz"):
        headers = service.nobody.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert headers["Referrer-Policy"] == "same-origin"
        assert ("Cache-Control" in headers) == path.startswith("/api")
    assert "Strict-Transport-Security" not in headers


def test_browsers_are_told_to_stay_with_https_where_it_is_the_public_address(
    service: Service, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", "https://sync.example.org")
    again(service, stage)

    assert service.nobody.get("/healthz").headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(("given", "is_taken"), [("run-2026.11_23", True), ("short", False), ("a b; c=d" * 3, False)])
def test_a_call_may_bring_its_own_name_when_it_is_a_sane_word(service: Service, given: str, is_taken: bool) -> None:
    named = service.nobody.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]

    assert (named == given) is is_taken
    assert is_taken or re.fullmatch("[0-9a-f]{32}", named)


def test_no_other_origin_may_read_answers(service: Service) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    asked = service.nobody.options("/api/session", headers=headers)
    answered = service.nobody.get("/healthz", headers=headers)

    assert asked.status_code == 405
    assert not [name for name in (*asked.headers, *answered.headers) if name.startswith("access-control")]


def test_bodies_up_to_the_limit_are_read_and_larger_ones_refused(service: Service) -> None:
    def pieces(size: int) -> object:
        yield from (b" " * 100_000 for _ in range(size // 100_000))
        yield b" " * (size % 100_000)

    for content in (b" " * LARGEST, pieces(LARGEST)):
        assert service.nobody.post("/api/session", content=content).status_code == 422
    for content in (b" " * (LARGEST + 1), pieces(LARGEST + 1)):
        refused = service.nobody.post("/api/session", content=content)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4280", "127.0.0.1.evil.example", "", "[::2]"])
def test_under_a_foreign_name_nothing_is_answered(service: Service, host: str) -> None:
    refused = service.nobody.get("/healthz", headers={"Host": host})

    assert (refused.status_code, refused.json()["code"]) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]:4280", "sync.example.org", "inside:4280"])
def test_the_names_of_the_service_are_loopback_the_public_one_and_those_that_are_set(
    service: Service, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("UNISYNC_PUBLIC_URL", "https://sync.example.org")
    monkeypatch.setenv("UNISYNC_SERVICE_HOSTS", "inside, other")
    again(service, stage)

    assert service.nobody.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(("proxies", "seen"), [("", "127.0.0.1"), ("10.0.0.0/8,127.0.0.1", "203.0.113.7")])
def test_who_calls_is_what_a_trusted_proxy_says_and_no_other(
    service: Service, stage: tuple[Stage, str], monkeypatch: pytest.MonkeyPatch, proxies: str, seen: str
) -> None:
    monkeypatch.setenv("UNISYNC_TRUSTED_PROXIES", proxies)
    again(service, stage)

    # What lies before the last untrusted address, anybody may have written.
    service.viewer.get("/api/audit", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.1.1"})

    refused = service.admin.get("/api/audit", params={"outcome": "refused"}).json()["items"]
    assert [entry["address"] for entry in refused] == [seen]


@pytest.fixture
def lines(service: Service) -> Iterator[Queue[logging.LogRecord]]:
    """What the service logs, which it does after it has answered."""
    log, said = logging.getLogger("unisync.service"), Queue[logging.LogRecord]()
    handler, level = QueueHandler(said), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield said
    log.removeHandler(handler)
    log.setLevel(level)


def test_calls_are_logged_without_anything_that_was_sent(service: Service, lines: Queue[logging.LogRecord]) -> None:
    service.nobody.get("/api/users/canary-in-path", params={"code": "canary-in-query"})

    line = lines.get(timeout=10).getMessage()
    assert re.fullmatch(r"[0-9a-f]{32} GET /api/users/{user_id} 401 \d+\.\d{3} s", line)


def test_half_a_body_is_not_acted_upon(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
