"""Sales tax as QuickBooks computes it: automated or plain in the US, by tax code on each line elsewhere."""

from collections import defaultdict
from decimal import Decimal

import msgspec

from simulators.quickbooks.company import SHIPPING_ITEM, Body, Company, Row
from simulators.quickbooks.lines import Lines
from simulators.quickbooks.numbers import ZERO, money
from simulators.quickbooks.refusals import Problem, Refusal, business, refusal
from simulators.quickbooks.seeds import CUSTOM_TAX

_SALE = "SalesItemLineDetail"
_HOME_COUNTRY = ("", "US", "USA", "UNITED STATES")
_COMPANY_CODE = "2"
# PHP-SDK issue 472, ruby issue 369.
_MISCALCULATED = "QuickBooks encountered an error while calculating tax. Try reselecting the tax rate or product."


class Part(msgspec.Struct):
    """Tax by one rate: what it applies to and what it comes to."""

    rate: Row
    base: Decimal
    amount: Decimal
    delta: Decimal = ZERO

    def shown(self) -> Body:
        """A TaxLine (captured in US documents)."""
        detail: Body = {
            "TaxRateRef": {"value": self.rate.id}, "PercentBased": True, "TaxPercent": self.rate.body["RateValue"],
            "NetAmountTaxable": self.base,
        }  # fmt: skip
        if self.delta:
            detail["OverrideDeltaAmount"] = self.delta
        return {"Amount": self.amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def check_line_codes(company: Company, body: Body) -> None:
    """Raises Refusal 6100 for a US line with another code than TAX or NON (Intuit: error codes)."""
    if company.setup.place.tax == "coded":
        return
    for line in body.get("Line", []):
        code = line.get(_SALE, {}).get("TaxCodeRef", {}).get("value", "NON")
        if code not in ("TAX", "NON"):
            raise refusal("6100", f"Invalid Line TaxCode in the request. Supplied value:{code}")


def tax_detail(company: Company, body: Body, lines: Lines, currency: str) -> Body | None:
    """The document's TxnTaxDetail; lines get their codes and, with gross prices, their net amounts. Raises Refusal."""
    sent = body.get("TxnTaxDetail", {})
    if company.setup.place.tax == "coded":
        return _coded(company, body, sent, lines, currency)
    for line in lines.taxables:
        line[_SALE].setdefault("TaxCodeRef", {"value": _default_code(company, body, line)})
    if sent.get("TxnTaxCodeRef", {}).get("value") == CUSTOM_TAX:
        raise refusal("6160", "The specified CustomSalesTax ID can't be used to create a transaction.")
    return _american(company, body, sent, lines, currency)


def _default_code(company: Company, body: Body, line: Body) -> str:
    """Taxable items are taxed by automated tax (Intuit blog 2017-12-11), else NON (captured: an item without tax)."""
    item = company.find("Item", line[_SALE].get("ItemRef", {}).get("value", ""))
    customer = company.find("Customer", body.get("CustomerRef", {}).get("value", ""))
    exempt = customer is not None and not customer.body["Taxable"]
    taxed = company.setup.place.tax == "automated" and item is not None and item.body["Taxable"] and not exempt
    return "TAX" if taxed else "NON"


def _american(company: Company, body: Body, sent: Body, lines: Lines, currency: str) -> Body:
    taxed = [line for line in lines.taxables if _item(line) != SHIPPING_ITEM and _line_code(line) == "TAX"]
    base = _reduced(sum((line["Amount"] for line in taxed), ZERO), body, lines, currency)
    override = sent.get("TotalTax")
    if override and not taxed:
        raise business(_MISCALCULATED)
    automated = company.setup.place.tax == "automated"
    code = _COMPANY_CODE if automated else sent.get("TxnTaxCodeRef", {}).get("value", "")
    owed = taxed and code and (not automated or _within_nexus(company, body))
    if not owed and not override:
        return {"TotalTax": ZERO}
    # A plain company needs a code to book a sent amount under; without one it takes its own.
    code = code or _COMPANY_CODE
    parts = [Part(rate, base, money(base * rate.body["RateValue"] / 100, currency)) for rate in _rates(company, code)]
    if override is not None:
        _spread(parts, money(override, currency))
    total = sum((part.amount for part in parts), ZERO)
    return {"TxnTaxCodeRef": {"value": code}, "TotalTax": total, "TaxLine": [part.shown() for part in parts]}


def _within_nexus(company: Company, body: Body) -> bool:
    """Whether the goods go to the company's own state, the only one it collects for."""
    address = body.get("ShipAddr") or body.get("BillAddr") or {}
    state = address.get("CountrySubDivisionCode") or company.setup.place.region
    return state == company.setup.place.region and address.get("Country", "").upper() in _HOME_COUNTRY


def _reduced(base: Decimal, body: Body, lines: Lines, currency: str) -> Decimal:
    """ApplyTaxAfterDiscount takes the discount's share off (Intuit's schema); absent or false leaves the base."""
    if not body.get("ApplyTaxAfterDiscount") or not lines.subtotal:
        return base
    return money(base - lines.discounted * base / lines.subtotal, currency)


def _rates(company: Company, code: str) -> list[Row]:
    row = company.find("TaxCode", code)
    details = row.body.get("SalesTaxRateList", {}).get("TaxRateDetail", []) if row else []
    return [company.tables["TaxRate"][detail["TaxRateRef"]["value"]] for detail in details]


def _spread(parts: list[Part], total: Decimal) -> None:
    """An explicit TotalTax is honoured and spread over the rates (Intuit blog 2017-12-11)."""
    if not parts:
        raise business(_MISCALCULATED)
    weights = sum((part.rate.body["RateValue"] for part in parts), ZERO) or Decimal(1)
    for part in parts[:-1]:
        part.amount = money(total * part.rate.body["RateValue"] / weights)
    parts[-1].amount = (total - sum((part.amount for part in parts[:-1]), ZERO)) or ZERO


def _coded(company: Company, body: Body, sent: Body, lines: Lines, currency: str) -> Body | None:
    how = body.get("GlobalTaxCalculation", "TaxExcluded")
    if how == "NotApplicable":
        if sent:
            raise Refusal(
                Problem("6170", "TxnTaxDetail is not allowed when GlobalTaxCalculation is set to NotApplicable.")
            )
        return None
    by_code: defaultdict[str, list[Body]] = defaultdict(list)
    for line in lines.taxables:
        code = line[_SALE].get("TaxCodeRef")
        if code is None:
            raise business(company.setup.place.untaxed_message)
        by_code[code["value"]].append(line)
    parts: list[Part] = []
    for code, members in by_code.items():
        rates = _rates(company, code)
        parts += _inclusive(rates, members, currency) if how == "TaxInclusive" else []
        parts += _exclusive(company, rates, members, body, lines, currency) if how == "TaxExcluded" else []
    if how == "TaxInclusive":
        lines.add_up(currency)
    _override(parts, sent.get("TaxLine", []), currency)
    detail: Body = {"TotalTax": sum((part.amount for part in parts), ZERO)}
    return {**detail, "TaxLine": [part.shown() for part in parts]} if parts else detail


def _exclusive(
    company: Company, rates: list[Row], members: list[Body], body: Body, lines: Lines, currency: str
) -> list[Part]:
    sold = sum((line["Amount"] for line in members if _item(line) != SHIPPING_ITEM), ZERO)
    shipped = sum((line["Amount"] for line in members if _item(line) == SHIPPING_ITEM), ZERO)
    base = _reduced(sold, body, lines, currency) + shipped
    parts = []
    for rate in rates:
        percent = rate.body["RateValue"]
        amount = money(base * percent / 100, currency)
        if company.switches.tax_rounding == "line" and base == sold + shipped:
            amount = sum((money(line["Amount"] * percent / 100, currency) for line in members), ZERO)
        parts.append(Part(rate, base, amount))
    return parts


def _inclusive(rates: list[Row], members: list[Body], currency: str) -> list[Part]:
    """Gross prices: TaxInclusiveAmt is split, and Amount is answered net (quickbooks-ruby issue 569)."""
    percent = sum((rate.body["RateValue"] for rate in rates), ZERO)
    gross = ZERO
    for line in members:
        price = line[_SALE].get("TaxInclusiveAmt", money(line["Amount"] * (100 + percent) / 100, currency))
        gross += price
        line["Amount"] = money(price * 100 / (100 + percent), currency)
        line[_SALE]["TaxInclusiveAmt"] = price
    base = sum((line["Amount"] for line in members), ZERO)
    parts = [Part(rate, base, ZERO) for rate in rates]
    if parts:
        _spread(parts, gross - base)
    return parts


def _override(parts: list[Part], sent: list[Body], currency: str) -> None:
    """A TaxLine that is sent forces the amount of its rate and shows by how much (Intuit's schema: TaxLineDetail)."""
    for line in sent:
        number = line["TaxLineDetail"]["TaxRateRef"]["value"]
        part = next((part for part in parts if part.rate.id == number), None)
        if part is None:
            raise business(_MISCALCULATED)
        amount = money(line["Amount"], currency)
        part.amount, part.delta = amount, (amount - part.amount) or ZERO


def _line_code(line: Body) -> str:
    return str(line[_SALE]["TaxCodeRef"]["value"])


def _item(line: Body) -> str:
    return str(line[_SALE].get("ItemRef", {}).get("value", ""))
