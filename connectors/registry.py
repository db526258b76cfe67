"""Which systems can be read and written, and how a connection to each is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from connectors.http import Patience
from connectors.quickbooks.connector import open_quickbooks
from connectors.supabase.connector import open_supabase
from connectors.woocommerce.connector import open_woocommerce
from connectors.woocommerce.webhooks import ShopWebhooks, open_shop_webhooks
from db.connection_memory import ConnectionMemory
from domain.connector import Reads, Writes
from domain.keys import ConnectionName, System, TenantName


class Opening(NamedTuple):
    """Everything needed to open one connection; holds credentials in clear, so it lives for a moment only.

    With ``public_only`` it may lead to public addresses and no others.
    """

    tenant: TenantName
    name: ConnectionName
    settings: Mapping[str, object]
    credentials: Mapping[str, str]
    memory: ConnectionMemory
    public_only: bool
    patience: Patience = Patience()

    def __repr__(self) -> str:
        return f"Opening(tenant={self.tenant!r}, name={self.name!r})"


SOURCES: dict[System, Callable[[Opening], AbstractContextManager[Reads]]] = {
    System.WOOCOMMERCE: lambda of: open_woocommerce(
        of.tenant,
        of.name,
        of.settings,
        of.credentials,
        patience=of.patience,
        public_only=of.public_only,
        memory=of.memory,
    ),
}
TARGETS: dict[System, Callable[[Opening], AbstractContextManager[Writes]]] = {
    System.SUPABASE: lambda of: open_supabase(
        of.tenant,
        of.name,
        of.settings,
        of.credentials,
        patience=of.patience,
        public_only=of.public_only,
        memory=of.memory,
    ),
    System.QUICKBOOKS: lambda of: open_quickbooks(
        of.tenant,
        of.name,
        of.settings,
        of.credentials,
        memory=of.memory,
        patience=of.patience,
        public_only=of.public_only,
    ),
}
WEBHOOKS: dict[System, Callable[[Opening], AbstractContextManager[ShopWebhooks]]] = {
    System.WOOCOMMERCE: lambda of: open_shop_webhooks(
        of.name, of.settings, of.credentials, patience=of.patience, public_only=of.public_only
    ),
}
