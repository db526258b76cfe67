"""How webhooks stand: whether they count, what came, how long it took, and how much no webhook told of."""

from __future__ import annotations

from pydantic import SecretStr
from sqlalchemy import func
from sqlalchemy.orm import Session

from config.settings import settings
from db import ledger
from db.ledger.arrival_counts import DayCount, count_states, delays, last_arrival, list_counts
from db.ledger.arrivals import list_arrivals as list_stored_arrivals
from db.ledger.webhooks import Place, StoredWebhooks, are_on, load_webhooks, place_of, save_webhooks, switch_webhooks
from db.models.arrivals import ArrivalState, WebhookState
from domain.access import Permission
from domain.inputs import Identity
from domain.keys import ConnectionName, System
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Clash, Unknown, Unusable
from operations.caller import Caller
from operations.webhook_secrets import FORMER_LASTS, keep_secret, secret_if_it_opens
from operations.webhook_views import ArrivalView, Statistics, Webhooks, WebhookSwitch

DAYS = 30
"""Over how many days the share of missed changes and the delays are worked out."""

PATH = "/api/webhooks"
LONGEST_TOKEN = 200
SHOWN = {
    "connection", "state", "problem", "waits_because", "registered_at", "checked_at", "repaired_at", "repairs",
}  # fmt: skip
"""What is kept of webhooks and may be shown as it is."""


def switch(caller: Caller, *, is_on: bool) -> WebhookSwitch:
    """Let the tenant's webhooks count, or not: what comes then is answered, noted and not acted upon."""
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        switch_webhooks(session, is_on=is_on)
        caller.note(session, "webhooks.switch_on" if is_on else "webhooks.switch_off", caller.tenant)
    return WebhookSwitch(is_on=is_on)


def list_webhooks(caller: Caller, page: PageRequest) -> Listing[Webhooks]:
    """Give the webhooks of every connection that has some, by name."""
    caller.require(Permission.VIEW)
    after = decode_cursor(page.cursor, ConnectionName) if page.cursor else ""
    with caller.ledger() as session:
        names = [each.name for each in ledger.list_connections(session) if each.system is not System.SUPABASE]
        later = [name for name in names if name > after]
        items = tuple(filter(None, (webhook_state(session, name) for name in later[: page.limit])))
    more = len(later) > page.limit
    return Listing(items=items, next_cursor=encode_cursor(items[-1].connection) if more else None)


def show_webhooks(caller: Caller, connection: ConnectionName) -> Webhooks:
    """Give the webhooks of one connection.

    Raises:
        Unknown: there is no such connection, or its system sends none.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        found = webhook_state(session, connection)
    if found is None:
        raise Unknown(f"tenant {caller.tenant} has no connection {connection} that could send webhooks")
    return found


def webhook_state(session: Session, connection: ConnectionName) -> Webhooks | None:
    """Give the webhooks of a connection as they stand, without a call to anybody; None where there can be none."""
    place = place_of(session, connection)
    if place is None or place.system is System.SUPABASE:
        return None
    stored = load_webhooks(session, connection) or StoredWebhooks(connection=connection)
    counts, took = list_counts(session, connection, DAYS), delays(session, connection, DAYS)
    states = count_states(session, connection)
    return Webhooks(
        **stored.model_dump(include=SHOWN),
        system=place.system,
        address=address_of(place),
        is_on=are_on(session),
        greeted_at=stored.ping_seen_at,
        last_arrival_at=last_arrival(session, connection),
        former_secret_until=stored.former_until,
        pending=states.get(ArrivalState.PENDING, 0),
        failed=states.get(ArrivalState.FAILED, 0),
        loss_rate=loss_rate(counts),
        median_seconds=took.median,
        p95_seconds=took.p95,
    )


def statistics(caller: Caller, connection: ConnectionName, days: int = DAYS) -> Statistics:
    """Give what came from a connection in so many days; raises as ``show_webhooks`` does."""
    show_webhooks(caller, connection)
    with caller.ledger() as session:
        counts, took = list_counts(session, connection, days), delays(session, connection, days)
    return Statistics(
        connection=connection,
        loss_rate=loss_rate(counts),
        changes=sum(day.changes for day in counts),
        missed=sum(day.missed for day in counts),
        delays=took,
        days=tuple(counts),
    )


def list_arrivals(caller: Caller, connection: ConnectionName, page: PageRequest) -> Listing[ArrivalView]:
    """Give what a connection told, the last first; raises as ``show_webhooks`` does."""
    show_webhooks(caller, connection)
    before = decode_cursor(page.cursor, Identity) if page.cursor else None
    with caller.ledger() as session:
        found = list_stored_arrivals(session, connection, page.limit + 1, before)
    items = tuple(ArrivalView.model_validate(arrival) for arrival in found[: page.limit])
    return Listing(items=items, next_cursor=encode_cursor(items[-1].id) if len(found) > page.limit else None)


def set_verifier(caller: Caller, connection: ConnectionName, token: SecretStr) -> Webhooks:
    """Keep the verifier token with which Intuit signs; the former one counts for 48 hours more.

    Raises:
        Unknown: there is no such connection.
        Clash: it leads to no set of books.
        Unusable: the token cannot be one.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    secret = _readable(token)
    with caller.ledger() as session:
        place = require_place(session, caller, connection)
        if place.system is not System.QUICKBOOKS:
            raise Clash(
                f"{connection} is no set of books; the webhooks of a shop are set up by: unisync webhooks register"
            )
        replaces = secret_if_it_opens(session, caller.tenant, connection)
        keep_secret(session, caller.tenant, connection, secret)
        save_webhooks(
            session, connection, state=WebhookState.ACTIVE, problem="", registered_at=func.now(),
            delivery_url=address_of(place), former_until=func.now() + FORMER_LASTS if replaces else None,
        )  # fmt: skip
        caller.note(session, "webhooks.set_verifier", connection)
    return show_webhooks(caller, connection)


def _readable(token: SecretStr) -> str:
    secret = token.get_secret_value().strip()
    if not secret or len(secret) > LONGEST_TOKEN or not secret.isascii():
        advice = "copy it from Webhooks of the app at developer.intuit.com"
        raise Unusable(f"that is no verifier token; {advice}", field="token")
    return secret


def require_place(session: Session, caller: Caller, connection: ConnectionName) -> Place:
    """Give what a connection is.

    Raises:
        Unknown: there is none of this name.
    """
    place = place_of(session, connection)
    if place is None:
        raise Unknown(f"tenant {caller.tenant} has no connection {connection}; unisync connections lists those it has")
    return place


def address_of(place: Place) -> str:
    """Give the address at which a connection's webhooks are expected."""
    own = f"woocommerce/{place.public_id}" if place.system is System.WOOCOMMERCE else "quickbooks"
    return f"{settings().service_url}{PATH}/{own}"


def loss_rate(days: list[DayCount]) -> float | None:
    """Give the share of changes of which no webhook told; None when nothing was found changed."""
    changes = sum(day.changes for day in days)
    return round(sum(day.missed for day in days) / changes, 4) if changes else None
