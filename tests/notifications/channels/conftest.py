"""Real receivers on this machine: mail servers with certificates of an authority of our own, and HTTP servers."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.notifications.channels.authority import Authority
from tests.notifications.channels.receivers import HttpReceiver, MailReceiver

MailServer = Callable[..., MailReceiver]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Makes certificates for names."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def trust(authority: Authority) -> ssl.SSLContext:
    """Trusts the authority and nobody else."""
    return ssl.create_default_context(cafile=str(authority.certificate))


@pytest.fixture
def mail_server(authority: Authority) -> Iterator[MailServer]:
    """Starts mail servers; they stop when the test is over."""
    with ExitStack() as running:

        def start(name: str = "mail.example", **how: object) -> MailReceiver:
            receiver = MailReceiver(authority.server_context(name), **how)  # type: ignore[arg-type]
            running.enter_context(receiver)
            return receiver

        yield start


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """An HTTP server that notes what it is sent and answers as it was told."""
    with HttpReceiver() as started:
        yield started


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client without patience, and none of the proxies that the environment names."""
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
def away() -> int:
    """A port where nobody is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
