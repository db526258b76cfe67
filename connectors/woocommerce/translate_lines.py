"""From the lines of orders and refunds to those of the hub: total, so a line either translates or says why not."""

from __future__ import annotations

from connectors.woocommerce.values import amount, due, plain, reference
from connectors.woocommerce.wire_lines import (
    CouponLineWire,
    FeeLineWire,
    ItemLineWire,
    ShareWire,
    ShippingLineWire,
    TaxLineWire,
)
from domain.records import LineTax, LineType, OrderLine


def item_line(wire: ItemLineWire) -> OrderLine:
    """Translate what was sold; raises Untranslatable."""
    return OrderLine(
        id=str(wire.id),
        type=LineType.PRODUCT,
        name=plain(wire.name),
        product_id=reference(wire.product_id),
        variation_id=reference(wire.variation_id),
        sku=wire.sku,
        quantity=wire.quantity,
        tax_class=wire.tax_class or "",
        subtotal=amount(wire.subtotal, "line_items.subtotal"),
        subtotal_tax=amount(wire.subtotal_tax, "line_items.subtotal_tax"),
        total=due(wire.total, "line_items.total"),
        total_tax=due(wire.total_tax, "line_items.total_tax"),
        taxes=_shares(wire.taxes, "line_items.taxes.total"),
    )


def shipping_line(wire: ShippingLineWire) -> OrderLine:
    """Translate a way of shipping; raises Untranslatable."""
    return OrderLine(
        id=str(wire.id),
        type=LineType.SHIPPING,
        name=plain(wire.method_title),
        code=wire.method_id or "",
        total=due(wire.total, "shipping_lines.total"),
        total_tax=due(wire.total_tax, "shipping_lines.total_tax"),
        taxes=_shares(wire.taxes, "shipping_lines.taxes.total"),
    )


def fee_line(wire: FeeLineWire) -> OrderLine:
    """Translate a fee; raises Untranslatable."""
    return OrderLine(
        id=str(wire.id),
        type=LineType.FEE,
        name=plain(wire.name),
        tax_class=wire.tax_class or "",
        total=due(wire.total, "fee_lines.total"),
        total_tax=due(wire.total_tax, "fee_lines.total_tax"),
        taxes=_shares(wire.taxes, "fee_lines.taxes.total"),
    )


def tax_line(wire: TaxLineWire) -> OrderLine:
    """Translate the sum of one tax rate; raises Untranslatable."""
    return OrderLine(
        id=str(wire.id),
        type=LineType.TAX,
        name=plain(wire.label),
        code=wire.rate_code or "",
        total=due(wire.tax_total, "tax_lines.tax_total"),
        total_tax=due(wire.shipping_tax_total, "tax_lines.shipping_tax_total"),
        rate_id=reference(wire.rate_id),
    )


def coupon_line(wire: CouponLineWire) -> OrderLine:
    """Translate a coupon; raises Untranslatable."""
    return OrderLine(
        id=str(wire.id),
        type=LineType.COUPON,
        name=plain(wire.code),
        code=wire.code or "",
        total=due(wire.discount, "coupon_lines.discount"),
        total_tax=due(wire.discount_tax, "coupon_lines.discount_tax"),
    )


def _shares(wires: list[ShareWire], field: str) -> tuple[LineTax, ...]:
    found = ((wire.id, amount(wire.total, field)) for wire in wires)
    return tuple(LineTax(rate_id=str(rate), amount=share) for rate, share in found if share is not None)
