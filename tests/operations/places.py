"""Systems as people connect them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from config.wiring import open_vault
from db.ledger import load_connection
from db.vault import bound_to
from operations.caller import Caller
from operations.integrations import Connection, make_connection
from operations.wishes import QuickBooksCompany, SupabaseDatabase, WooCommerceShop
from simulators.quickbooks.server import QuickBooksTwin
from simulators.woocommerce.server import Twin

SHOP, BOOKS, WAREHOUSE = "shop", "books", "lake"


def connect_shop(caller: Caller, twin: Twin, **changes: Any) -> Connection:
    """Connect the shop as ``shop``."""
    wish = {"name": SHOP, "url": twin.url, "consumer_key": twin.key, "consumer_secret": twin.secret, **changes}
    return make_connection(caller, WooCommerceShop.model_validate(wish).candidate())


def connect_books(caller: Caller, twin: QuickBooksTwin, /, **changes: Any) -> Connection:
    """Connect the company as ``books``, with a refresh token of its own."""
    wish = {
        "name": BOOKS,
        "realm_id": twin.realm,
        "client_id": twin.client_id,
        "client_secret": twin.client_secret,
        "refresh_token": twin.tokens()["refresh_token"],
        "twin": twin.url,
        **changes,
    }
    return make_connection(caller, QuickBooksCompany.model_validate(wish).candidate())


def connect_warehouse(caller: Caller, url: str, **changes: Any) -> Connection:
    """Connect the database as ``lake``."""
    wish = {"name": WAREHOUSE, "url": url, **changes}
    return make_connection(caller, SupabaseDatabase.model_validate(wish).candidate())


def connect_project(caller: Caller, url: str) -> Connection:
    """Connect the Supabase project at this address as ``lake``, by its service key."""
    wish = {"name": WAREHOUSE, "project_url": url, "service_key": f"sb_secret_{'a' * 22}_{'b' * 8}"}
    return make_connection(caller, SupabaseDatabase.model_validate(wish).candidate())


def row_of(caller: Caller, name: str) -> dict[str, Any]:
    """The stored connection, all of it but the moment of its last change."""
    with caller.ledger() as session:
        stored = load_connection(session, name)
    assert stored is not None
    return stored.model_dump(exclude={"updated_at"})


def secrets_of(caller: Caller, name: str) -> dict[str, str]:
    """The credentials of a connection in clear."""
    return open_vault().open(row_of(caller, name)["sealed"], bound_to=bound_to(caller.tenant, name))


def link_something(caller: Caller, source: str = SHOP, target: str = BOOKS) -> None:
    """Let one record be linked from one connection to the other."""
    with caller.ledger() as session:
        session.execute(
            text(
                "INSERT INTO unisync.links (source_connection, target_connection, kind, source_id, role, target_kind,"
                " target_id, fingerprint, state)"
                " VALUES (:source, :target, 'order', '1', 'document', 'order', '1', 'f', 'live')"
            ),
            {"source": source, "target": target},
        )
