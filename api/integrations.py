"""/api/integrations: connections to shops, books and databases, how they are, and a company's consent."""

from __future__ import annotations

import json
from html import escape
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.callers import allowed, origin_of
from api.description import refusals
from api.problems import problem_of
from config.settings import settings
from domain.access import Permission
from domain.errors import ConnectorError
from domain.keys import ConnectionName
from domain.listing import Listing, PageRequest
from domain.refusals import Refusal
from mapping.posting_policy import PostingPolicy
from operations import credentials, health, integrations, oauth, suggestion
from operations.caller import Caller
from operations.credentials import Reencrypted
from operations.health_views import ConnectionHealth, ConnectionStatus
from operations.integrations import Connection
from operations.oauth import ConsentAnswer, ConsentLink, ConsentWish
from operations.suggestion import SuggestionWish
from operations.wishes import Credentials, QuickBooksCompany, SupabaseDatabase, WooCommerceShop

router = APIRouter(prefix="/api/integrations", tags=["integrations"])

Viewer = Annotated[Caller, allowed(Permission.VIEW)]
Runner = Annotated[Caller, allowed(Permission.RUN_SYNC)]
Keeper = Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)]
Turn = Annotated[PageRequest, Query()]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{sentence}</p><p>You can close this window.</p></main></body></html>"""
PAGE_HEADERS = {
    # The address of this page holds a code.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class PolicyWish(PostingPolicy):
    """What orders are to become in a set of books; what is left out is as at first."""


@router.get("", summary="List the connections")
@router.get("/connections", summary="List the connections", operation_id="list_connections_by_name")
def list_connections(caller: Viewer, page: Turn) -> Listing[Connection]:
    """List the tenant's connections by name: where each leads and whether it can be used; never its credentials."""
    return integrations.list_connections(caller, page)


@router.get("/status", summary="In short, how the connections are")
def list_statuses(caller: Viewer, page: Turn) -> Listing[ConnectionStatus]:
    """Tell per connection, in one word and one sentence, whether it works; nothing is called."""
    return health.list_statuses(caller, page)


@router.get("/health", summary="How the connections are")
def list_health(caller: Viewer, page: Turn) -> Listing[ConnectionHealth]:
    """Tell all that is known of the connections from their last check, runs and webhooks; nothing is called."""
    return health.list_health(caller, page)


@router.post("/woocommerce", summary="Connect a shop", status_code=201, responses=refusals(409))
def connect_woocommerce(caller: Keeper, wanted: WooCommerceShop) -> Connection:
    """Connect a WooCommerce shop, or connect it anew under the same name, once it has answered a real call."""
    return integrations.make_connection(caller, wanted.candidate())


@router.post("/supabase", summary="Connect a warehouse", status_code=201, responses=refusals(409))
def connect_supabase(caller: Keeper, wanted: SupabaseDatabase) -> Connection:
    """Connect a Supabase project or any other Postgres as a warehouse, once it has answered a real call."""
    return integrations.make_connection(caller, wanted.candidate())


@router.post("/quickbooks", summary="Connect a company by its tokens", status_code=201, responses=refusals(409))
def connect_quickbooks(caller: Keeper, wanted: QuickBooksCompany) -> Connection:
    """Connect a QuickBooks Online company by a refresh token that you have; people are better off with `authorize`."""
    return integrations.make_connection(caller, wanted.candidate())


@router.post("/quickbooks/authorize", summary="Ask for a company's consent", responses=refusals(409))
def authorize(caller: Keeper, wanted: ConsentWish) -> ConsentLink:
    """Give the address at which a company's owner lets us in, once, within ten minutes.

    `redirect_uri` must stand among the redirect URIs of the app at developer.intuit.com. Without `client_id` the
    connection of this name is made anew with the app that it has.
    """
    return oauth.authorize(caller, wanted)


@router.get(
    "/quickbooks/callback",
    summary="Where Intuit sends a company's owner back to",
    response_class=HTMLResponse,
    responses=refusals(409, 503),
)
def take_consent(request: Request, answer: Annotated[ConsentAnswer, Query()]) -> Response:
    """Connect the company that was let in. It needs no token: the state is the proof, and counts once.

    Who asks for `text/html`, as browsers do, is told of a refusal by a page too.
    """
    address, request_id = origin_of(request)
    try:
        made = oauth.complete(
            request.app.state.engine,
            answer,
            arrived_at=f"{settings().service_url}{oauth.CALLBACK}",
            address=address,
            request_id=request_id,
        )
    except (Refusal, ConnectorError) as error:
        refused = problem_of(request.scope, error)
        if "text/html" not in request.headers.get("Accept", ""):
            return refused
        return page_of("Not connected", json.loads(bytes(refused.body))["detail"], refused.status_code)
    return page_of("Connected", f"{made.name} is connected to the company {made.address}.")


