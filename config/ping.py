"""The watchdog's own sign of life, for a service elsewhere that raises the alarm when it stays away."""

from __future__ import annotations

import logging

import httpx

from config.settings import settings
from config.wiring import is_confined
from connectors.http import open_client
from connectors.network import PrivateAddress
from domain.errors import Misconfigured

logger = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(10, connect=5)


def ping() -> None:
    """Call the address that the operator chose, if one was; what goes wrong is logged, never raised.

    It is held to public addresses and follows no redirect, like webhooks of tenants. The address is a secret: who knows
    it can keep the alarm from being raised.
    """
    chosen = settings().watchdog_ping_url
    if chosen is None:
        return
    url = httpx.URL(chosen.get_secret_value())
    try:
        answer = _call(url)
    except (httpx.HTTPError, PrivateAddress, Misconfigured) as error:
        why = str(error) if isinstance(error, PrivateAddress) else type(error).__name__
        logger.warning("the ping to %s did not get through: %s", url.host, why)
        return
    if not answer.is_success:
        logger.warning("the ping to %s was answered %d", url.host, answer.status_code)


def _call(url: httpx.URL) -> httpx.Response:
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    with (
        open_client(origin, timeout=TIMEOUT, public_only=is_confined(True)) as client,
        # What it says beyond its status is nobody's concern.
        client.stream("GET", url) as answer,
    ):
        return answer
