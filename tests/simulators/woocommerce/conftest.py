"""Running twins and clients for them."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from simulators.woocommerce.recorded import recorded_shop
from simulators.woocommerce.server import Twin
from tests.simulators.receiver import Receiver
from tests.simulators.woocommerce.hooks import ALL, register

NOON = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)
# Loading certificates takes longer than a test, and plain http never looks at them.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def twin() -> Iterator[Twin]:
    """The recorded shop at noon of 1 December 2026, one for each test that changes something."""
    with Twin.start(shop=recorded_shop()) as running:
        running.clock.set(NOON)
        yield running


@pytest.fixture
def client(twin: Twin) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, auth=(twin.key, twin.secret), verify=NO_CERTIFICATES) as connected:
        yield connected


@pytest.fixture(scope="module")
def shared() -> Iterator[Twin]:
    """The recorded shop for tests that only read."""
    with Twin.start(shop=recorded_shop()) as running:
        yield running


@pytest.fixture(scope="module")
def reader(shared: Twin) -> Iterator[httpx.Client]:
    base, key = f"{shared.url}/wp-json/wc/v3", (shared.key, shared.secret)
    with httpx.Client(base_url=base, auth=key, verify=NO_CERTIFICATES) as connected:
        yield connected


@pytest.fixture
def hooked(twin: Twin, client: httpx.Client, receiver: Receiver) -> Receiver:
    """A receiver of everything, told only when the queue is flushed; the pings are behind it."""
    twin.switches.webhooks_live = False
    register(client, receiver.url, *ALL)
    receiver.take()
    return receiver


@pytest.fixture
def watched(twin: Twin, client: httpx.Client, receiver: Receiver) -> Receiver:
    """A receiver of changed orders, told only when the queue is flushed; the ping is behind it."""
    twin.switches.webhooks_live = False
    register(client, receiver.url, "order.updated")
    receiver.take()
    twin.courier.reset()
    return receiver
