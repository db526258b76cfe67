"""Opening the ways to reach people: what leaves is held to public addresses, like connections that tenants make."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import httpx

from config.wiring import is_confined
from connectors.http import open_client
from connectors.network import PrivateAddress, public_addresses
from domain.refusals import Unusable
from notifications import configuration
from notifications.channels.channel import Channel, Undeliverable
from notifications.channels.email import EmailSettings
from notifications.channels.slack import SlackSettings
from notifications.channels.webhook import WebhookSettings
from notifications.configuration import ChannelSettings, refuse_private
from notifications.notice import Notice

# A sender waits for one receiver at a time.
TIMEOUT = httpx.Timeout(20, connect=10)

# Any port does to look a host up.
HTTPS = 443


@contextmanager
def open_channel(settings: ChannelSettings) -> Iterator[Channel]:
    """Open a channel; closed at the end of the block.

    Raises:
        Misconfigured: its address cannot be used.
    """
    with open_client(_origin(settings), timeout=TIMEOUT, public_only=is_confined(True)) as http:
        yield _Held(settings, configuration.open_channel(settings, http, admit, _trusted()))


def require_allowed(settings: ChannelSettings) -> None:
    """Make sure that the channel is one that may lead out of this installation, as things stand now.

    Where a host leads is looked up again whenever something is sent.

    Raises:
        Unusable: it may not.
    """
    if not is_confined(True):
        return
    refuse_private(settings)
    if not settings.host:
        return
    try:
        public_addresses(settings.host, HTTPS)
    except PrivateAddress as error:
        field = "host" if isinstance(settings, EmailSettings) else "url"
        raise Unusable(str(error), field=field) from None
    except OSError:
        # Nobody can be asked just now, or the host is yet to be.
        return


def admit(host: str, port: int) -> Sequence[str]:
    """Look a host up and give the addresses at which it may be connected to.

    Raises:
        Undeliverable: it has none, or only such as are not public.
    """
    try:
        if is_confined(True):
            return public_addresses(host, port)
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except PrivateAddress as error:
        raise Undeliverable(str(error)) from None
    except (OSError, ValueError):
        raise Undeliverable(f"there is no host {host}, or nobody who knows it can be asked") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class _Held:
    """A channel held to what an installation allows just now: what that refuses is undeliverable like anything else."""

    def __init__(self, settings: ChannelSettings, channel: Channel) -> None:
        self._settings = settings
        self.targets = channel.targets
        self._channel = channel

    def send(self, notice: Notice, target: str) -> str:
        try:
            if is_confined(True):
                refuse_private(self._settings)
            return self._channel.send(notice, target)
        except (PrivateAddress, Unusable) as error:
            raise Undeliverable(str(error)) from None


def _origin(settings: ChannelSettings) -> str:
    if not isinstance(settings, SlackSettings | WebhookSettings):
        # Mail and Apprise do not go through this client.
        return "https://localhost"
    address = httpx.URL(settings.url.get_secret_value())
    return f"{address.scheme}://{address.netloc.decode('ascii')}"


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the certificates takes 20 to 100 ms.
    return httpx.create_ssl_context()
