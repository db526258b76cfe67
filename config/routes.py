"""Which routes there are: what each carries, between which systems."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from domain.keys import ConnectionName, Kind, System

WarehouseKind = Literal[Kind.TAX_RATE, Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND]
BooksKind = Literal[Kind.ORDER, Kind.REFUND]

RouteName = Literal["woocommerce-to-supabase", "woocommerce-to-quickbooks"]

WOOCOMMERCE_TO_SUPABASE: RouteName = "woocommerce-to-supabase"
WOOCOMMERCE_TO_QUICKBOOKS: RouteName = "woocommerce-to-quickbooks"


class RouteSpec(NamedTuple):
    """What a route carries, in the order in which it does: later kinds lean on earlier ones.

    ``target`` is the name that the target connection has unless somebody chooses another.
    """

    kinds: tuple[Kind, ...]
    source_system: System
    target_system: System
    target: ConnectionName


ROUTES: dict[str, RouteSpec] = {
    WOOCOMMERCE_TO_SUPABASE: RouteSpec(get_args(WarehouseKind), System.WOOCOMMERCE, System.SUPABASE, "warehouse"),
    WOOCOMMERCE_TO_QUICKBOOKS: RouteSpec(get_args(BooksKind), System.WOOCOMMERCE, System.QUICKBOOKS, "books"),
}


def route_between(source: System, target: System) -> str | None:
    """Give the route that leads from one system to the other, None when there is none."""
    ends = (source, target)
    return next((name for name, spec in ROUTES.items() if (spec.source_system, spec.target_system) == ends), None)
