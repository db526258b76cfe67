"""A posting policy to begin with, for somebody who looks after a tenant's settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from config.suggestion import suggested_policy
from domain.access import Permission
from domain.keys import ConnectionName
from mapping.posting_policy import PostingPolicy, Zone
from operations.caller import Caller
from operations.connecting import find_connection


class SuggestionWish(BaseModel):
    """From which shop the orders come, and where the company is, whose calendar tells the day of an order."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"source": "shop", "zone": "Europe/Berlin"}]}
    )

    source: ConnectionName = "shop"
    zone: Zone = "UTC"


def suggest_policy(caller: Caller, name: ConnectionName, wanted: SuggestionWish) -> PostingPolicy:
    """Pair the shop's tax rates with the tax codes of the books; asks both, and changes nothing.

    Raises:
        Unknown: one of the two connections is not there.
        Misconfigured: the connection is no set of books, or the other no shop.
        ConnectorError: shop or books do not answer.
    """
    caller.require(Permission.MANAGE_SETTINGS)
    with caller.ledger() as session:
        for connection in (wanted.source, name):
            find_connection(session, caller.tenant, connection)
    return suggested_policy(caller.tenant, wanted.source, name, zone=wanted.zone)
