"""Slowing down whoever guesses passwords."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from sqlalchemy.engine import Engine

from db.ledger.login_attempts import (
    Failures,
    failures_from_address,
    failures_of_account,
    forget_attempts,
    lock_attempts,
    mark_throttled,
    save_attempt,
)
from db.session import door_session

OF_ACCOUNT = 5
"""So many wrong passwords of one account in 15 minutes are a bad day; more are a guess."""

FROM_ADDRESS = 20
"""So many from one address, behind which a whole office may sit."""

FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0


class Pause(NamedTuple):
    """How many seconds to wait still, and whether this is the first attempt that has to."""

    seconds: float
    is_first: bool


def begin_attempt(engine: Engine, email: str, address: str) -> int | Pause:
    """Count an attempt to come in, whether or not there is such an account; it counts as failed until marked.

    A pause says that too many went wrong lately: then the attempt is not even looked at.
    """
    account, place = _key_of(email), _place(address)
    with door_session(engine) as session:
        lock_attempts(session, account, place)
        forget_attempts(session)
        of_account = pause_after(failures_of_account(session, account), OF_ACCOUNT)
        from_address = pause_after(failures_from_address(session, place), FROM_ADDRESS)
        if wait := max(of_account, from_address):
            return Pause(wait, mark_throttled(session, account=account if of_account else None, address=place))
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
