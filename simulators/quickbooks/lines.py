"""The lines of a sales document: checked, numbered, in the order QuickBooks gives them."""

from decimal import Decimal

import msgspec

from simulators.quickbooks.company import SHIPPING_ITEM, Body, Company
from simulators.quickbooks.numbers import ZERO, money, plain
from simulators.quickbooks.refusals import Problem, Refusal, business, missing, refusal
from simulators.quickbooks.seeds import DISCOUNTS

_LINES = 750
_SALE, _DISCOUNT, _NOTE = "SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly"


class Lines(msgspec.Struct):
    """A document's lines: what is sold or noted, the shipping, the discount; and the sum of what is sold."""

    items: list[Body]
    shipping: list[Body]
    discount: Body | None
    subtotal: Decimal

    @property
    def taxables(self) -> list[Body]:
        """The lines that count, and may carry tax."""
        return [line for line in (*self.items, *self.shipping) if _counts(line)]

    @property
    def discounted(self) -> Decimal:
        """The discount, positive."""
        return self.discount["Amount"] if self.discount else ZERO

    @property
    def net(self) -> Decimal:
        """The sum before tax."""
        return self.subtotal - self.discounted + sum((line["Amount"] for line in self.shipping), ZERO)

    def add_up(self, currency: str) -> None:
        """Sum the items anew, and take a discount in percent of that."""
        self.subtotal = money(sum((line["Amount"] for line in self.items if _counts(line)), ZERO), currency)
        if self.discount and self.discount[_DISCOUNT]["PercentBased"]:
            # Captured: 1 % of 25999.80 is 260.00.
            percent = self.discount[_DISCOUNT]["DiscountPercent"]
            self.discount["Amount"] = money(self.subtotal * percent / 100, currency)

    def shown(self) -> list[Body]:
        """Items, SubTotal, discount, shipping (captured: a RefundReceipt with all of them; SubTotal without Id)."""
        subtotal = {"Amount": self.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        return [*self.items, subtotal, *([self.discount] if self.discount else []), *self.shipping]


def lay_out(company: Company, sent: list[Body], currency: str, old: list[Body]) -> Lines:
    """Check the lines of a body and put them in order; ``old`` are those it had. Raises Refusal."""
    if len(sent) > _LINES:
        raise business(f"A transaction has at most {_LINES} lines.")
    lines = Lines([], [], None, ZERO)
    for line in sent:
        _place(company, lines, line, currency)
    if not lines.items and not lines.shipping:
        # The echo of a document's own SubTotal line is no line to sell anything with.
        raise Refusal(missing("Line"))
    _number(company, lines.items, old)
    lines.add_up(currency)
    return lines


def _place(company: Company, lines: Lines, line: Body, currency: str) -> None:
    match line["DetailType"]:
        case "SubTotalLineDetail":
            return
        case "GroupLineDetail":
            raise refusal("5030", "Bundles are not part of this twin.")
        case "DescriptionOnly":
            lines.items.append({**_kept(line), "Amount": ZERO, "DetailType": _NOTE, "DescriptionLineDetail": {}})
        case "DiscountLineDetail":
            if lines.discount:
                raise business("A transaction has one discount line at most.")
            lines.discount = _discount(company, line, currency)
        case _:
            made = _sale(company, line, currency)
            reference = made[_SALE].get("ItemRef", {}).get("value")
            (lines.shipping if reference == SHIPPING_ITEM else lines.items).append(made)


def _sale(company: Company, line: Body, currency: str) -> Body:
    if "Amount" not in line:
        raise Refusal(missing("Amount", "Line.Amount"))
    detail = dict(line.get(_SALE, {}))
    shipping = detail.get("ItemRef", {}).get("value") == SHIPPING_ITEM
    if shipping and not company.setup.shipping:
        raise business("Shipping is turned off in the company's sales settings.")
    amount = money(line["Amount"], currency)
    if "UnitPrice" in detail and "Qty" in detail and money(detail["UnitPrice"] * detail["Qty"], currency) != amount:
        raise refusal(
            "6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']:,}", "Line.Amount"
        )
    for name in ("UnitPrice", "Qty"):
        if name in detail:
            detail[name] = plain(detail[name])
    if "TaxInclusiveAmt" in detail:
        detail["TaxInclusiveAmt"] = money(detail["TaxInclusiveAmt"], currency)
    # Captured: a shipping line comes back without line id, quantity and price.
    kept = {} if shipping else _kept(line)
    return {**kept, "Amount": amount, "DetailType": _SALE, _SALE: detail}


def _discount(company: Company, line: Body, currency: str) -> Body:
    if not company.setup.discounts:
        raise business("Discounts are turned off in the company's sales settings.")
    detail = dict(line.get(_DISCOUNT, {}))
    percent = detail.get("PercentBased", False)
    if ("DiscountPercent" not in detail) if percent else ("Amount" not in line):
        raise refusal("6090", "A discount amount or percent is required.")
    if line.get("Amount", ZERO) < 0:
        raise Refusal(Problem("2290", "Negative amounts aren't supported on transaction lines."))
    detail = {"PercentBased": percent, **detail}
    if "DiscountPercent" in detail:
        detail["DiscountPercent"] = plain(detail["DiscountPercent"])
    detail.setdefault("DiscountAccountRef", {"value": DISCOUNTS})
    amount = ZERO if percent else money(line["Amount"], currency)
    return {"Amount": amount, "DetailType": _DISCOUNT, _DISCOUNT: detail}


def _kept(line: Body) -> Body:
    return {name: line[name] for name in ("Id", "Description") if line.get(name)}


def _counts(line: Body) -> bool:
    """A line without item is documentation only, its amount is ignored (Intuit's schema: ItemLineDetail)."""
    return _SALE in line and "ItemRef" in line[_SALE]


def _number(company: Company, items: list[Body], old: list[Body]) -> None:
    known = {line["Id"] for line in old if "Id" in line}
    highest = max((int(number) for number in known), default=0)
    for position, line in enumerate(items, 1):
        number = line.pop("Id", None)
        if number not in known or not company.switches.keeps_line_ids:
            highest += 1
            number = str(highest)
        rest = dict(line)
        line.clear()
        line.update({"Id": number, "LineNum": position, **rest})