def page_of(title: str, sentence: str, status: int = HTTPStatus.OK) -> Response:
    """Make a small page for people."""
    return HTMLResponse(PAGE.format(title=escape(title), sentence=escape(sentence)), status, PAGE_HEADERS)


@router.post("/reencrypt", summary="Seal all credentials with the present key")
def reencrypt(caller: Keeper) -> Reencrypted:
    """Seal the tenant's credentials anew that a former key of the installation sealed, so that it can be given up."""
    return credentials.reencrypt(caller)


@router.get("/{name}", summary="One connection", responses=refusals(404))
def show_connection(caller: Viewer, name: ConnectionName) -> Connection:
    """Show a connection; never its credentials."""
    return integrations.show_connection(caller, name)


@router.delete("/{name}", summary="Disconnect", status_code=204, responses=refusals(404))
def disconnect(caller: Keeper, name: ConnectionName, access: Literal["revoke", "keep"] = "revoke") -> None:
    """Remove a connection with its credentials; what it wrote and what is linked stays, what was confirmed does not.

    The access to a company is given back at Intuit first, unless it is to be kept; that helps when Intuit is away.
    """
    credentials.disconnect(caller, name, revoke=access == "revoke")


@router.get("/{name}/status", summary="In short, how a connection is", responses=refusals(404))
def show_status(caller: Viewer, name: ConnectionName) -> ConnectionStatus:
    """Tell in one word and one sentence whether a connection works; nothing is called."""
    return health.status(caller, name)


@router.get("/{name}/health", summary="How a connection is", responses=refusals(404))
def show_health(caller: Viewer, name: ConnectionName) -> ConnectionHealth:
    """Tell all that is known of a connection from its last check, runs and webhooks; nothing is called."""
    return health.health(caller, name)


@router.post("/{name}/test", summary="Test a connection", responses=refusals(404))
def try_connection(caller: Runner, name: ConnectionName) -> ConnectionHealth:
    """Ask the other side right now; `works` tells whether it answered, `sentence` what is wrong and what to do."""
    return health.try_connection(caller, name)


@router.post("/{name}/enable", summary="Switch a connection on", responses=refusals(404))
def enable(caller: Keeper, name: ConnectionName) -> Connection:
    """Let a connection be used once it has answered a real call; else it stays switched off."""
    return integrations.enable(caller, name)


@router.post("/{name}/disable", summary="Switch a connection off", responses=refusals(404))
def disable(caller: Keeper, name: ConnectionName) -> Connection:
    """Refuse all runs of a connection from now on, before anything is read; what is queued waits."""
    return integrations.disable(caller, name)


@router.put("/{name}/credentials", summary="Rotate credentials", responses=refusals(404, 409))
def rotate(caller: Keeper, name: ConnectionName, given: Credentials) -> Connection:
    """Put new secrets in place of the old ones once they have proved to work; else nothing changes."""
    return credentials.rotate(caller, name, given)


@router.get("/{name}/posting", summary="The posting policy of books", responses=refusals(404))
def read_policy(caller: Viewer, name: ConnectionName) -> PostingPolicy:
    """Show what orders become in a set of books."""
    return integrations.read_policy(caller, name)


@router.put("/{name}/posting", summary="Change the posting policy of books", responses=refusals(404))
def change_policy(caller: Keeper, name: ConnectionName, chosen: PolicyWish) -> PostingPolicy:
    """Choose what orders become in a set of books; the next run goes by it."""
    return integrations.change_policy(caller, name, chosen.model_dump(mode="json", exclude_unset=True))


@router.post("/{name}/posting/suggest", summary="Suggest a posting policy", responses=refusals(404))
def suggest_policy(caller: Keeper, name: ConnectionName, wanted: SuggestionWish) -> PostingPolicy:
    """Pair the tax rates of a shop with the tax codes of the books, for a bookkeeper to look at; changes nothing."""
    return suggestion.suggest_policy(caller, name, wanted)
