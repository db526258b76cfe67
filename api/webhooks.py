"""/api/webhooks: where shops and books tell what changed, and how these webhooks are looked after."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.bodies import raw_body
from api.callers import allowed
from api.description import refusals
from domain.access import Permission
from domain.keys import ConnectionName
from domain.listing import Listing, PageRequest
from operations import arrivals, registration, webhooks
from operations.arrivals import Accepted, Delivery
from operations.caller import Caller
from operations.webhook_views import ArrivalView, Statistics, Webhooks, WebhookSwitch

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

Raw = Annotated[bytes, Depends(raw_body)]
Given = Annotated[str, Header(max_length=1000)]
Viewer = Annotated[Caller, allowed(Permission.VIEW)]
Runner = Annotated[Caller, allowed(Permission.RUN_SYNC)]
Keeper = Annotated[Caller, allowed(Permission.MANAGE_SETTINGS)]


class Verifier(BaseModel):
    """The verifier token of the Intuit app, as developer.intuit.com shows it under Webhooks."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "3a6ff1c8-0f3e-4f6b-9d0c-6d1f0a6f5a11"}]}
    )

    token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Span(BaseModel):
    """How far to look back."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=webhooks.DAYS, ge=1, le=366, description="So many days, today among them.")


def body_of(*media_types: str, example: object) -> dict[str, Any]:
    """Describe a body that is taken as it comes, because its bytes are signed."""
    content: dict[str, Any] = {name: {"schema": {}} for name in media_types}
    content[media_types[0]]["example"] = example
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/woocommerce/{public_id:uuid}",
    summary="A shop tells what changed",
    responses=refusals(401, 404, 409, 503),
    openapi_extra=body_of(
        "application/json", "application/x-www-form-urlencoded",
        example={"id": 528, "status": "processing", "date_modified_gmt": "2026-11-23T12:56:41"},
    ),
)  # fmt: skip
def take_delivery(
    request: Request,
    public_id: UUID,
    body: Raw,
    x_wc_webhook_topic: Given = "",
    x_wc_webhook_signature: Given = "",
    content_type: Given = "",
) -> Accepted:
    """Take a delivery of WooCommerce: it needs no token, but the signature of the shop's own secret.

    The greeting with which WordPress tries an address is unsigned and changes nothing. What is taken is stored before
    the answer, and synced at once by the listener. 401: forged or not whole; 409: overtaken long ago.
    """
    delivery = Delivery(x_wc_webhook_topic, x_wc_webhook_signature, content_type, body)
    return arrivals.accept_woocommerce(request.app.state.engine, public_id, delivery)


@router.post(
    "/quickbooks",
    summary="QuickBooks tells what changed",
    responses=refusals(401, 409, 503),
    openapi_extra=body_of(
        "application/json",
        example=[
            {
                "specversion": "1.0", "id": "88cd52aa-33b6-4351-9aa4-47572edbd068", "source": "intuit.dsnBgbseACLL",
                "type": "qbo.invoice.updated.v1", "time": "2026-11-23T12:56:41.123456789Z", "intuitentityid": "145",
                "intuitaccountid": "9341453", "data": {},
            }
        ],
    ),
)  # fmt: skip
def take_events(request: Request, body: Raw, intuit_signature: Given = "") -> Accepted:
    """Take what Intuit tells, in its former format or as CloudEvents, of one or several companies at once.

    It counts for those companies whose connection has the verifier token that it is signed with; for none: 401.
    """
    return arrivals.accept_quickbooks(request.app.state.engine, intuit_signature, body)


@router.get("", summary="How the webhooks stand")
def list_webhooks(caller: Viewer, page: Annotated[PageRequest, Query()]) -> Listing[Webhooks]:
    """Give, for every shop and set of books, whether its webhooks work, what came last and how much was missed."""
    return webhooks.list_webhooks(caller, page)


@router.put("", summary="Switch webhooks on or off")
def switch(caller: Keeper, wanted: WebhookSwitch) -> WebhookSwitch:
    """Let the tenant's webhooks count, or not: what comes then is answered and noted, and left to the schedules."""
    return webhooks.switch(caller, is_on=wanted.is_on)


@router.get("/{connection}", summary="The webhooks of one connection", responses=refusals(404))
def show_webhooks(caller: Viewer, connection: ConnectionName) -> Webhooks:
    """Give how they stand; nobody is asked for it."""
    return webhooks.show_webhooks(caller, connection)


@router.get("/{connection}/arrivals", summary="What a connection told", responses=refusals(404))
def list_arrivals(
    caller: Viewer, connection: ConnectionName, page: Annotated[PageRequest, Query()]
) -> Listing[ArrivalView]:
    """Give what was told and what became of it, the last first."""
    return webhooks.list_arrivals(caller, connection, page)


@router.get("/{connection}/statistics", summary="How much came, and how much was missed", responses=refusals(404))
def show_statistics(caller: Viewer, connection: ConnectionName, span: Annotated[Span, Query()]) -> Statistics:
    """Give counts by day, delays, and the share of changes of which no webhook told."""
    return webhooks.statistics(caller, connection, span.days)


@router.post("/{connection}/register", summary="Set up the webhooks of a shop", responses=refusals(404, 409))
def register(caller: Keeper, connection: ConnectionName) -> Webhooks:
    """Make our webhooks in the shop, or mend them; may be repeated. The shop's key needs the permission Read/Write."""
    return registration.register(caller, connection)


@router.post("/{connection}/check", summary="Look after the webhooks of a shop", responses=refusals(404, 409))
def check(caller: Runner, connection: ConnectionName) -> Webhooks:
    """Ask the shop for our webhooks, mend what it disabled or lost, and say what is still amiss."""
    return registration.check(caller, connection)


@router.post("/{connection}/rotate", summary="Give a shop another webhook secret", responses=refusals(404, 409))
def rotate(caller: Keeper, connection: ConnectionName) -> Webhooks:
    """Give the shop another secret; the former one counts for 48 hours more."""
    return registration.rotate(caller, connection)


@router.delete(
    "/{connection}", summary="Take the webhooks of a connection away", status_code=204, responses=refusals(404)
)
def unregister(caller: Keeper, connection: ConnectionName) -> None:
    """Remove our webhooks from the shop and forget their secret; of books only the verifier token is forgotten."""
    registration.unregister(caller, connection)


@router.put("/{connection}/verifier", summary="Set the verifier token of books", responses=refusals(404, 409))
def set_verifier(caller: Keeper, connection: ConnectionName, verifier: Verifier) -> Webhooks:
    """Keep the verifier token with which Intuit signs; the former one counts for 48 hours more."""
    return webhooks.set_verifier(caller, connection, verifier.token)
