"""The secrets of connections: put in place of others, given back, sealed with another key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, SecretStr
from sqlalchemy.orm import Session

from config.places import lasting_place
from config.wiring import POSTING, is_confined, open_vault
from connectors.quickbooks.consent import Consent
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.stored import parse
from connectors.supabase.places import read_url
from connectors.supabase.settings import is_rest
from db import ledger
from db.connection_memory import ConnectionMemory
from db.ledger import StoredConnection
from db.ledger.arrivals import ignore_waiting
from db.ledger.notification_configs import reseal_configs
from db.ledger.webhooks import forget_webhooks, reseal_webhooks
from db.session import owner_session
from db.vault import Vault, bound_to
from domain.access import Permission
from domain.errors import ConnectorError, Misconfigured
from domain.keys import ConnectionName, System, TenantName
from domain.refusals import Unusable
from operations.caller import Caller
from operations.connecting import PLACE, Candidate, connect, find_connection
from operations.connection_news import tell_removed
from operations.integrations import Connection, show_connection
from operations.registration import unregister
from operations.wishes import Credentials


class Reencrypted(BaseModel):
    """What was sealed with the key in use now.

    ``unreadable`` are connections that no key opens: connect them anew. With ``webhooks_lost`` no key opens the secret
    of a webhook: register it anew. With ``channels_lost`` none opens those of somebody who is told: enter them anew.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "key_id": "3f1c0d9a77be",
                    "resealed": 3,
                    "unreadable": [],
                    "webhooks_lost": False,
                    "channels_lost": False,
                }
            ]
        },
    )

    key_id: str
    resealed: int
    unreadable: tuple[ConnectionName, ...]
    webhooks_lost: bool
    channels_lost: bool


def rotate(caller: Caller, name: ConnectionName, given: Credentials) -> Connection:
    """Put other secrets in place of those of a connection, once a real call has proved that they work.

    It stays switched on or off as it was.

    Raises:
        Unknown: there is no such connection.
        Unusable: the secrets are not of the sort that it has.
        ConnectorError: they do not work; nothing has changed.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        stored = find_connection(session, caller.tenant, name)
    wanted = Candidate(
        name=name,
        system=stored.system,
        settings={name: value for name, value in stored.settings.items() if name != POSTING},
        credentials=completed(caller, stored, given.given()),
        public_only=stored.public_only,
        enabled=None,
    )
    connect(caller, wanted, "connection.rotate")
    return show_connection(caller, name)


def completed(caller: Caller, stored: StoredConnection, given: Mapping[str, str]) -> dict[str, str]:
    """Give all secrets of a connection: those given and, of a company, those it keeps.

    Raises:
        Unusable: they are not of the sort that the connection has, or lead elsewhere.
    """
    sorts = sorts_of(stored)
    if not given or given.keys() - set(sorts):
        field = next(iter(sorted(given.keys() - set(sorts))), "")
        wanted = " or ".join(sorts) if stored.system is System.QUICKBOOKS else " and ".join(sorts)
        raise Unusable(f"{stored.name} leads to {stored.system}: give {wanted}, and nothing else", field=field)
    if stored.system is System.QUICKBOOKS:
        # Without an access token the next call renews it, and so proves the others. The refresh token in use is named
        # by an empty one, because a run may renew it any moment.
        kept = {"refresh_token": ""} if "client_secret" in given else opened(caller, stored)
        return {"access_token": "", **{sort: given.get(sort) or kept[sort] for sort in sorts}}
    if missing := [sort for sort in sorts if sort not in given]:
        raise Unusable(f"{stored.name} leads to {stored.system}: give {missing[0]} too", field=missing[0])
    if "url" in given and way_in(given["url"]) != way_in(opened(caller, stored)["url"]):
        raise Unusable(f"this leads to another database than {stored.name}, or otherwise; connect it anew", field="url")
    return dict(given)


def secrets_of(caller: Caller, name: ConnectionName) -> tuple[str, ...]:
    """Name the secrets that a person hands in for a connection; raises Unknown when there is none."""
    caller.require(Permission.VIEW)
    with caller.ledger() as session:
        return sorts_of(find_connection(session, caller.tenant, name))


def sorts_of(stored: StoredConnection) -> tuple[str, ...]:
    """Name the secrets that a person hands in for such a connection."""
    if stored.system is System.WOOCOMMERCE:
        return ("consumer_key", "consumer_secret")
    if stored.system is System.QUICKBOOKS:
        return ("client_secret", "refresh_token")
    return ("service_key",) if is_rest(stored.settings) else ("url",)


def opened(caller: Caller, stored: StoredConnection) -> dict[str, str]:
    """Give the secrets of a connection in clear; raises Misconfigured when no key opens them."""
    return open_vault().open(stored.sealed, bound_to=bound_to(caller.tenant, stored.name))


def way_in(url: str) -> dict[str, str]:
    """Give all of a connection string but who comes in: whoever may change that may lead it nowhere else."""
    return {name: value for name, value in read_url(url).items() if name not in ("user", "password")}


def disconnect(caller: Caller, name: ConnectionName, *, revoke: bool = True) -> None:
    """Remove a connection with its credentials; links stay, and so does the knowledge where it led.

    The access to a company is given back at Intuit first, unless ``revoke`` is false or it is gone already.

    Raises:
        Unknown: there is none.
        RetryableError: Intuit cannot be told now; nothing has changed.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        stored = find_connection(session, caller.tenant, name)
    revoked = revoke and stored.system is System.QUICKBOOKS and give_back(caller, stored)
    silence(caller, name)
    with owner_session(caller.engine, caller.tenant) as session:
        ledger.forget_place(session, name)
        ledger.remove_connection(session, name)
        ledger.save_snapshot(session, name, PLACE, json.dumps(lasting_place(stored.system, stored.settings)))
        tell_removed(session, name)
        caller.note(session, "connection.disconnect", name, system=stored.system, revoked=revoked)


