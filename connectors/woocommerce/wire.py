"""The records of WooCommerce as its REST API v3 spells them, with the fields we need and no other.

Each type was seen in a real shop or stands in the vendor's code: amounts are text, what may be absent on older shops
has a default, and texts that plugins are known to null may be None.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from connectors.woocommerce.wire_lines import (
    CouponLineWire,
    FeeLineWire,
    Id,
    ItemLineWire,
    ShippingLineWire,
    TaxLineWire,
    Text,
)


class IdWire(msgspec.Struct, gc=False):
    """The least that every record has."""

    id: Id


class SweepWire(IdWire, gc=False):
    """A record of which only id and stamp were asked for."""

    date_modified_gmt: Text = None


class ParentWire(IdWire, gc=False):
    """An order or product of which only what tells of its refunds or variations was asked for."""

    type: str = ""
    refunds: list[IdWire] | None = None
    variations: list[Id] | None = None

    @property
    def has_children(self) -> bool:
        """Whether it can have refunds or variations; a variable product in the trash no longer names its own."""
        return bool(self.refunds or self.variations) or self.type.startswith("variable")

    def has_any(self, ids: frozenset[int]) -> bool:
        """Whether one of these may be among its refunds or variations."""
        named = {refund.id for refund in self.refunds or ()} | set(self.variations or ())
        return bool(named & ids) or (self.has_children and not named)


class AddressWire(msgspec.Struct, gc=False):
    """Billing and shipping address; the shipping one has no email, and on older shops no phone."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    email: Text = ""
    phone: Text = ""


class OrderWire(msgspec.Struct, gc=False):
    """An element of /orders."""

    id: Id
    status: str
    currency: str
    discount_total: str
    discount_tax: str
    shipping_total: str
    shipping_tax: str
    total: str
    total_tax: str
    prices_include_tax: bool
    billing: AddressWire
    shipping: AddressWire
    line_items: list[ItemLineWire]
    shipping_lines: list[ShippingLineWire]
    fee_lines: list[FeeLineWire]
    tax_lines: list[TaxLineWire]
    coupon_lines: list[CouponLineWire]
    number: Text = ""
    customer_id: Id | None = 0
    created_via: Text = ""
    payment_method: Text = ""
    payment_method_title: Text = ""
    transaction_id: Text = ""
    customer_note: Text = ""
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    date_paid_gmt: Text = None
    date_completed_gmt: Text = None


class RefundWire(msgspec.Struct, gc=False):
    """An element of /refunds; of /orders/N/refunds, which leaves parent_id out. It has no modified stamp."""

    id: Id
    amount: str
    parent_id: Id = 0
    reason: Text = ""
    refunded_by: Id | None = 0
    refunded_payment: bool = False
    date_created_gmt: Text = None
    line_items: list[ItemLineWire] = []
    shipping_lines: list[ShippingLineWire] = []
    fee_lines: list[FeeLineWire] = []
    tax_lines: list[TaxLineWire] = []


class CategoryWire(msgspec.Struct, gc=False):
    """An element of the categories of a product."""

    name: Text = ""


class ChoiceWire(msgspec.Struct, gc=False):
    """An element of the attributes of a variation."""

    name: Text = ""
    option: Text = ""


class GoodsWire(msgspec.Struct, gc=False):
    """What products and variations share; of a variation ``manage_stock`` may be the text "parent"."""

    id: Id
    status: str
    manage_stock: bool | Literal["parent"]
    stock_status: str
    name: Text = ""
    sku: Text = ""
    price: Text = ""
    regular_price: Text = ""
    sale_price: Text = ""
    tax_status: Text = ""
    tax_class: Text = ""
    permalink: Text = ""
    stock_quantity: Decimal | None = None
    low_stock_amount: Decimal | None = None
    backorders: Text = "no"
    date_created_gmt: Text = None
    date_modified_gmt: Text = None


class ProductWire(GoodsWire, gc=False, kw_only=True):
    """An element of /products."""

    type: str
    slug: Text = ""
    categories: list[CategoryWire] = []


class VariationWire(GoodsWire, gc=False, kw_only=True):
    """An element of /variations; of /products/N/variations, which leaves parent_id out."""

    parent_id: Id = 0
    attributes: list[ChoiceWire] = []


class CustomerWire(msgspec.Struct, gc=False):
    """An element of /customers; a customer who never changed anything has no modified stamp."""

    id: Id
    email: str
    billing: AddressWire
    shipping: AddressWire
    first_name: Text = ""
    last_name: Text = ""
    username: Text = ""
    role: Text = ""
    is_paying_customer: bool = False
    date_created_gmt: Text = None
    date_modified_gmt: Text = None


class TaxRateWire(msgspec.Struct, gc=False):
    """An element of /taxes; it has no stamp at all."""

    id: Id
    rate: str
    country: Text = ""
    state: Text = ""
    name: Text = ""
    priority: int = 1
    compound: bool = False
    shipping: bool = True
    tax_class: Text = msgspec.field(name="class", default="standard")
    postcodes: list[str] = []
    cities: list[str] = []
