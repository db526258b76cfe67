"""How the connections of a tenant are: from what is known, or by asking them right now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from config.wiring import open_vault, stored_endpoint, try_endpoint
from db.connection_memory import RECONNECT
from db.ledger import StoredConnection
from db.ledger.health import Owed, Pulse, load_owed, load_pulses, note_failure
from db.models.tenants import ConnectionState
from db.vault import bound_to
from domain.access import Permission
from domain.errors import ConnectorError, Misconfigured
from domain.keys import ConnectionName
from domain.listing import Listing, PageRequest
from operations.caller import Caller
from operations.connecting import find_connection
from operations.connection_news import keep_success
from operations.health_views import Authentication, Condition, ConnectionHealth, ConnectionStatus, Expiry
from operations.integrations import key_in_use, page_of
from operations.webhook_views import Webhooks
from operations.webhooks import webhook_state

SOON = timedelta(days=14)
"""How long before access ends people are told."""

TOLERATED = 60.0
"""By how many seconds a clock may differ from ours before people are told."""


def try_connection(caller: Caller, name: ConnectionName) -> ConnectionHealth:
    """Ask the other side right now with a real call, and tell how the connection is; what fails is told, not raised.

    Raises:
        Unknown: there is no such connection.
    """
    caller.require(Permission.RUN_SYNC)
    with caller.ledger() as session:
        stored = find_connection(session, caller.tenant, name)
    try:
        checkup = try_endpoint(stored_endpoint(caller.engine, caller.tenant, stored))
    except ConnectorError as error:
        with caller.ledger() as session:
            note_failure(session, name, error)
    else:
        with caller.ledger() as session:
            keep_success(session, name, checkup)
    with caller.ledger() as session:
        return _examined(session, caller, [find_connection(session, caller.tenant, name)])[0]


def health(caller: Caller, name: ConnectionName) -> ConnectionHealth:
    """Tell how a connection is, by what is known; nothing is called.

    Raises:
        Unknown: there is no such connection.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return _examined(session, caller, [find_connection(session, caller.tenant, name)])[0]


def list_health(caller: Caller, page: PageRequest) -> Listing[ConnectionHealth]:
    """Tell how the connections of the tenant are, by name; nothing is called."""
    caller.require(Permission.VIEW)
    stored, further = page_of(caller, page)
    with caller.ledger() as session:
        return Listing(items=tuple(_examined(session, caller, stored)), next_cursor=further)


def status(caller: Caller, name: ConnectionName) -> ConnectionStatus:
    """Tell in short how a connection is; raises as ``health`` does."""
    return _shortened(health(caller, name))


def list_statuses(caller: Caller, page: PageRequest) -> Listing[ConnectionStatus]:
    """Tell in short how the connections of the tenant are, by name."""
    found = list_health(caller, page)
    return Listing(items=tuple(map(_shortened, found.items)), next_cursor=found.next_cursor)


def _shortened(found: ConnectionHealth) -> ConnectionStatus:
    return ConnectionStatus(**found.model_dump(include=set(ConnectionStatus.model_fields)))


def _examined(session: Session, caller: Caller, found: Sequence[StoredConnection]) -> list[ConnectionHealth]:
    names = [each.name for each in found]
    pulses, owed = load_pulses(session, names), load_owed(session, names)
    return [
        _health(
            caller, each, pulses.get(each.name, Pulse()), owed.get(each.name, Owed()), webhook_state(session, each.name)
        )
        for each in found
    ]


def _health(
    caller: Caller, stored: StoredConnection, pulse: Pulse, owed: Owed, webhooks: Webhooks | None
) -> ConnectionHealth:
    secrets, sealed = _opened(caller, stored)
    condition, sentence = _judged(stored, pulse, sealed)
    expiry = _expiry(secrets)
    return ConnectionHealth(
        name=stored.name,
        system=stored.system,
        condition=condition,
        works=pulse.works,
        sentence=sentence,
        warnings=tuple(_warnings(stored, pulse, expiry)),
        authentication=_authentication(condition, pulse),
        key_id=stored.key_id,
        expiry=expiry,
        api_version=pulse.version,
        queue_size=owed.open,
        queue_oldest_at=owed.oldest_at,
        queue_age_seconds=_seconds(datetime.now(UTC) - owed.oldest_at) if owed.oldest_at else None,
        webhooks=webhooks,
        **pulse.model_dump(exclude={"version", "refused"}),
    )


def _opened(caller: Caller, stored: StoredConnection) -> tuple[dict[str, str], str]:
    """Give the credentials, or why they do not open."""
    try:
        return open_vault().open(stored.sealed, bound_to=bound_to(caller.tenant, stored.name)), ""
    except Misconfigured as error:
        return {}, str(error)


def _judged(stored: StoredConnection, pulse: Pulse, sealed: str) -> tuple[Condition, str]:
    if sealed:
        return Condition.SEALED, sealed
    if stored.state is ConnectionState.RECONNECT:
        return Condition.RECONNECT, RECONNECT
    if not stored.enabled:
        failed = f"; it failed before: {pulse.last_failure}" if pulse.works is False else ""
        return Condition.OFF, f"it is switched off; enable it to go on{failed}"
    if pulse.works is None:
        return Condition.UNTRIED, "it was not used yet; test it"
    return (Condition.WELL, "") if pulse.works else (Condition.FAILING, pulse.last_failure)


def _authentication(condition: Condition, pulse: Pulse) -> Authentication:
    if condition is Condition.SEALED:
        return Authentication.UNREADABLE
    if condition is Condition.RECONNECT:
        return Authentication.LOST
    if pulse.works is False and pulse.refused:
        return Authentication.REFUSED
    return Authentication.ACCEPTED if pulse.works else Authentication.UNKNOWN


def _expiry(secrets: Mapping[str, str]) -> Expiry | None:
    """Tell when the tokens among the credentials end; None where none does."""
    ends = {
        sort: datetime.fromisoformat(secrets[f"{sort}_expires_at"])
        for sort in ("access", "refresh", "consent")
        if secrets.get(f"{sort}_expires_at")
    }
    now = datetime.now(UTC)
    found = {f"{sort}_expires_at": end for sort, end in ends.items()}
    left = {f"{sort}_seconds_left": _seconds(end - now) for sort, end in ends.items()}
    return Expiry.model_validate(found | left) if ends else None


def _warnings(stored: StoredConnection, pulse: Pulse, expiry: Expiry | None) -> Iterator[str]:
    ends = [end for end in (expiry.refresh_expires_at, expiry.consent_expires_at) if end] if expiry else []
    if ends and min(ends) - datetime.now(UTC) < SOON:
        yield f"access ends on {min(ends):%Y-%m-%d}; connect it anew before"
    if pulse.clock_ahead is not None and abs(pulse.clock_ahead) > TOLERATED:
        where = "ahead of" if pulse.clock_ahead > 0 else "behind"
        yield f"its clock is {abs(pulse.clock_ahead):.0f} seconds {where} ours; have both set by the network"
    if stored.key_id != key_in_use():
        yield "its credentials are sealed with a former key; run: unisync connections reencrypt"


def _seconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds()))
