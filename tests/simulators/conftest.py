"""What both twins' webhooks are sent to."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

import pytest

from tests.simulators.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listens for webhooks and answers 200."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def signed() -> Callable[[bytes, str], str]:
    """The signature that both systems put on a body: base64 of HMAC-SHA256."""

    def signature(body: bytes, secret: str) -> str:
        return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()

    return signature
