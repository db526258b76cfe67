"""Slowing down whoever guesses passwords."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy.engine import Engine

from db.ledger.login_attempts import (
    Failures,
    failures_from_address,
    failures_of_account,
    forget_attempts,
    lock_attempts,
    save_attempt,
)
from db.session import door_session
from domain.refusals import TooMany

OF_ACCOUNT = 5
"""So many wrong passwords of one account in 15 minutes are a bad day; more are a guess."""

FROM_ADDRESS = 20
"""So many from one address, behind which a whole office may sit."""

FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0


def begin_attempt(engine: Engine, email: str, address: str) -> int:
    """Count an attempt to come in, whether or not there is such an account; it counts as failed until marked.

    Raises:
        TooMany: too many went wrong lately; nothing is even looked at.
    """
    account, place = _key_of(email), _place(address)
    with door_session(engine) as session:
        lock_attempts(session, account, place)
        forget_attempts(session)
        wait = max(
            pause_after(failures_of_account(session, account), OF_ACCOUNT),
            pause_after(failures_from_address(session, place), FROM_ADDRESS),
        )
        if wait > 0:
            raise TooMany("too many wrong passwords; wait a while before you try again", retry_after=wait)
        return save_attempt(session, account, place)


def pause_after(failures: Failures, allowed: int) -> float:
    """Say how many seconds to wait still: half a minute once ``allowed`` is reached, twice as long after each more."""
    if failures.number < allowed:
        return 0.0
    pause = min(FIRST_PAUSE * 2.0 ** min(failures.number - allowed, 10), LONGEST_PAUSE)
    return max(0.0, pause - failures.seconds_since)


def _key_of(email: str) -> bytes:
    # Not the address itself: people type their password into the wrong field.
    return hashlib.sha256(email.strip().lower().encode("utf-8", "surrogatepass")).digest()


def _place(address: str) -> str:
    """Name where somebody comes from; whoever has one IPv6 address has a whole network of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
