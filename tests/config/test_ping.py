"""The watchdog's sign of life: given where it may be, and whatever becomes of it is logged and never raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from config import ping
from config.settings import settings
from tests.notifications.channels.receivers import HttpReceiver, Reply

Choose = Callable[..., None]


@pytest.fixture
def elsewhere() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Iterator[Choose]:
    def choose(url: str, *, private: bool = True) -> None:
        monkeypatch.setenv("UNISYNC_WATCHDOG_PING_URL", url)
        monkeypatch.setenv("UNISYNC_ALLOW_PRIVATE_ADDRESSES", str(private))
        settings.cache_clear()

    yield choose
    settings.cache_clear()


def test_it_calls_the_whole_address_once(
    choose: Choose, elsewhere: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    choose(f"{elsewhere.url}&status=up")
    ping.ping()

    [call] = elsewhere.requests
    assert (call.method, call.path.partition("?")[2]) == ("GET", "token=s3cret&status=up")
    assert caplog.text == ""


def test_without_an_address_nobody_is_called(choose: Choose) -> None:
    choose("")

    ping.ping()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=404), "was answered 404"),
        (Reply(status=302, headers={"Location": "/other"}), "was answered 302"),
        (Reply(hang_up=True), "did not get through: RemoteProtocolError"),
        (Reply(silent=True), "did not get through: ReadTimeout"),
    ],
)
def test_whatever_becomes_of_it_is_logged_without_the_address_and_never_raised(
    choose: Choose,
    elsewhere: HttpReceiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    said: str,
) -> None:
    monkeypatch.setattr(ping, "TIMEOUT", httpx.Timeout(0.2))
    elsewhere.replies.append(reply)
    choose(elsewhere.url)
    ping.ping()

    assert len(elsewhere.requests) == 1
    assert f"the ping to 127.0.0.1 {said}" in caplog.text
    assert "s3cret" not in caplog.text


def test_it_leads_into_no_private_network_unless_the_installation_allows_it(
    choose: Choose, elsewhere: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    choose(elsewhere.url, private=False)
    ping.ping()

    assert elsewhere.requests == []
    assert "127.0.0.1 is no public address" in caplog.text
