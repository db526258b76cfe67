"""Connecting a QuickBooks company by its owner's consent: the way there, and the way back."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from sqlalchemy.engine import Engine

from config.sandbox import Led
from config.settings import settings
from config.wiring import POSTING, is_confined, open_vault
from connectors.quickbooks.consent import Consent
from connectors.quickbooks.settings import IntuitApp
from connectors.stored import parse
from db import ledger
from db.ledger.oauth_states import ConsentUnderWay, begin_consent, take_consent, tenant_of_consent
from db.session import door_session
from domain.access import Permission, Role
from domain.inputs import Flag, Line
from domain.keys import ConnectionName, System, TenantName
from domain.refusals import Clash, Unusable
from operations.caller import Caller
from operations.connecting import (
    Candidate,
    connect,
    moves,
    require_free_name,
    require_intuit,
    require_sandbox_kept,
)
from operations.credentials import opened
from operations.integrations import Connection, show_connection
from operations.wishes import QuickBooksApp, Secret

CALLBACK = "/api/integrations/quickbooks/callback"
LASTING = timedelta(minutes=10)
STATE_BYTES = 32

AGAIN = "begin again where you asked for the connection"


class ConsentWish(BaseModel):
    """A company that is to be connected by its owner's consent.

    Without ``client_id`` the app is that of the connection with this name, which is then connected anew.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"name": "books", "client_id": "ABc1...", "client_secret": "...", "sandbox": True}]
        },
    )

    name: ConnectionName
    client_id: Line | None = Field(default=None, description="Client id of the Intuit app.")
    client_secret: Secret | None = Field(default=None, description="Client secret of the Intuit app.")
    sandbox: Flag = False
    twin: Line | None = Field(default=None, description="Address of a stand-in for Intuit, for trying things out.")


class ConsentLink(BaseModel):
    """Where a person consents, once, until ``expires_at``, to come back to ``redirect_uri``."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "url": "https://appcenter.intuit.com/connect/oauth2?client_id=ABc1...&state=...",
                    "redirect_uri": "https://sync.example.org/api/integrations/quickbooks/callback",
                    "expires_at": "2026-03-01T08:10:00Z",
                }
            ]
        },
    )

    url: str
    redirect_uri: str
    expires_at: AwareDatetime


Answered = Annotated[str, StringConstraints(max_length=2000)]


class ConsentAnswer(BaseModel):
    """What a person brings back from Intuit, as Intuit spells it: a code and a company, or an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    state: Answered = ""
    code: Answered = Field(default="", repr=False)
    realm_id: Answered = Field(default="", alias="realmId")
    error: Answered = ""


