"""What a refund takes back: the lines it names, or its amount split like the order it belongs to."""

from __future__ import annotations

from decimal import Decimal

from domain.records import Order, Refund
from mapping.posting_lines import (
    ZERO,
    Charge,
    Helper,
    Sale,
    cents,
    charges_of,
    close,
    helper_charge,
    read_order,
    refuse_wild_amounts,
    spread,
    taxes_of,
)
from mapping.posting_policy import PostingPolicy, RefundTax

Rates = frozenset[str]


def read_refund(refund: Refund, order: Order, policy: PostingPolicy) -> Sale:
    """Give what the refund takes back, as positive amounts that come to its amount; raises Refusal."""
    refuse_wild_amounts(refund.amount, lines=refund.lines)
    charges = tuple(charge for charge in charges_of(refund.lines, -1) if charge.amount or charge.is_taxed)
    if charges:
        return _read_lines(refund, charges, policy)
    if policy.refund_tax is RefundTax.AS_ORDER and order.total_tax and order.total > 0:
        return _in_proportion(refund, read_order(order, policy), policy)
    return Sale((_adjustment(refund.amount, policy),), {}, {}, ZERO, refund.amount)


def _read_lines(refund: Refund, charges: tuple[Charge, ...], policy: PostingPolicy) -> Sale:
    by_rate = taxes_of(refund.lines, -1)
    stated = by_rate.values() or [-line.total_tax for line in refund.lines]
    tax = cents(sum(stated, ZERO))
    missing = refund.amount - sum((charge.amount for charge in charges), ZERO) - tax
    # The amount was given back whatever the lines come to: the shop lets its owner type any amount.
    if abs(missing) > policy.tolerance:
        charges += (_adjustment(missing, policy),)
    return close(charges, refund.lines, -1, tax, refund.amount, policy)


def _adjustment(amount: Decimal, policy: PostingPolicy) -> Charge:
    return helper_charge(Helper.REFUND, amount, policy.refund_item)


def _in_proportion(refund: Refund, sale: Sale, policy: PostingPolicy) -> Sale:
    nets: dict[Rates, Decimal] = {}
    shares: dict[Rates, dict[str, Decimal]] = {}
    for charge in sale.charges:
        rates = frozenset(charge.shares)
        nets[rates] = nets.get(rates, ZERO) + charge.amount
        group = shares.setdefault(rates, {})
        for rate, share in charge.shares.items():
            group[rate] = group.get(rate, ZERO) + share
    parts = spread(refund.amount, {**nets, **sale.taxes})
    charges = tuple(
        helper_charge(Helper.REFUND, parts[rates], policy.refund_item, shares[rates])
        for rates in nets
        if parts[rates] or any(shares[rates].values())
    )
    taxes = {rate: parts[rate] for rate in sale.taxes}
    return Sale(charges, taxes, sale.rate_names, sum(taxes.values(), ZERO), refund.amount)
