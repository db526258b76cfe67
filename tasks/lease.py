"""One writer at a time: the lease of a target, kept alive while a page is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from config.open_run import OpenRun
from db.ledger import acquire_lease, release_lease, renew_lease
from domain.errors import ConnectorError, Unavailable

# What a killed run leaves behind is free again this soon; a living one renews its lease long before.
LEASE_SECONDS = 60
RENEWAL_SECONDS = 15
# Somebody else's page, with a batch of which the answer stays out, can take minutes.
PATIENCE_SECONDS = 600
POLL_SECONDS = 0.2


def take_lease(run: OpenRun) -> int:
    """Wait until nobody else writes to the target and give the fencing token.

    Raises:
        Unavailable: another run keeps writing to it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with run.ledger() as session:
            token = acquire_lease(session, run.request.target, holder=str(run.id), seconds=LEASE_SECONDS)
        if token is not None:
            return token
        time.sleep(POLL_SECONDS)
    raise Unavailable("another run keeps writing to it", connection=run.request.target, operation="lease")


@contextmanager
def leased(run: OpenRun) -> Iterator[int]:
    """Hold the lease for as long as the block lasts, fence the target with its token, and give the token.

    Settling gives it back, and sees whether it was lost meanwhile; a block that fails gives it back at once.

    Raises:
        Unavailable: another run keeps writing to the target, or took over before the block ended.
    """
    token = take_lease(run)
    run.target.fence(token)
    done, lost = Event(), Event()
    keeper = Thread(target=_keep, args=(run, token, done, lost), name="lease-keeper", daemon=True)
    keeper.start()
    try:
        yield token
        if lost.is_set():
            # Settling would refuse; the next attempt finds what was written.
            raise Unavailable("another run took over meanwhile", connection=run.request.target, operation="write")
    except BaseException:
        with suppress(ConnectorError), run.ledger() as session:
            release_lease(session, run.request.target, token)
        raise
    finally:
        done.set()
        keeper.join()


def _keep(run: OpenRun, token: int, done: Event, lost: Event) -> None:
    while not (lost.is_set() or done.wait(RENEWAL_SECONDS)):
        try:
            with run.ledger() as session:
                if not renew_lease(session, run.request.target, token, LEASE_SECONDS):
                    lost.set()
        except ConnectorError:
            # The ledger is away: the next turn may find it back, and whoever writes or settles looks at it again.
            continue
