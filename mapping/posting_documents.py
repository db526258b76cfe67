"""The bodies of sales documents and payments, as QuickBooks spells them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from domain.books import Company
from domain.keys import ConnectionName
from domain.records import Order
from mapping.engine import Mappings
from mapping.posting_entries import Entry, account_reference, customer_entry, is_plausible, item_entries, unit_price_of
from mapping.posting_lines import ZERO, Charge, ItemId, Sale
from mapping.posting_policy import DiscountForm, PostingPolicy
from mapping.posting_tax import tax_sale
from mapping.refusal import Refusal

NUMBER_LENGTH = 21
DESCRIPTION_LENGTH = 4000
MOST_LINES = 750


def document_number(prefix: str, number: str) -> str:
    """Give the number of a document within 21 characters.

    A longer one keeps its beginning and ends in ``~`` and a print of the whole, so no two meet.
    """
    whole = prefix + number.strip()
    if len(whole) <= NUMBER_LENGTH:
        return whole
    mark = "~" + hashlib.blake2b(whole.encode(errors="replace"), digest_size=4).hexdigest()
    return whole[: NUMBER_LENGTH - len(mark)] + mark


def day_of(moment: datetime | None, policy: PostingPolicy) -> date:
    """Give the day on which the moment falls in the zone of the policy; raises Refusal."""
    try:
        if moment is not None:
            return moment.astimezone(policy.timezone).date()
    except OverflowError:
        pass
    raise Refusal("no_date", "The shop states no usable date.", "Set a date in the shop.")


def currency_fields(order: Order, company: Company) -> dict[str, object]:
    """Give the currency of a document where it is not that of the books."""
    return {} if order.currency == company.home_currency else {"CurrencyRef": {"value": order.currency}}


def sale_entries(
    sale: Sale, order: Order, source: ConnectionName, policy: PostingPolicy, company: Company, mappings: Mappings
) -> tuple[tuple[Entry, ...], dict[str, object]]:
    """Give the helpers of a sale and the part of its document that posting decides; raises Refusal."""
    if not sale.charges:
        raise Refusal("no_lines", f"There is no line to carry the total of {sale.total}.", "Post it by hand.")
    customer = customer_entry(order, source, policy, company, mappings)
    items = item_entries(sale.charges, source, policy, company, mappings)
    taxation = tax_sale(sale, policy, company)
    discount = _discount(sale, policy, company)
    lines = [
        _line(charge, charge.gross if discount else charge.amount, items, code)
        for charge, code in zip(sale.charges, taxation.codes, strict=True)
    ]
    if discount:
        lines.append(_discount_line(discount, policy, company))
    if len(lines) > MOST_LINES:
        raise Refusal(
            "too_many_lines", f"QuickBooks takes {MOST_LINES} lines, this has {len(lines)}.", "Post it by hand."
        )
    body = {"CustomerRef": customer.ref, "Line": lines, **currency_fields(order, company), **taxation.fields}
    return (customer, *items.values()), body


def _discount(sale: Sale, policy: PostingPolicy, company: Company) -> Decimal:
    if policy.discounts is DiscountForm.NET_LINES:
        return ZERO
    # A line sold above its price would make the discount negative, which QuickBooks refuses: lines are net then.
    discount = max(ZERO, sum((charge.gross - charge.amount for charge in sale.charges), ZERO))
    if discount and not company.allows_discount:
        raise Refusal(
            "discount_off",
            "The order has a discount, but discounts are switched off in the books.",
            "Switch on Discount in QuickBooks (Account and settings, Sales), or set discounts to net_lines.",
        )
    return discount


def _discount_line(amount: Decimal, policy: PostingPolicy, company: Company) -> dict[str, object]:
    detail: dict[str, object] = {"PercentBased": False}
    if policy.discount_account:
        detail["DiscountAccountRef"] = account_reference(company, policy.discount_account, "discount_account")
    return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def _line(charge: Charge, amount: Decimal, items: Mapping[ItemId, Entry], code: str | None) -> dict[str, object]:
    detail: dict[str, object] = {"ItemRef": items[charge.item].ref}
    description = charge.description
    price = unit_price_of(amount, charge.quantity)
    if price is not None and charge.quantity is not None:
        detail |= {"Qty": charge.quantity, "UnitPrice": price}
    elif charge.quantity is not None and is_plausible(charge.quantity):
        description = f"{charge.quantity.normalize():f} × {description}"
    if code is not None:
        detail["TaxCodeRef"] = {"value": code}
    line: dict[str, object] = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    text = " ".join(description.split())[:DESCRIPTION_LENGTH]
    return ({"Description": text} if text else {}) | line
