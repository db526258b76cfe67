"""What an order sells or a refund takes back: charges, their tax by rate, and cents that bring them to the total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from domain.keys import Kind
from domain.money import round_amount
from domain.records import LineType, Order, OrderLine
from mapping.posting_policy import PostingPolicy
from mapping.refusal import Refusal

DECIMALS = 2
"""QuickBooks keeps amounts with two decimals in every currency."""
LIMIT = Decimal(10) ** 11
"""Amounts from here on are no amounts of a shop; QuickBooks refuses them too."""
ZERO = Decimal("0.00")
UNKNOWN_RATE = ""
"""Stands for the rate of a tax of which the shop does not say the rate."""

ItemId = tuple[Kind, str]
Choice = TypeVar("Choice")


class Helper(StrEnum):
    """What is sold besides products of the shop; each is one item of the books."""

    SHIPPING = "shipping"
    FEE = "fee"
    UNKNOWN = "unknown"
    REFUND = "refund"
    ROUNDING = "rounding"


@dataclass(frozen=True)
class Charge:
    """One line of a document: ``amount`` net of discount, ``gross`` before it, ``shares`` the unrounded tax by rate."""

    item: ItemId
    description: str
    amount: Decimal
    gross: Decimal
    quantity: Decimal | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    line: OrderLine | None = None

    @property
    def is_taxed(self) -> bool:
        """Whether any tax falls on it, be it less than a cent."""
        return any(self.shares.values())


@dataclass(frozen=True)
class Sale:
    """Charges and taxes that come to the total: the sum of the amounts plus ``tax`` is ``total``."""

    charges: tuple[Charge, ...]
    taxes: Mapping[str, Decimal]
    rate_names: Mapping[str, str]
    tax: Decimal
    total: Decimal


def helper_charge(
    helper: Helper, amount: Decimal, description: str, shares: Mapping[str, Decimal] | None = None
) -> Charge:
    """Give a charge of one of our own items."""
    return Charge(item_of(helper), description, amount, amount, shares=shares or {})


def item_of(helper: Helper) -> ItemId:
    """Name the item of the books that stands for the helper."""
    return Kind.ITEM, str(helper)


def cents(amount: Decimal) -> Decimal:
    """Round as QuickBooks keeps amounts; minus zero becomes zero."""
    return round_amount(amount, DECIMALS) + ZERO


def spread(amount: Decimal, weights: Mapping[Choice, Decimal]) -> dict[Choice, Decimal]:
    """Split a rounded amount in proportion; what rounding leaves over goes to the heaviest, so the parts add up."""
    whole = sum(weights.values(), ZERO)
    heaviest = max(weights, key=lambda choice: abs(weights[choice]))
    if not whole:
        return {choice: amount if choice == heaviest else ZERO for choice in weights}
    parts = {choice: cents(amount * weight / whole) for choice, weight in weights.items()}
    parts[heaviest] += amount - sum(parts.values(), ZERO)
    return parts


def read_order(order: Order, policy: PostingPolicy) -> Sale:
    """Give what the order sells, brought to its total; raises Refusal."""
    refuse_wild_amounts(order.total, order.total_tax, lines=order.lines)
    charges = tuple(
        charge
        for charge in charges_of(order.lines, 1)
        if charge.amount or charge.is_taxed or (charge.line and charge.line.type is LineType.PRODUCT)
    )
    return close(charges, order.lines, 1, cents(order.total_tax), order.total, policy)


def charges_of(lines: Sequence[OrderLine], sign: int) -> list[Charge]:
    """Give a charge for each product, shipping and fee line; the ``sign`` of refunds is -1."""
    by_rate = taxes_of(lines, sign)
    return [_charge(line, sign, by_rate) for line in lines if line.type not in (LineType.TAX, LineType.COUPON)]


def taxes_of(lines: Sequence[OrderLine], sign: int) -> dict[str, Decimal]:
    """Give the tax of each rate as the shop states it in its tax lines."""
    taxes: dict[str, Decimal] = {}
    for line in lines:
        if line.type is LineType.TAX:
            rate = line.rate_id or line.code
            taxes[rate] = taxes.get(rate, ZERO) + sign * (line.total + line.total_tax)
    return {rate: cents(amount) for rate, amount in taxes.items()}


def close(
    charges: tuple[Charge, ...],
    lines: Sequence[OrderLine],
    sign: int,
    tax: Decimal,
    total: Decimal,
    policy: PostingPolicy,
) -> Sale:
    """Bring charges and taxes to the tax and the total that the shop states, by no more than the tolerance."""
    taxes = _close_taxes(taxes_of(lines, sign) or _sum_shares(charges), tax, policy)
    missing = total - sum((charge.amount for charge in charges), ZERO) - tax
    if abs(missing) > policy.tolerance:
        raise Refusal(
            "sum_differs",
            f"Lines and tax come to {total - missing}, but the shop states a total of {total}.",
            "Correct the lines of the order in the shop, or post it by hand.",
        )
    if missing:
        charges += (helper_charge(Helper.ROUNDING, missing, policy.rounding_item),)
    return Sale(charges, taxes, {line.rate_id or line.code: line.name for line in lines}, tax, total)


def refuse_wild_amounts(*amounts: Decimal, lines: Iterable[OrderLine]) -> None:
    """Raise Refusal when an amount is out of reach, or one of those named has more decimals than books keep."""
    parts = [part for line in lines for part in (line.total, line.total_tax, line.subtotal or ZERO)]
    shares = [share.amount for line in lines for share in line.taxes]
    # Not abs(): it rounds, and overflows where the number is absurd.
    if any(amount.copy_abs() >= LIMIT for amount in (*amounts, *parts, *shares)):
        raise Refusal("amount_too_large", f"An amount is {LIMIT:f} or more.", "Correct the order in the shop.")
    if any(amount != cents(amount) for amount in amounts):
        raise Refusal(
            "too_many_decimals",
            f"QuickBooks keeps {DECIMALS} decimals and the shop states {amounts[0]}.",
            f"Let the shop use {DECIMALS} decimals, or post this by hand.",
        )


def _charge(line: OrderLine, sign: int, by_rate: Mapping[str, Decimal]) -> Charge:
    amount = cents(sign * line.total)
    # What is given back was paid after discount, so a refund shows none.
    gross = amount if line.subtotal is None or sign < 0 else cents(line.subtotal)
    quantity = line.quantity if line.quantity is None or sign > 0 else line.quantity.copy_negate()
    return Charge(item_of_line(line), line.name, amount, gross, quantity, _shares(line, sign, by_rate), line)


def item_of_line(line: OrderLine) -> ItemId:
    """Name the item of the books that a product, shipping or fee line is sold as."""
    if line.type is LineType.SHIPPING:
        return item_of(Helper.SHIPPING)
    if line.type is LineType.FEE:
        return item_of(Helper.FEE)
    if line.product_id is None:
        return item_of(Helper.UNKNOWN)
    return (Kind.VARIATION, line.variation_id) if line.variation_id else (Kind.PRODUCT, line.product_id)


def _shares(line: OrderLine, sign: int, by_rate: Mapping[str, Decimal]) -> dict[str, Decimal]:
    shares: dict[str, Decimal] = {}
    for share in line.taxes:
        shares[share.rate_id] = shares.get(share.rate_id, ZERO) + sign * share.amount
    if any(shares.values()) or not line.total_tax:
        return shares
    # Some tax plugins state the tax of a line but not of which rates: those of the whole order, then.
    whole = sum(by_rate.values(), ZERO)
    if not whole:
        return {UNKNOWN_RATE: sign * line.total_tax}
    return {rate: sign * line.total_tax * amount / whole for rate, amount in by_rate.items()}


def _sum_shares(charges: Iterable[Charge]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for charge in charges:
        for rate, share in charge.shares.items():
            sums[rate] = sums.get(rate, ZERO) + share
    return {rate: cents(amount) for rate, amount in sums.items()}


def _close_taxes(taxes: dict[str, Decimal], tax: Decimal, policy: PostingPolicy) -> dict[str, Decimal]:
    if tax < 0:
        raise Refusal("negative_tax", f"The tax is negative: {tax}.", "Post this by hand.")
    if not taxes:
        return {UNKNOWN_RATE: tax} if tax else {}
    missing = tax - sum(taxes.values(), ZERO)
    if abs(missing) > policy.tolerance:
        raise Refusal(
            "tax_differs",
            f"The taxes by rate come to {tax - missing}, but the shop states {tax}.",
            "Correct the taxes of the order in the shop, or post it by hand.",
        )
    heaviest = max(taxes, key=lambda rate: abs(taxes[rate]))
    return taxes | {heaviest: taxes[heaviest] + missing}
