"""Which systems can be read and written, and how a connection to each is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from connectors.supabase.connector import open_supabase
from connectors.woocommerce.connector import open_woocommerce
from domain.connector import Reads, Writes
from domain.keys import ConnectionName, System, TenantName

Settings = Mapping[str, object]
Credentials = Mapping[str, str]

SOURCES: dict[System, Callable[[TenantName, ConnectionName, Settings, Credentials], AbstractContextManager[Reads]]] = {
    System.WOOCOMMERCE: open_woocommerce,
}
TARGETS: dict[System, Callable[[TenantName, ConnectionName, Settings, Credentials], AbstractContextManager[Writes]]] = {
    System.SUPABASE: open_supabase,
}
