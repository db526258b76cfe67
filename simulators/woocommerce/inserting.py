"""Copies of existing objects under new ids."""

import re
from typing import Any

from simulators.woocommerce import php
from simulators.woocommerce.shop import Entry, Shop

_ITEMS = ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines")


def copied(shop: Shop, kind: str, source: Entry, stamps: dict[str, str]) -> php.Slices:
    """The members of a copy of ``source`` with a new id and ``stamps``; what must be unique in a shop is unique."""
    number = shop.next_id(kind)
    slices = php.split(_readdressed(kind, source, number))
    unique: dict[str, Any] = {"id": number, **stamps}
    if kind == "orders":
        unique |= {"number": str(number), "order_key": f"wc_order_twin{number:09d}", "refunds": []}
        unique |= _renumbered(shop, slices)
    elif kind in ("products", "variations"):
        unique["sku"] = f"{source.facts.sku}-{number}" if source.facts.sku else ""
        if kind == "products":
            unique |= {"slug": f"{source.facts.slug}-{number}", "variations": []}
    elif kind == "customers":
        unique |= {"email": f"customer{number}@example.test", "username": f"customer-{number}"}
    return slices | {name: php.raw(value) for name, value in unique.items() if name in slices}


def _readdressed(kind: str, source: Entry, number: int) -> bytes:
    """The copy's links name its own address."""
    old = source.facts.id
    pattern = rb"(\\/(?:%s|order-pay)\\/)%d(?=[\"\\])" % (kind.encode(), old)
    return re.sub(pattern, rb"\g<1>%d" % number, source.body)


def _renumbered(shop: Shop, slices: php.Slices) -> dict[str, Any]:
    return {member: [item | {"id": shop.inner_id()} for item in php.decode(slices[member])] for member in _ITEMS}
