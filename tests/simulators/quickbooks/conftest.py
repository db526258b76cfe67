"""Running QuickBooks twins, and clients for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.quickbooks.server import QuickBooksTwin
from simulators.quickbooks.switches import Switches
from tests.simulators.quickbooks.books import VERIFIER, Books
from tests.simulators.receiver import Receiver

NOON = datetime(2026, 12, 1, 20, 0, 0, tzinfo=UTC)
OpenBooks = Callable[..., Books]


@pytest.fixture
def open_books() -> Iterator[OpenBooks]:
    """Opens the books of a new company at noon (Pacific) of 1 December 2026, without throttles unless asked for."""
    with ExitStack() as stack:

        def opened(company: str = "us-ast", *, throttles: bool = False, **options: Any) -> Books:
            switches = Switches(throttles=throttles)
            twin = stack.enter_context(QuickBooksTwin.start(company, switches=switches, **options))
            twin.clock.set(NOON)
            books = Books(twin)
            stack.callback(books.http.close)
            return books

        yield opened


@pytest.fixture
def books(open_books: OpenBooks) -> Books:
    """A US company with automated sales tax."""
    return open_books()


@pytest.fixture
def plain(open_books: OpenBooks) -> Books:
    """A US company without automated sales tax."""
    return open_books("us")


@pytest.fixture
def euro(open_books: OpenBooks) -> Books:
    """A company with home currency EUR and tax codes on every line."""
    return open_books("eu")


@pytest.fixture
def told(books: Books, receiver: Receiver) -> Books:
    """Connected books whose changes are told to the receiver when the queue is flushed."""
    books.twin.switches.webhooks_live = False
    books.twin.subscribe(f"{receiver.url}/hooks/quickbooks", VERIFIER)
    return books
