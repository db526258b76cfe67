"""Refunds: what is left of an order, and the refund as the API shows it."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from simulators.woocommerce import php
from simulators.woocommerce.shop import Entry, Shop

_CENT = Decimal("0.01")


class Refund(msgspec.Struct, frozen=True):
    """A new refund: its text, its amount, and the line that stands in the order's ``refunds``."""

    body: bytes
    amount: Decimal
    summary: dict[str, Any]


def remaining(order: Entry) -> Decimal:
    """What can still be refunded of an order."""
    refunds = php.decode(php.split(order.body)["refunds"])
    return Decimal(order.facts.total) + sum((Decimal(refund["total"]) for refund in refunds), Decimal())


def refund_of(
    shop: Shop, order: Entry, amount: str | None, reason: str, lines: list[dict[str, Any]], stamps: dict[str, str]
) -> Refund:
    """A refund of ``amount``, or of all that is left; raises ValueError when that is more than what is left.

    Shape: the recorded refunds. ``amount`` is positive, quantities and totals of lines are negative, a refund by amount
    alone has no lines and no tax. ``lines`` are as the API takes them: id, quantity, refund_total, refund_tax.
    """
    left = remaining(order)
    value = left if amount is None else _money(amount)
    # The sentence is WooCommerce's own (recorded: 500-refund-too-high).
    if not 0 <= value <= left:
        raise ValueError("Invalid refund amount.")
    number = shop.next_id("refunds")
    kind = {"id": shop.inner_id(), "key": "_refund_type", "value": "full" if value == left else "partial"}
    items = _negated(shop, order, lines)
    body: dict[str, Any] = {
        "id": number, "parent_id": order.facts.id, **stamps, "amount": str(value), "reason": reason, "refunded_by": 1,
        "refunded_payment": False, "meta_data": [kind], "line_items": items, "shipping_lines": [], "tax_lines": [],
        "fee_lines": [], "_links": _links(order, number),
    }  # fmt: skip
    tax = sum((Decimal(item["total_tax"]) for item in items), Decimal("0.00"))
    summary = {"id": number, "reason": reason, "total": str(-value), "total_tax": str(tax)}
    return Refund(php.encode(body), value, summary)


def _links(order: Entry, number: int) -> dict[str, Any]:
    address = php.decode(php.split(order.body)["_links"])["self"][0]["href"]
    return {
        "self": [{"href": f"{address}/refunds/{number}", "targetHints": {"allow": ["GET", "DELETE"]}}],
        "collection": [{"href": f"{address}/refunds"}],
        "up": [{"href": address}],
    }


def _money(amount: str) -> Decimal:
    try:
        return Decimal(str(amount)).quantize(_CENT)
    except InvalidOperation as error:
        raise ValueError("Invalid refund amount.") from error


def _negated(shop: Shop, order: Entry, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The order's lines that a refund names; a line the order does not have is passed over."""
    known = {item["id"]: item for item in php.decode(php.split(order.body)["line_items"])}
    return [_negated_line(shop, known[line["id"]], line) for line in lines if line.get("id") in known]


def _negated_line(shop: Shop, origin: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """A line, negative and pointing back at its origin through ``_refunded_item_id``, as recorded."""
    parts = [(part["id"], str(-_money(part["refund_total"]))) for part in line.get("refund_tax", [])]
    total = str(-_money(line.get("refund_total", "0")))
    tax = str(sum((Decimal(amount) for _, amount in parts), Decimal("0.00")))
    reference = {"id": shop.inner_id(), "key": "_refunded_item_id", "value": str(origin["id"])}
    return origin | {
        "id": shop.inner_id(), "quantity": -int(line.get("quantity", 0)),
        "subtotal": total, "subtotal_tax": tax, "total": total, "total_tax": tax,
        "taxes": [{"id": rate, "total": amount, "subtotal": amount} for rate, amount in parts],
        "meta_data": [reference | {"display_key": reference["key"], "display_value": reference["value"]}],
    }  # fmt: skip
