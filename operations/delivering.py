"""The second step from an event to people: notices that were written down are sent, each by one sender at a time.

A notice is claimed and the claim committed before anything is sent, and what became of it is noted afterwards. A sender
that dies in between leaves a claim that runs out; only where the receiver's answer was lost does it get the same
notice, with the same id, once more.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Thread
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from config.channels import open_channel
from db.ledger.deliveries import StoredNotice, claim_notice, give_up_notices, hasten_notices, settle_notice
from db.ledger.events import tenants_with_notices_due
from db.ledger.notification_configs import (
    StoredConfig,
    is_unchanged,
    load_config,
    switch_off,
    switch_on,
    switched_off,
)
from db.models.notifications import DeliveryState
from db.session import tenant_session, watch_session
from domain.errors import ConnectorError
from domain.keys import TenantName
from notifications.channels.channel import Undeliverable
from notifications.events import EventType
from notifications.notice import Notice
from operations.notification_settings import settings_of
from operations.notifier import notify_switched_off
from operations.retelling import tell_anew

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

Turns = deque[tuple[TenantName, set[UUID]]]
"""Tenants that may have notices due, each with the configurations that it shall wait for no more."""

TENANTS_AT_ONCE = 4
LONGEST_SEND = 120.0
"""After so many seconds a server is left alone that answers a little every now and then and never comes to an end."""

CLAIM = timedelta(minutes=10)
"""Longer than any server may keep a sender."""

WAITS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600, 4 * 3_600))
"""How long is waited after each failure in turn, the last of them again and again."""

LONGEST = timedelta(hours=24)
"""What could not be delivered for so long is given up: it is no news any more, and the history has it."""


class Fate(StrEnum):
    """What became of one attempt; one that failed may be made again."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    OBSOLETE = "obsolete"


class Attempt(NamedTuple):
    """One attempt to deliver a notice, and what was said; ``retry_after`` is the wait in seconds that was asked for."""

    fate: Fate
    said: str
    retry_after: float = 0.0


def deliver_notices(engine: Engine, clock: Clock, until: datetime) -> int:
    """Send what is due in all tenants, in turns, beginning nothing after ``until``; gives how many were delivered.

    Raises:
        ConnectorError: the ledger is away; what was sent is noted or claimed, the rest waits.
    """
    with watch_session(engine) as session:
        tenants = tenants_with_notices_due(session, clock())
    turns: Turns = deque((tenant, set()) for tenant in tenants)
    with ThreadPoolExecutor(TENANTS_AT_ONCE, thread_name_prefix="deliver") as pool:
        senders = [pool.submit(deliver_in_turns, engine, turns, clock, until) for _ in range(TENANTS_AT_ONCE)]
    return sum(sender.result() for sender in senders)


def deliver_in_turns(engine: Engine, turns: Turns, clock: Clock, until: datetime) -> int:
    """Send one notice of the tenant whose turn it is, and then of the next one; gives how many were delivered.

    Several may do so at once: who is kept waiting by a receiver keeps no other tenant waiting.
    """
    delivered = 0
    while clock() < until:
        try:
            tenant, avoided = turns.popleft()
        except IndexError:
            # Each tenant that is left is in the hands of another sender.
            break
        fate = deliver_next(engine, tenant, clock, avoided)
        if fate is not None:
            turns.append((tenant, avoided))
        delivered += fate is Fate.DELIVERED
    return delivered


def deliver_next(engine: Engine, tenant: TenantName, clock: Clock, avoided: set[UUID]) -> Fate | None:
    """Send the next notice of a tenant that is due; None when none is.

    A configuration whose channel fails is added to ``avoided``: the others shall not wait for its time-outs.
    """
    with tenant_session(engine, tenant) as session:
        claimed = claim_notice(session, clock(), clock() + CLAIM, avoided)
        if claimed is None:
            return None
        config = load_config(session, claimed.config_id) if claimed.config_id else None
        off = switched_off(session).get(claimed.config_id, {}) if claimed.config_id else {}
    if config is None or not config.enabled or claimed.target in off or claimed.target not in config.targets:
        attempt = Attempt(Fate.OBSOLETE, "it, or its target, was removed or switched off meanwhile")
    else:
        attempt = send(tenant, config, claimed)
    with tenant_session(engine, tenant) as session:
        settle(session, claimed, attempt, clock(), config)
    if attempt.fate is Fate.FAILED and claimed.config_id:
        avoided.add(claimed.config_id)
    return attempt.fate


