"""What shops and books tell of themselves: proved to be theirs, stored, and acted upon by somebody else later."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from connectors.quickbooks.webhooks import WATCHED, BookEvent, UnreadableEvents, read_events
from connectors.signature import is_signed
from connectors.woocommerce.deliveries import Told, UnreadableDelivery, is_ping, read_delivery
from db.ledger.arrival_counts import count_arrivals
from db.ledger.arrivals import NewArrival, newest_change, save_arrival
from db.ledger.webhooks import Sender, are_on, load_webhooks, note_ping, sender_at, senders_of
from db.session import door_session, tenant_session
from domain.errors import Misconfigured
from domain.keys import ConnectionName
from domain.refusals import Clash, Refusal, Unauthenticated, Unknown, Unusable
from operations.lanes import SWITCHED_OFF
from operations.webhook_secrets import valid_secrets

# A shop builds a delivery when it sends it, so one can be overtaken by seconds but never by so much.
OVERTAKEN_BY = timedelta(hours=1)
# Intuit repeats what was not taken for hours and days; further back even its list of changes does not reach.
OLDEST_EVENT = timedelta(days=29)

FORGED = (
    "the signature is not right: the body was not signed with the secret that is known here, or it is not whole; "
    "if the shop was given another secret, register its webhooks anew: unisync webhooks register"
)
FORGED_EVENTS = (
    "the signature is not right for any company that is connected here: copy the verifier token of the app from "
    "developer.intuit.com and set it with: unisync webhooks verifier"
)
STALE = "this was told long ago and is known in a newer state; it changes nothing"
NOT_SYNCED = "this is not synced"


@dataclass(frozen=True)
class Delivery:
    """A delivery of a shop as it came: what its headers say, and the exact bytes of the body."""

    topic: str
    signature: str
    content_type: str
    body: bytes


class Accepted(BaseModel):
    """What became of a delivery: how much of it is stored, was known already, or names nothing that is synced."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"stored": 1, "repeated": 0, "ignored": 0}]})

    stored: int = 0
    repeated: int = 0
    ignored: int = 0

    def __add__(self, other: Accepted) -> Accepted:
        return Accepted(**{name: getattr(self, name) + getattr(other, name) for name in Accepted.model_fields})


def accept_woocommerce(engine: Engine, public_id: UUID, delivery: Delivery) -> Accepted:
    """Take what a shop tells; it is stored when this returns. An unsigned greeting is fine and changes nothing.

    Raises:
        Unknown: no shop has this address.
        Unauthenticated: not signed with the shop's secret, or not whole.
        Clash: what it tells was overtaken long ago.
        Unusable: rightly signed, but not what WooCommerce sends.
    """
    with door_session(engine) as session:
        sender = sender_at(session, public_id)
    if sender is None:
        raise Unknown("no shop has this address; register the webhooks of the shop anew: unisync webhooks register")
    with tenant_session(engine, sender.tenant) as session:
        if is_ping(delivery.content_type, delivery.body):
            note_ping(session, sender.connection)
            return Accepted()
        # A refusal is counted too, so it is raised only once that is committed.
        taken = _take_delivery(session, sender, delivery)
    if isinstance(taken, Refusal):
        raise taken
    return taken


def accept_quickbooks(engine: Engine, signature: str, body: bytes) -> Accepted:
    """Take what QuickBooks tells of one or several companies; it is stored when this returns.

    A body counts for a company only if it is signed with the verifier token of that company's connection.

    Raises:
        Unauthenticated: it is so signed for none of its companies, or not whole.
        Clash: all it tells is older than a month.
    """
    try:
        events = read_events(body)
    except UnreadableEvents as error:
        raise Unauthenticated(str(error)) from None
    with door_session(engine) as session:
        known = senders_of(session, sorted({event.realm_id for event in events}))
    told: dict[tuple[str, Sender], Accepted | Clash | Unauthenticated] = {}
    for realm, sender in known:
        own = [event for event in events if event.realm_id == realm]
        told[realm, sender] = _take_events(engine, sender, own, signature, body)
    # What a company tells is not forged for its twin, nor the reverse.
    proved = {realm for (realm, _), taken in told.items() if not isinstance(taken, Unauthenticated)}
    for realm, sender in told:
        if realm not in proved:
            _count_refusal(engine, sender)
    accepted = [taken for taken in told.values() if isinstance(taken, Accepted)]
    if not accepted:
        raise next((taken for taken in told.values() if isinstance(taken, Clash)), Unauthenticated(FORGED_EVENTS))
    return sum(accepted, Accepted())


