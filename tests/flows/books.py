"""A set of books beside the installation of the flow tests."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text

from config.suggestion import suggested_policy
from config.wiring import POSTING, open_vault
from db import ledger
from db.session import tenant_session
from db.vault import bound_to
from domain.keys import System
from domain.sync import SyncReport
from flows.woocommerce_to_quickbooks import woocommerce_to_quickbooks
from simulators.quickbooks.server import QuickBooksTwin
from tests.flows.conftest import SHOP, TENANT

BOOKS = "books"


def connect_books(engine: Engine, twin: QuickBooksTwin, **chosen: Any) -> None:
    """Store the twin as a connection with the policy that suggests itself, changed where a test chooses."""
    store(engine, twin, {})
    policy = suggested_policy(TENANT, SHOP, BOOKS, **{"zone": "Europe/Berlin", **chosen})
    store(engine, twin, {POSTING: policy.model_dump(mode="json")})


def store(engine: Engine, twin: QuickBooksTwin, settings: Mapping[str, object]) -> None:
    tokens = twin.tokens()
    credentials = {
        "client_secret": twin.client_secret,
        "access_token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
    }
    place = {
        "realm_id": twin.realm,
        "client_id": twin.client_id,
        "url": twin.url,
        "token_url": f"{twin.url}/oauth2/v1/tokens/bearer",
    }
    vault = open_vault()
    sealed = vault.seal(credentials, bound_to=bound_to(TENANT, BOOKS))
    with tenant_session(engine, TENANT) as session:
        ledger.save_connection(session, BOOKS, System.QUICKBOOKS, {**place, **settings}, sealed, vault.key_id)


def post(**parameters: Any) -> SyncReport:
    """Run the flow in this process and give its report; what made it fail is raised."""
    report = woocommerce_to_quickbooks(**parameters)
    assert isinstance(report, SyncReport)
    return report


def totals(twin: QuickBooksTwin, entity: str) -> dict[str, Decimal]:
    """Total of every document of an entity by its number, which must be unique."""
    documents = twin.world.all(entity)
    found = {str(document["DocNumber"]): Decimal(str(document["TotalAmt"])) for document in documents}
    assert len(found) == len(documents), "a number stands on two documents"
    return found


def paid(twin: QuickBooksTwin) -> Decimal:
    return sum((Decimal(str(payment["TotalAmt"])) for payment in twin.world.all("Payment")), Decimal())


def requests(twin: QuickBooksTwin) -> tuple[int, int]:
    """How many writes and how many reads were asked for."""
    lines = twin.log.lines()
    return sum(line.items for line in lines), sum(1 for line in lines if not line.items)


def let_time_pass(engine: Engine) -> None:
    """As if a killed run had been killed ten minutes ago: its lease is over, its requests cannot be working."""
    with tenant_session(engine, TENANT) as session:
        session.execute(text("UPDATE unisync.leases SET expires_at = now()"))
        session.execute(
            text("UPDATE unisync.intents SET sent_at = sent_at - interval '10 minutes' WHERE state = 'open'")
        )