def authorize(
    caller: Caller, wish: ConsentWish, *, redirect_uri: str | None = None, public_only: bool = True
) -> ConsentLink:
    """Give the address at which a person lets us into a company; it counts once, for ten minutes.

    The person comes back to ``redirect_uri``, this service if none is given; the app must know it.

    Raises:
        Unusable: there is no app, or only half of it, or it is to be let in elsewhere than at Intuit.
        Misconfigured: its settings cannot work.
        Clash: the name is that of another system's connection.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    require_free_name(wish.name)
    known, secret, confined = app_of(caller, wish, public_only)
    require_intuit(System.QUICKBOOKS, known, public_only=confined)
    state = secrets.token_urlsafe(STATE_BYTES)
    place = hash_of(state)
    begun = ConsentUnderWay(
        connection=wish.name,
        redirect_uri=redirect_uri or f"{settings().service_url}{CALLBACK}",
        asked_by=caller.actor,
        public_only=confined,
        settings=known,
        sealed=open_vault().seal({"client_secret": secret}, bound_to=kept_at(caller.tenant, place)),
    )
    url = consent_of(begun, secret).address(begun.redirect_uri, state)
    with caller.ledger() as session:
        expires_at = begin_consent(session, place, begun, LASTING)
        caller.note(session, "connection.authorize", wish.name, redirect_uri=begun.redirect_uri)
    return ConsentLink(url=url, redirect_uri=begun.redirect_uri, expires_at=expires_at)


def app_of(caller: Caller, wish: ConsentWish, public_only: bool) -> tuple[dict[str, object], str, bool]:
    """Give settings and secret of the app that is to be let in, and whether it may call public addresses only."""
    with caller.ledger() as session:
        stored = ledger.load_connection(session, wish.name)
    if stored is not None and stored.system is not System.QUICKBOOKS:
        raise Clash(f"{wish.name} leads to {stored.system}; choose another name for the company")
    if wish.client_id and wish.client_secret:
        app = QuickBooksApp.model_validate(wish.model_dump(exclude={"name"}))
        return app.settings(), wish.client_secret.get_secret_value(), public_only
    if stored is None or wish.client_id or wish.client_secret or wish.sandbox or wish.twin:
        raise Unusable("give client_id and client_secret, both from Keys & credentials of the app", field="client_id")
    known = {key: value for key, value in stored.settings.items() if key not in (POSTING, "realm_id")}
    return known, opened(caller, stored)["client_secret"], stored.public_only


def complete(
    engine: Engine,
    answer: ConsentAnswer,
    *,
    arrived_at: str,
    address: str = "",
    request_id: str = "",
    tenant: TenantName | None = None,
) -> Connection:
    """Take up a consent that a person brought back to ``arrived_at``: connect the company once it lets us in.

    The state is the proof of who may do this; it counts once, whatever comes of it. With ``tenant`` only a consent
    that was begun in this tenant counts.

    Raises:
        Unusable: the state does not count: nobody began this, it was used already, or its time has run out.
        Clash: the person gave no access, or records of another company are linked under this name.
        ConnectorError: the company does not let us in; nothing has changed.
    """
    place = hash_of(answer.state)
    with door_session(engine) as session:
        whose = tenant_of_consent(session, place)
    if whose is None or tenant not in (None, whose):
        raise Unusable(f"this consent was used already, or nobody here asked for it; {AGAIN}", field="state")
    # Whoever began it was allowed to; they are answered for no more than ten minutes.
    caller = Caller(engine, whose, "", Role.VIEWER, address=address, request_id=request_id)
    with caller.ledger() as session:
        begun = take_consent(session, place)
    if begun is None or begun.is_over:
        raise Unusable(f"this consent was used already, or its ten minutes are over; {AGAIN}", field="state")
    caller = replace(caller, actor=begun.asked_by)
    if begun.redirect_uri != arrived_at:
        raise Unusable(f"this consent came back to another address than it was asked for; {AGAIN}", field="state")
    return taken_up(caller, begun, answer, place)


def taken_up(caller: Caller, begun: ConsentUnderWay, answer: ConsentAnswer, place: bytes) -> Connection:
    """Exchange the code for tokens and connect the company with them; raises as ``complete`` does."""
    name = begun.connection
    if answer.error:
        with caller.ledger() as session:
            caller.note(session, "connection.consent", name, outcome="refused")
        raise Clash(refused(answer.error))
    if not answer.code or not re.fullmatch(r"[0-9]{1,20}", answer.realm_id):
        raise Unusable(f"Intuit sent neither a code and a company nor an error; {AGAIN}", field="code")
    wanted = {**begun.settings, "realm_id": answer.realm_id}
    with caller.ledger() as session:
        # Before the code is used up for a company that could not be connected.
        moves(session, ledger.load_connection(session, name), name, System.QUICKBOOKS, wanted)
        require_sandbox_kept(session, name, Led(System.QUICKBOOKS, wanted))
    secret = open_vault().open(begun.sealed, bound_to=kept_at(caller.tenant, place))["client_secret"]
    tokens = consent_of(begun, secret).exchange(answer.code, begun.redirect_uri)
    connect(caller, Candidate(name, System.QUICKBOOKS, wanted, tokens.stored(), public_only=begun.public_only))
    return show_connection(caller, name)


def consent_of(begun: ConsentUnderWay, client_secret: str) -> Consent:
    """Give who speaks with Intuit about a consent; raises Misconfigured when the settings of the app cannot work."""
    app = parse(IntuitApp, begun.settings, begun.connection, "QuickBooks")
    return Consent(app, SecretStr(client_secret), begun.connection, public_only=is_confined(begun.public_only))


def refused(error: str) -> str:
    """Say what came of a consent that was not given; never in the words that were sent."""
    if error == "access_denied":
        return f"no access was given, so nothing was connected or changed; if that was a mistake, {AGAIN}"
    return f"Intuit refused: check the redirect address and the keys of the app at developer.intuit.com, then {AGAIN}"


def hash_of(state: str) -> bytes:
    """Give what is kept of a state: it says nothing to who reads it."""
    return hashlib.sha256(state.encode(errors="replace")).digest()


def kept_at(tenant: TenantName, place: bytes) -> str:
    """Name the place that a sealed app belongs to."""
    return f"{tenant}/consent/{place.hex()}"
