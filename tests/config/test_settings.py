"""What an operator may set for the service, and what is refused with one sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.settings import Settings, settings
from domain.errors import Misconfigured

Read = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    def read(**environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(f"UNISYNC_{name}", value)
        settings.cache_clear()
        try:
            return settings()
        finally:
            settings.cache_clear()

    return read


def test_unless_told_otherwise_the_service_is_for_this_machine_alone(read: Read) -> None:
    chosen = read()

    assert (chosen.service_host, chosen.service_port, chosen.trusted_proxies) == ("127.0.0.1", 4280, ())
    assert chosen.service_url == "http://127.0.0.1:4280"
    assert chosen.accepted_hosts == {"localhost", "127.0.0.1", "::1"}


def test_the_public_address_is_where_browsers_reach_the_service(read: Read) -> None:
    chosen = read(PUBLIC_URL="https://Sync.example.org/", SERVICE_HOSTS="Inside , 10.0.0.7,")

    assert chosen.service_url == "https://sync.example.org"
    assert chosen.accepted_hosts == {"localhost", "127.0.0.1", "::1", "sync.example.org", "inside", "10.0.0.7"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://sync.example.org", "it must begin with https://"),
        ("ftp://127.0.0.1", "it must begin with https://"),
        ("sync.example.org", "give scheme, name and perhaps port"),
        ("https://sync.example.org/unisync", "without a path"),
        ("https://ann:secret@sync.example.org", "give scheme, name and perhaps port"),
        ("https://sync.example.org?a=b", "without a path"),
        ("https://[::1", "it is no URL"),
        ("https://sync.example.org:99999", "it is no URL"),
    ],
)
def test_a_public_address_that_cannot_work_is_refused(read: Read, url: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=f"UNISYNC_PUBLIC_URL cannot be used: .*{why}") as refused:
        read(PUBLIC_URL=url)

    assert "secret" not in str(refused.value)


def test_plain_http_is_for_loopback(read: Read) -> None:
    assert read(PUBLIC_URL="http://localhost:8443").service_url == "http://localhost:8443"


def test_trusted_proxies_are_addresses_or_networks(read: Read) -> None:
    assert read(TRUSTED_PROXIES="10.0.0.0/8, ::1").trusted_proxies == ("10.0.0.0/8", "::1")
    with pytest.raises(Misconfigured, match="UNISYNC_TRUSTED_PROXIES cannot be used: '\\*' is neither"):
        read(TRUSTED_PROXIES="*")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hc-ping.com/hunter2", "plain http"),
        ("hc-ping.com/hunter2", "it must begin with https://"),
        ("https://ann:hunter2@hc-ping.com/", "user and password"),
        ("https://hc-ping.com:99999/hunter2", "its port must be"),
    ],
)
def test_an_address_for_the_watchdog_that_cannot_be_called_is_refused_and_never_repeated(
    read: Read, url: str, why: str
) -> None:
    with pytest.raises(Misconfigured, match=f"UNISYNC_WATCHDOG_PING_URL cannot be used: .*{why}") as refused:
        read(WATCHDOG_PING_URL=url)

    assert "hunter2" not in str(refused.value)


def test_the_watchdog_calls_nobody_unless_told_to(read: Read) -> None:
    assert read(WATCHDOG_PING_URL="").watchdog_ping_url is None
    chosen = read(WATCHDOG_PING_URL="https://status.example.org/push?id=hunter2").watchdog_ping_url
    assert chosen is not None
    assert "hunter2" not in repr(chosen)