def _take_delivery(session: Session, sender: Sender, delivery: Delivery) -> Accepted | Refusal:
    if not _is_genuine(session, sender, delivery.signature, delivery.body):
        count_arrivals(session, sender.connection, refused=1)
        return Unauthenticated(FORGED)
    try:
        told = read_delivery(delivery.topic, delivery.body)
    except UnreadableDelivery as error:
        return Unusable(str(error))
    if told.kind and told.changed_at:
        newest = newest_change(session, sender.connection, told.kind, told.record_id)
        if newest is not None and told.changed_at < newest - OVERTAKEN_BY:
            count_arrivals(session, sender.connection, stale=1)
            return Clash(STALE)
    return _store(session, sender.connection, [_arrival_of(sender.connection, told, delivery.body)])


def _take_events(
    engine: Engine, sender: Sender, events: Sequence[BookEvent], signature: str, body: bytes
) -> Accepted | Clash | Unauthenticated:
    with tenant_session(engine, sender.tenant) as session:
        if not _is_genuine(session, sender, signature, body):
            return Unauthenticated(FORGED_EVENTS)
        oldest = datetime.now(UTC) - OLDEST_EVENT
        recent = [event for event in events if event.at is None or event.at >= oldest]
        count_arrivals(session, sender.connection, stale=len(events) - len(recent))
        if not recent:
            return Clash(STALE)
        return _store(session, sender.connection, [_change_of(sender.connection, event) for event in recent])


def _count_refusal(engine: Engine, sender: Sender) -> None:
    with tenant_session(engine, sender.tenant) as session:
        count_arrivals(session, sender.connection, refused=1)


def _is_genuine(session: Session, sender: Sender, signature: str, body: bytes) -> bool:
    stored = load_webhooks(session, sender.connection)
    try:
        secrets = valid_secrets(sender.tenant, stored) if stored else ()
    except Misconfigured:
        # Sealed with a key that we lost: nothing is proved for this connection, and others are not held up by it.
        secrets = ()
    return is_signed(body, signature, secrets)


def _store(session: Session, connection: ConnectionName, arrivals: Iterable[NewArrival]) -> Accepted:
    is_on, counts = are_on(session), Counter[str]()
    for arrival in arrivals:
        if not is_on and not arrival.message:
            arrival = arrival.model_copy(update={"message": SWITCHED_OFF})
        is_new = save_arrival(session, arrival)
        counts["repeated" if not is_new else "ignored" if arrival.message else "stored"] += 1
    accepted = Accepted(**counts)
    count_arrivals(session, connection, received=counts.total(), repeated=accepted.repeated, ignored=accepted.ignored)
    return accepted


def _arrival_of(connection: ConnectionName, told: Told, body: bytes) -> NewArrival:
    return NewArrival(
        connection=connection,
        topic=told.topic,
        kind=told.kind or "",
        record_id=told.record_id,
        related=told.related,
        body_hash=hashlib.sha256(body).hexdigest(),
        changed_at=told.changed_at,
        message="" if told.kind else NOT_SYNCED,
    )


def _change_of(connection: ConnectionName, event: BookEvent) -> NewArrival:
    return NewArrival(
        connection=connection,
        topic=f"{event.entity}.{event.operation}",
        kind=event.entity,
        record_id=event.record_id,
        related=(event.merged_id,) if event.merged_id else (),
        body_hash=hashlib.sha256(event.mark.encode("utf-8", "replace")).hexdigest(),
        changed_at=event.at,
        message="" if event.entity in WATCHED else NOT_SYNCED,
    )
