"""How a connection is made or changed: what works stays as it is until its successor has proved to work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from config.places import lasting_place, place_of
from config.sandbox import OWN_SANDBOX, Led, led_by, sandbox_fault
from config.settings import settings
from config.wiring import POSTING, Endpoint, endpoint, open_vault, try_endpoint
from db import ledger
from db.ledger import StoredConnection
from db.ledger.arrivals import ignore_waiting
from db.ledger.sync_settings import load_sync_settings
from db.ledger.webhooks import forget_webhooks
from db.session import owner_session
from db.trial_memory import APP_SECRET, TrialMemory
from db.vault import Vault, bound_to
from domain.errors import Misconfigured
from domain.keys import ConnectionName, System, TenantName
from domain.refusals import Clash, Unknown, Unusable
from operations.caller import Caller
from operations.connection_news import keep_renewal

PLACE = "place"
"""The snapshot that tells where a removed connection led."""

RESERVED = frozenset({"connections", "health", "status", OWN_SANDBOX})
"""What no connection can be called: the service has pages of these names where connections have theirs."""


@dataclass(frozen=True)
class Candidate:
    """A connection as somebody wants to have it; holds credentials in clear, so it lives for a moment only.

    ``public_only`` is false where the operator of the machine chose the address. ``enabled`` says whether it is to be
    used once it has proved to work, None: as it was. An empty refresh token stands for the one that is in use.
    """

    name: ConnectionName
    system: System
    settings: Mapping[str, object]
    credentials: Mapping[str, str] = field(repr=False)
    public_only: bool = True
    enabled: bool | None = True


def connect(caller: Caller, wanted: Candidate, action: str = "connection.connect") -> None:
    """Store the connection once a real call has proved that it works; if it does not, nothing has changed.

    It is tried beside the one of this name that is in use, which serves runs until the very end. A posting policy that
    is stored stays, unless the settings bring another.

    Raises:
        ConnectorError: it does not work.
        Clash: records of another shop or company are linked under this name, or it was changed during the trial.
        Unusable: the name or the address cannot be taken.
    """
    require_free_name(wanted.name)
    require_intuit(wanted.system, wanted.settings, public_only=wanted.public_only)
    with caller.ledger() as session:
        before = ledger.load_connection(session, wanted.name)
        # Now already, before a token is used up in vain.
        moves(session, before, wanted.name, wanted.system, wanted.settings)
        require_sandbox_kept(session, wanted.name, Led(wanted.system, wanted.settings))
    vault = open_vault()
    trial = trial_of(caller, vault, before, wanted)
    checkup = try_endpoint(on_trial(caller, before, wanted, trial))
    # As the owner, who alone may make the ledger forget where the name led before.
    with owner_session(caller.engine, caller.tenant) as session:
        now = ledger.lock_connection(session, wanted.name)
        if is_another(before, now):
            raise Clash(f"{wanted.name} was changed while this was tried; look at it, then try again")
        put_in_place(session, vault, now, wanted, trial)
        keep_renewal(session, wanted.name, checkup)
        caller.note(session, action, wanted.name, system=wanted.system, place=place_of(wanted.system, wanted.settings))


def trial_of(caller: Caller, vault: Vault, before: StoredConnection | None, wanted: Candidate) -> TrialMemory:
    """Give what keeps the secrets of a connection while they are tried."""
    shares = shares_tokens(caller.tenant, vault, before, wanted)
    return TrialMemory(caller.engine, caller.tenant, wanted.name, vault, wanted.credentials, shares_tokens=shares)


def on_trial(caller: Caller, before: StoredConnection | None, wanted: Candidate, trial: TrialMemory) -> Endpoint:
    """Give what opens the connection that is tried."""
    kept, public_only = {**policy_of(before), **wanted.settings}, wanted.public_only
    place = (caller.engine, caller.tenant, wanted.name, wanted.system)
    return endpoint(*place, kept, wanted.credentials, public_only=public_only, memory=trial)


def shares_tokens(tenant: TenantName, vault: Vault, before: StoredConnection | None, wanted: Candidate) -> bool:
    """Whether the tokens in use are to be tried, which a trial ends by renewing them."""
    given = wanted.credentials.get("refresh_token")
    if before is None or not given:
        return given == ""
    try:
        return vault.open(before.sealed, bound_to=bound_to(tenant, before.name)).get("refresh_token") == given
    except Misconfigured:
        return False  # sealed with a key that we do not have, so in use by nobody


def is_another(before: StoredConnection | None, now: StoredConnection | None) -> bool:
    """Whether somebody made, removed or redirected the connection meanwhile; tokens and policy change all the time."""
    led = [None if one is None else (one.system, {**one.settings, POSTING: None}) for one in (before, now)]
    return led[0] != led[1]


def put_in_place(
    session: Session, vault: Vault, now: StoredConnection | None, wanted: Candidate, trial: TrialMemory
) -> None:
    """Let what proved to work take the place of what there was; raises Clash as ``connect`` does."""
    name, at = wanted.name, bound_to(trial.tenant, wanted.name)
    require_sandbox_kept(session, name, Led(wanted.system, wanted.settings))
    if moves(session, now, name, wanted.system, wanted.settings):
        ledger.forget_place(session, name)
        ignore_waiting(session, name, "the connection leads elsewhere now")
        forget_webhooks(session, name)
    secrets = trial.tried
    if now is not None and trial.shares_tokens:
        # A run may have renewed them once more since.
        secrets = {**vault.open(now.sealed, bound_to=at), APP_SECRET: secrets[APP_SECRET]}
    enabled = wanted.enabled if wanted.enabled is not None else now is None or now.enabled
    kept = {**policy_of(now), **wanted.settings}
    ledger.save_connection(
        session, name, wanted.system, kept, vault.seal(secrets, bound_to=at), vault.key_id,
        enabled=enabled, public_only=wanted.public_only,
    )  # fmt: skip


def require_sandbox_kept(session: Session, name: ConnectionName, wanted: Led) -> None:
    """Make sure that what stands in for live connections is still a sandbox once the connection leads there.

    Raises:
        Unusable: sandbox mode is on, and a run in it would reach something live.
    """
    chosen = load_sync_settings(session)
    if not chosen.sandbox:
        return
    known = led_by(session)
    fault = sandbox_fault({**known, name: wanted}, chosen.replacements)
    if fault and not sandbox_fault(known, chosen.replacements):
        raise Unusable(f"{fault}; leave sandbox mode first, or connect it under another name", field="name")


def require_free_name(name: ConnectionName) -> None:
    """Make sure that a connection can be called so.

    Raises:
        Unusable: it cannot.
    """
    if name in RESERVED:
        raise Unusable(f"no connection can be called {name}; choose another name", field="name")


def require_intuit(system: System, wanted: Mapping[str, object], *, public_only: bool) -> None:
    """Make sure that who is not at the machine itself connects companies at Intuit and nowhere else.

    A server of their own would answer for any company, and so take the company's place from its real owner.

    Raises:
        Unusable: a stand-in is named, and this installation is not one for trying things out.
    """
    stands_in = system is System.QUICKBOOKS and bool(wanted.get("url"))
    if stands_in and public_only and not settings().allow_private_addresses:
        raise Unusable("only the installation's operator can connect a twin of QuickBooks", field="twin")


def require_connection(session: Session, tenant: TenantName, name: ConnectionName) -> StoredConnection:
    """Give a stored connection and hold it until the transaction ends.

    Raises:
        Unknown: there is none.
    """
    stored = ledger.lock_connection(session, name)
    if stored is None:
        raise unknown(tenant)
    return stored


def find_connection(session: Session, tenant: TenantName, name: ConnectionName) -> StoredConnection:
    """Give a stored connection; raises as ``require_connection`` does."""
    stored = ledger.load_connection(session, name)
    if stored is None:
        raise unknown(tenant)
    return stored


def unknown(tenant: TenantName) -> Unknown:
    """Say that there is no such connection; not in the words that were sent."""
    return Unknown(f"tenant {tenant} has no such connection; unisync connections lists those it has")


def moves(
    session: Session,
    before: StoredConnection | None,
    name: ConnectionName,
    system: System,
    settings: Mapping[str, object],
) -> bool:
    """Whether the name led to another shop or company before.

    Raises:
        Clash: it did, and records of that one are linked.
    """
    snapshot = None if before else ledger.load_snapshot(session, name, PLACE)
    kept = json.loads(snapshot.content) if snapshot else None
    former = lasting_place(before.system, before.settings) if before else kept
    wanted = lasting_place(system, settings)
    if former in (None, wanted) or (kept and kept == former_spelling(system, settings)):
        return False
    if ledger.has_links(session, name):
        raise Clash(f"{name} leads to {former} and records are linked to it; connect {wanted} under a new name")
    return True


def former_spelling(system: System, settings: Mapping[str, object]) -> str:
    """Name a place as it was kept of removed connections before places had one spelling."""
    # Whoever removed one then still wants its name back: records are linked under it. The address comes first, so that
    # a twin never passes for the company of its number at Intuit.
    written = settings.get("url") or settings.get("realm_id") or ""
    return f"{system} {written}".strip().rstrip("/").lower()


def policy_of(stored: StoredConnection | None) -> dict[str, object]:
    """Give the setting with the posting policy of a connection that has one."""
    return {} if stored is None else {key: value for key, value in stored.settings.items() if key == POSTING}
