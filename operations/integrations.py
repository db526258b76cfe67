"""The connections of a tenant: listed, made, changed, switched on and off, removed."""

from __future__ import annotations

import json
from contextlib import suppress

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from config.wiring import POSTING, open_vault, posting_policy, stored_endpoint, try_endpoint
from db import ledger
from db.ledger import StoredConnection
from domain.access import Permission
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System
from domain.listing import Listing, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Unusable
from mapping.posting_policy import PostingPolicy
from operations.caller import Caller
from operations.connecting import Candidate, connect, find_connection, require_connection
from operations.connection_news import keep_success


class Connection(BaseModel):
    """A connection as anybody of its tenant may see it: where it leads and whether it can be used, no secrets."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "berlin-shop",
                    "system": "woocommerce",
                    "enabled": True,
                    "state": "ready",
                    "address": "https://shop.example",
                    "settings": {"url": "https://shop.example"},
                    "public_only": True,
                    "key_id": "3f1c0d9a77be",
                    "key_is_current": True,
                    "created_at": "2026-03-01T08:00:00Z",
                    "updated_at": "2026-03-01T08:00:00Z",
                }
            ]
        },
    )

    name: ConnectionName
    system: System
    enabled: bool
    state: str
    address: str
    settings: dict[str, JsonValue]
    public_only: bool
    key_id: str
    key_is_current: bool
    created_at: AwareDatetime
    updated_at: AwareDatetime


def list_connections(caller: Caller, page: PageRequest) -> Listing[Connection]:
    """Give the connections of the tenant, by name."""
    caller.require(Permission.VIEW)
    stored, further = page_of(caller, page)
    return Listing(items=tuple(map(shown, stored)), next_cursor=further)


def page_of(caller: Caller, page: PageRequest) -> tuple[list[StoredConnection], str | None]:
    """Give one page of stored connections and the cursor of the next."""
    after = decode_cursor(page.cursor, ConnectionName) if page.cursor else ""
    with caller.ledger() as session:
        stored = ledger.list_connections(session)
    rest = [each for each in stored if each.name > after]
    wanted = rest[: page.limit]
    return wanted, encode_cursor(wanted[-1].name) if len(rest) > len(wanted) else None


def show_connection(caller: Caller, name: ConnectionName) -> Connection:
    """Give one connection.

    Raises:
        Unknown: there is none.
    """
    caller.require(Permission.VIEW)
    return _now(caller, name)


def make_connection(caller: Caller, wanted: Candidate) -> Connection:
    """Connect a system, or connect it anew under the same name, once a real call has proved that it works.

    Raises:
        ConnectorError: it does not work; nothing has changed.
        Clash: records of another shop or company are linked under this name.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    connect(caller, wanted)
    return _now(caller, wanted.name)


def enable(caller: Caller, name: ConnectionName) -> Connection:
    """Let a connection be used that was switched off, once a real call has proved that it works.

    Raises:
        Unknown: there is none.
        ConnectorError: it does not work; it stays switched off.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        stored = find_connection(session, caller.tenant, name)
    checkup = try_endpoint(stored_endpoint(caller.engine, caller.tenant, stored))
    with caller.ledger() as session:
        require_connection(session, caller.tenant, name)
        ledger.enable_connection(session, name)
        keep_success(session, name, checkup)
        caller.note(session, "connection.enable", name)
    return _now(caller, name)


def disable(caller: Caller, name: ConnectionName) -> Connection:
    """Switch a connection off: runs are refused before anything is read, and what is queued waits.

    Raises:
        Unknown: there is none.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        require_connection(session, caller.tenant, name)
        ledger.enable_connection(session, name, enabled=False)
        caller.note(session, "connection.disable", name)
    return _now(caller, name)


def read_policy(caller: Caller, name: ConnectionName) -> PostingPolicy:
    """Give the posting policy of a set of books.

    Raises:
        Unknown: there is no such connection.
        Misconfigured: it is no set of books.
    """
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        stored = find_connection(session, caller.tenant, name)
    return posting_policy(_books(stored).settings.get(POSTING, {}), name)


def change_policy(caller: Caller, name: ConnectionName, chosen: object) -> PostingPolicy:
    """Give a set of books another posting policy; nothing else about the connection changes.

    Raises:
        Unknown: there is no such connection.
        Misconfigured: the policy cannot be used, or the connection is no set of books.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    policy = posting_policy(chosen, name)
    kept = policy.model_dump(mode="json", exclude_unset=True)
    if "\\u0000" in json.dumps(kept):
        raise Unusable("the posting policy holds a NUL character; leave it out")
    with caller.ledger() as session:
        stored = _books(require_connection(session, caller.tenant, name))
        ledger.save_settings(session, name, {**stored.settings, POSTING: kept})
        caller.note(session, "connection.posting", name, policy=kept)
    return policy


def shown(stored: StoredConnection) -> Connection:
    """Give what may be seen of a stored connection."""
    return Connection(
        **stored.model_dump(exclude={"sealed"}),
        address=address(stored.settings),
        key_is_current=stored.key_id == key_in_use(),
    )


def key_in_use() -> str:
    """Name the key that seals credentials now; empty when none is set, with which connections can still be listed."""
    with suppress(Misconfigured):
        return open_vault().key_id
    return ""


def address(settings: dict[str, JsonValue]) -> str:
    """Say where a connection leads, as far as its settings tell."""
    return str(next((settings[key] for key in ("realm_id", "url", "project_url", "host") if settings.get(key)), ""))


def _now(caller: Caller, name: ConnectionName) -> Connection:
    with caller.ledger() as session:
        return shown(find_connection(session, caller.tenant, name))


def _books(stored: StoredConnection) -> StoredConnection:
    if stored.system is not System.QUICKBOOKS:
        raise Misconfigured(f"the connection {stored.name} leads to {stored.system}, which takes no posting policy")
    return stored
