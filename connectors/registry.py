"""Which systems can be read and written, and how a connection to each is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from connectors.quickbooks.connector import open_quickbooks
from connectors.supabase.connector import open_supabase
from connectors.woocommerce.connector import open_woocommerce
from db.connection_memory import ConnectionMemory
from domain.connector import Reads, Writes
from domain.keys import ConnectionName, System, TenantName


class Opening(NamedTuple):
    """Everything needed to open one connection; holds credentials in clear, so it lives for a moment only."""

    tenant: TenantName
    name: ConnectionName
    settings: Mapping[str, object]
    credentials: Mapping[str, str]
    memory: ConnectionMemory


SOURCES: dict[System, Callable[[Opening], AbstractContextManager[Reads]]] = {
    System.WOOCOMMERCE: lambda of: open_woocommerce(of.tenant, of.name, of.settings, of.credentials),
}
TARGETS: dict[System, Callable[[Opening], AbstractContextManager[Writes]]] = {
    System.SUPABASE: lambda of: open_supabase(of.tenant, of.name, of.settings, of.credentials),
    System.QUICKBOOKS: lambda of: open_quickbooks(of.tenant, of.name, of.settings, of.credentials, memory=of.memory),
}
