"""Webhooks as they come in: a shop and books that are connected without being there, and what they would send."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from config.wiring import open_vault
from connectors.signature import sign
from db import ledger
from db.ledger.confirmations import cover_pair
from db.ledger.webhooks import place_of, save_webhooks, sealed_to
from db.models.arrivals import WebhookState
from db.session import tenant_session
from db.vault import bound_to
from domain.keys import System
from domain.sync import Mode, SyncRequest
from operations.arrivals import Accepted, Delivery, accept_quickbooks, accept_woocommerce
from operations.lanes import Lane
from tests.recorded_webhooks import SECRET, Recorded

SHOP, BOOKS = "shop", "books"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TOKEN = "verifier-token-of-the-app"


def store_shop(engine: Engine, tenant: str = "default", name: str = SHOP, secret: str = SECRET) -> UUID:
    """Store a shop with the secret that the recorded deliveries are signed with; gives the id in its address."""
    store(engine, tenant, name, System.WOOCOMMERCE, {"url": "https://shop.example"}, secret)
    with tenant_session(engine, tenant) as session:
        place = place_of(session, name)
    assert place is not None
    return place.public_id


def store_books(engine: Engine, realm: str, tenant: str = "default", name: str = BOOKS, token: str = TOKEN) -> None:
    store(engine, tenant, name, System.QUICKBOOKS, {"realm_id": realm, "client_id": "app"}, token)


def store(engine: Engine, tenant: str, name: str, system: System, settings: dict[str, object], secret: str) -> None:
    vault = open_vault()
    with tenant_session(engine, tenant) as session:
        sealed = vault.seal({}, bound_to=bound_to(tenant, name))
        ledger.save_connection(session, name, system, settings, sealed, vault.key_id)
        sealed = vault.seal({"secret": secret, "former": ""}, bound_to=sealed_to(tenant, name))
        save_webhooks(session, name, sealed=sealed, key_id=vault.key_id, state=WebhookState.ACTIVE)


def cover(engine: Engine, lane: Lane) -> None:
    """As if a confirmed run had carried everything from the one connection to the other."""
    assert lane.route
    request = SyncRequest(
        tenant=lane.tenant,
        route=lane.route,
        source=lane.connection,
        target=lane.target,
        kinds=lane.kinds,
        mode=Mode.FULL,
    )
    with tenant_session(engine, lane.tenant) as session:
        cover_pair(session, request, uuid4())


def deliver(engine: Engine, address: UUID, recorded: Recorded, **changes: object) -> Accepted:
    """Let a recorded delivery arrive, with some of it changed perhaps."""
    headers = {name.lower(): value for name, value in recorded.headers.items()}
    given = {
        "topic": headers.get("x-wc-webhook-topic", ""),
        "signature": headers.get("x-wc-webhook-signature", ""),
        "content_type": headers.get("content-type", ""),
        "body": recorded.body,
    }
    return accept_woocommerce(engine, address, Delivery(**{**given, **changes}))  # type: ignore[arg-type]


def tell(engine: Engine, address: UUID, topic: str, record: dict[str, object], secret: str = SECRET) -> Accepted:
    """Let a delivery of this record arrive, rightly signed."""
    body = json.dumps(record).encode()
    return accept_woocommerce(engine, address, Delivery(topic, sign(body, secret), JSON, body))


def legacy(*events: tuple[str, str, str, str], at: datetime | None = None) -> bytes:
    """A body in Intuit's former format; each event is realm, entity, id and operation."""
    stamp = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    notifications: dict[str, list[dict[str, str]]] = {}
    for realm, entity, number, operation in events:
        changed = {"name": entity, "id": number, "operation": operation, "lastUpdated": stamp}
        notifications.setdefault(realm, []).append(changed)
    return json.dumps(
        {
            "eventNotifications": [
                {"realmId": realm, "dataChangeEvent": {"entities": entities}}
                for realm, entities in notifications.items()
            ]
        }
    ).encode()


def cloud_events(*events: tuple[str, str, str, str], at: datetime | None = None) -> bytes:
    """A body of CloudEvents; each event is realm, entity, id and operation, and is named after what it says."""
    stamp = (at or datetime.now(UTC)).isoformat(timespec="microseconds").replace("+00:00", "789Z")
    return json.dumps(
        [
            {
                "specversion": "1.0",
                "id": hashlib.sha256(f"{event}{stamp}".encode()).hexdigest()[:32],
                "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
                "type": f"qbo.{event[1].lower()}.{event[3].lower()}.v1",
                "datacontenttype": "application/json",
                "time": stamp,
                "intuitentityid": event[2],
                "intuitaccountid": event[0],
                "data": {},
            }
            for event in events
        ]
    ).encode()


def announce(engine: Engine, body: bytes, token: str = TOKEN) -> Accepted:
    """Let a body of QuickBooks arrive, signed with this token."""
    return accept_quickbooks(engine, sign(body, token), body)


def inbox(engine: Engine, tenant: str = "default") -> list[tuple[str, str, str, str, int]]:
    """Topic, kind, id, state and count of everything in the inbox, in order."""
    with tenant_session(engine, tenant) as session:
        rows = session.execute(
            text("SELECT topic, kind, record_id, state, count FROM unisync.arrivals ORDER BY id")
        ).all()
    return [(topic, kind, number, state, count) for topic, kind, number, state, count in rows]


def counts(engine: Engine, connection: str = SHOP, tenant: str = "default") -> dict[str, int]:
    """Today's counts of a connection, those that are zero left out."""
    names = ("received", "repeated", "ignored", "refused", "stale", "changes", "missed")
    with tenant_session(engine, tenant) as session:
        row = session.execute(
            text(f"SELECT {', '.join(names)} FROM unisync.arrival_counts WHERE connection = :connection"),
            {"connection": connection},
        ).one_or_none()
    return {name: value for name, value in zip(names, row or (), strict=False) if value}


def let_time_pass(engine: Engine, span: timedelta, tenant: str = "default") -> None:
    """As if everything in the inbox had come so much earlier."""
    with tenant_session(engine, tenant) as session:
        session.execute(
            text(
                "UPDATE unisync.arrivals SET first_seen = first_seen - :span, last_seen = last_seen - :span,"
                " pending_since = pending_since - :span"
            ),
            {"span": span},
        )


def settle(engine: Engine, tenant: str = "default") -> None:
    """As if everything in the inbox had been carried."""
    with tenant_session(engine, tenant) as session:
        session.execute(text("UPDATE unisync.arrivals SET state = 'done', done_at = now() WHERE state = 'pending'"))
