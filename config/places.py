"""Where connections lead: one name for one place, however people wrote it, whoever compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.quickbooks.settings import place_in as company_in
from connectors.supabase.settings import place_in as tables_in
from connectors.woocommerce.settings import place_in as shop_in
from domain.keys import System

_PLACES: dict[System, Callable[[Mapping[str, object]], str]] = {
    System.WOOCOMMERCE: shop_in,
    System.QUICKBOOKS: company_in,
    System.SUPABASE: tables_in,
}


def place_of(system: System, settings: Mapping[str, object]) -> str:
    """Name the shop, company or schema of a database that settings lead to; equal for no two places.

    Raises:
        Misconfigured: an address among the settings cannot be used.
    """
    return f"{system} {_PLACES[system](settings)}"


def lasting_place(system: System, settings: Mapping[str, object]) -> str:
    """Name the place as far as links hang on it: those of a warehouse move with it, so it is any warehouse."""
    return str(system) if system is System.SUPABASE else place_of(system, settings)