def silence(caller: Caller, name: ConnectionName) -> None:
    """Take our webhooks away from the other side, as far as it lets us, and forget their secrets."""
    try:
        unregister(caller, name)
    except ConnectorError:
        with caller.ledger() as session:
            ignore_waiting(session, name, "the connection was removed")
            forget_webhooks(session, name)


def give_back(caller: Caller, stored: StoredConnection) -> bool:
    """Give the access to a company back; false when that cannot be done, because we lost the key or the app."""
    settings = {key: value for key, value in stored.settings.items() if key != POSTING}
    try:
        memory = ConnectionMemory(caller.engine, caller.tenant, stored.name, open_vault())
        app = parse(QuickBooksSettings, settings, stored.name, "QuickBooks")
        with memory.held_credentials() as held:
            secret = SecretStr(held.secrets["client_secret"])
            consent = Consent(app, secret, stored.name, public_only=is_confined(stored.public_only))
            consent.revoke(SecretStr(held.secrets["refresh_token"]))
    except Misconfigured:
        return False
    return True


def reencrypt(caller: Caller) -> Reencrypted:
    """Seal the secrets of the tenant's connections, webhooks and notifications with the key in use now, where not yet.

    Former keys are taken from ``UNISYNC_FORMER_SECRET_KEYS``; once nothing is sealed with them they can go.

    Raises:
        Misconfigured: a key is missing or malformed.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    vault = open_vault()
    with caller.ledger() as session:
        others = [each.name for each in ledger.list_connections(session) if each.key_id != vault.key_id]
    unreadable = tuple(name for name in others if not reseal(caller, name))
    done = Reencrypted(
        key_id=vault.key_id,
        resealed=len(others) - len(unreadable),
        unreadable=unreadable,
        webhooks_lost=not reseal_all(caller, reseal_webhooks),
        channels_lost=not reseal_all(caller, reseal_configs),
    )
    with caller.ledger() as session:
        caller.note(session, "connections.reencrypt", caller.tenant, **done.model_dump(mode="json"))
    return done


def reseal_all(caller: Caller, verb: Callable[[Session, Vault, TenantName], int]) -> bool:
    """Seal what a verb of the ledger seals anew; false when no key opens some of it, and then all stays as it was."""
    try:
        with caller.ledger() as session:
            verb(session, open_vault(), caller.tenant)
    except Misconfigured:
        return False
    return True


def reseal(caller: Caller, name: ConnectionName) -> bool:
    """Seal the credentials of one connection with the key in use now; false when no key opens them."""
    vault, at = open_vault(), bound_to(caller.tenant, name)
    with caller.ledger() as session:
        # Held, so that no token is renewed meanwhile and then lost.
        stored = ledger.lock_connection(session, name)
        if stored is None:
            return True
        try:
            secrets = vault.open(stored.sealed, bound_to=at)
        except Misconfigured:
            return False
        ledger.save_credentials(session, name, vault.seal(secrets, bound_to=at), vault.key_id)
    return True
