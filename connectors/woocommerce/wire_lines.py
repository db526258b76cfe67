"""The lines of orders and refunds as WooCommerce spells them, with the fields we need and no other."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

Text = str | None
Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class ShareWire(msgspec.Struct, gc=False):
    """An element of the taxes of a line: what one rate makes up; empty where the rate does not apply."""

    id: Id
    total: Text = ""


class ItemLineWire(msgspec.Struct, gc=False):
    """An element of line_items. Its ``price`` is a float with noise and is never read."""

    id: Id
    total: str
    total_tax: str
    name: Text = ""
    product_id: Id | None = 0
    variation_id: Id | None = 0
    quantity: Decimal | None = None
    tax_class: Text = ""
    subtotal: Text = ""
    subtotal_tax: Text = ""
    sku: Text = None
    taxes: list[ShareWire] = []


class ShippingLineWire(msgspec.Struct, gc=False):
    """An element of shipping_lines."""

    id: Id
    total: str
    total_tax: str
    method_title: Text = ""
    method_id: Text = ""
    taxes: list[ShareWire] = []


class FeeLineWire(msgspec.Struct, gc=False):
    """An element of fee_lines; negative when a gateway or plugin uses it as a discount."""

    id: Id
    total: str
    total_tax: str
    name: Text = ""
    tax_class: Text = ""
    taxes: list[ShareWire] = []


class TaxLineWire(msgspec.Struct, gc=False):
    """An element of tax_lines."""

    id: Id
    tax_total: str
    shipping_tax_total: str
    rate_code: Text = ""
    rate_id: Id | None = 0
    label: Text = ""


class CouponLineWire(msgspec.Struct, gc=False):
    """An element of coupon_lines."""

    id: Id
    discount: str
    discount_tax: str
    code: Text = ""
