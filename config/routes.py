"""Which routes there are, and what each carries, in the order in which it does."""

from __future__ import annotations

from typing import Literal, get_args

from domain.keys import Kind

WarehouseKind = Literal[Kind.TAX_RATE, Kind.PRODUCT, Kind.VARIATION, Kind.CUSTOMER, Kind.ORDER, Kind.REFUND]

BooksKind = Literal[Kind.ORDER, Kind.REFUND]

WOOCOMMERCE_TO_SUPABASE = "woocommerce-to-supabase"

WOOCOMMERCE_TO_QUICKBOOKS = "woocommerce-to-quickbooks"

ROUTES: dict[str, tuple[Kind, ...]] = {
    WOOCOMMERCE_TO_SUPABASE: get_args(WarehouseKind),
    WOOCOMMERCE_TO_QUICKBOOKS: get_args(BooksKind),
}
"""Later kinds lean on earlier ones."""