def send(tenant: TenantName, config: StoredConfig, claimed: StoredNotice) -> Attempt:
    """Send a notice over a stored configuration, and tell what was said."""
    try:
        notice = Notice.model_validate(claimed.notice)
        with open_channel(settings_of(config, tenant)) as channel:
            return Attempt(Fate.DELIVERED, in_time(lambda: channel.send(notice, claimed.target)))
    except Undeliverable as error:
        return Attempt(Fate.REFUSED if error.permanent else Fate.FAILED, str(error), error.retry_after or 0.0)
    except ConnectorError as error:
        return Attempt(Fate.FAILED, str(error))
    except Exception as error:
        # A hundred services have their own libraries behind this door; none of them is to keep the others waiting.
        logger.exception("the channel %s of tenant %s failed unexpectedly", config.name, tenant)
        return Attempt(Fate.FAILED, f"it failed unexpectedly ({type(error).__name__}); the log tells more")


def in_time(sending: Callable[[], str]) -> str:
    """Do it in a thread of its own that nobody waits for any longer than may be.

    Raises:
        Undeliverable: it takes too long.
    """
    answer: Future[str] = Future()

    def attempt() -> None:
        try:
            answer.set_result(sending())
        except BaseException as error:  # noqa: BLE001 - handed on as it is
            answer.set_exception(error)

    Thread(target=attempt, name="send", daemon=True).start()
    done, _ = wait([answer], LONGEST_SEND)
    if not done:
        raise Undeliverable(f"it did not come to an end within {LONGEST_SEND:g} seconds")
    return answer.result()


def settle(
    session: Session, claimed: StoredNotice, attempt: Attempt, now: datetime, tried: StoredConfig | None
) -> None:
    """Note what became of an attempt; a target that refused for good is switched off, and others are told.

    Where the configuration is no more what was ``tried``, that says nothing of its targets: what was refused is tried
    again.
    """
    config_id = claimed.config_id if tried and is_unchanged(session, tried) else None
    if attempt.fate is Fate.DELIVERED:
        settle_notice(
            session, claimed, state=DeliveryState.DELIVERED, why="", answer=attempt.said, delivered_at=now, next_at=None
        )
        if config_id:
            hasten_notices(session, config_id, claimed.target, now)
        if config_id and claimed.event_type == EventType.TEST:
            switch_on(session, config_id, claimed.target)
            tell_anew(session, config_id, now)
        return
    is_final = attempt.fate is Fate.OBSOLETE or (attempt.fate is Fate.REFUSED and config_id is not None)
    again = None if is_final else next_attempt(claimed, attempt, now)
    state = DeliveryState.FAILED if again else DeliveryState.GIVEN_UP
    is_ours = settle_notice(session, claimed, state=state, why=attempt.said, next_at=again)
    if is_ours and attempt.fate is Fate.REFUSED and config_id:
        refuse(session, claimed, config_id, attempt.said, now)


def refuse(session: Session, claimed: StoredNotice, config_id: UUID, why: str, now: datetime) -> None:
    """Switch a target off that refused for good, give up what waits for it, and tell through other configurations."""
    if switch_off(session, config_id, claimed.target, why, now):
        give_up_notices(session, config_id, "its target was switched off, because it refused for good", claimed.target)
        notify_switched_off(session, config_id, claimed, why, at=now)


def next_attempt(claimed: StoredNotice, attempt: Attempt, now: datetime) -> datetime | None:
    """Tell when to try again, patiently and not before the receiver asked for; None when it is time to give up.

    However long it asks to wait, a last attempt is made when the time is up. A test is not tried again: whoever made
    it looks at the answer.
    """
    if claimed.event_type == EventType.TEST:
        return None
    wait = WAITS[min(claimed.attempts, len(WAITS)) - 1]
    end = (claimed.due_at or claimed.created_at) + LONGEST
    again = now + max(wait, timedelta(seconds=attempt.retry_after))
    return min(again, end) if now < end else None
