"""Sales tax on documents: the code of each line, and the shop's amounts in place of those the books reckon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.books import Company, TaxCode, TaxMode
from mapping.posting_lines import UNKNOWN_RATE, ZERO, Charge, Sale, spread
from mapping.posting_policy import PostingPolicy
from mapping.refusal import Refusal

TAXABLE = "TAX"
NOT_TAXABLE = "NON"


@dataclass(frozen=True)
class Taxation:
    """The tax code of each charge, in order, and the fields of the document that state the tax."""

    codes: Sequence[str | None]
    fields: Mapping[str, object] = field(default_factory=dict)


def tax_sale(sale: Sale, policy: PostingPolicy, company: Company) -> Taxation:
    """Decide codes and tax so that the document bears exactly the tax of the shop; raises Refusal."""
    if not company.has_sales_tax:
        if sale.tax:
            raise Refusal(
                "sales_tax_off",
                f"The shop charged {sale.tax} of tax, but sales tax is switched off in the books.",
                "Set up sales tax in QuickBooks.",
            )
        return Taxation([None] * len(sale.charges))
    if company.tax_mode is TaxMode.PER_LINE:
        return _tax_per_line(sale, policy, company)
    return _tax_by_flag(sale, policy, company)


def _tax_by_flag(sale: Sale, policy: PostingPolicy, company: Company) -> Taxation:
    # A TotalTax is spread over lines marked TAX and needs at least one, so a tax without a line makes all taxable.
    has_taxed_line = any(charge.is_taxed for charge in sale.charges)
    if not sale.tax and not has_taxed_line:
        return Taxation([NOT_TAXABLE] * len(sale.charges))
    codes = [TAXABLE if charge.is_taxed or not has_taxed_line else NOT_TAXABLE for charge in sale.charges]
    detail: dict[str, object] = {"TotalTax": sale.tax}
    mapped = _mapped_code(frozenset(rate for rate, amount in sale.taxes.items() if amount), policy)
    if mapped and company.tax_mode is TaxMode.UNITED_STATES:
        detail["TxnTaxCodeRef"] = {"value": mapped[1]}
    return Taxation(codes, {"TxnTaxDetail": detail})


class _BookRates:
    """Gathers what falls on each tax rate of the books while the charges are coded."""

    def __init__(self, sale: Sale, policy: PostingPolicy, company: Company) -> None:
        self.sale = sale
        self.policy = policy
        self.codes = {code.id: code for code in company.tax_codes}
        self.nets: dict[str, Decimal] = {}
        self.weights: dict[str, dict[str, Decimal]] = {}

    def add(self, charge: Charge) -> str:
        """Count the charge and give its tax code."""
        taxed = frozenset(rate for rate, share in charge.shares.items() if share)
        mapped = _mapped_code(frozenset(charge.shares), self.policy) or _mapped_code(taxed, self.policy)
        if mapped is None:
            if taxed:
                raise self._unmapped(taxed)
            return self._usable(self.policy.untaxed_tax_code).id
        rates, code_id = mapped
        code = self._usable(code_id)
        for rate, book_rate in _pair(rates, code):
            share = charge.shares.get(rate, ZERO)
            weights = self.weights.setdefault(rate, {})
            weights[book_rate] = weights.get(book_rate, ZERO) + share
        for book_rate in code.rate_ids:
            self.nets[book_rate] = self.nets.get(book_rate, ZERO) + charge.amount
        return code.id

    def amounts(self) -> dict[str, Decimal]:
        """Give the tax on each rate of the books; they add up to the tax of the sale."""
        amounts = dict.fromkeys(self.nets, ZERO)
        for rate, tax in self.sale.taxes.items():
            if rate not in self.weights and tax:
                raise self._without_line(rate, tax)
            for book_rate, part in spread(tax, self.weights[rate]).items() if tax else ():
                amounts[book_rate] += part
        return amounts

    def _usable(self, code_id: str | None) -> TaxCode:
        if code_id is None:
            raise Refusal(
                "untaxed_tax_code_missing",
                "A line has no tax, and no tax code is named for such lines.",
                "Set untaxed_tax_code in the posting policy.",
            )
        code = self.codes.get(code_id)
        if code is None or not code.is_active:
            raise Refusal(
                "tax_code_unknown",
                f"The books have no active tax code with the id {code_id}.",
                "Name another one in tax_codes or untaxed_tax_code of the posting policy.",
            )
        return code

    def _unmapped(self, rates: frozenset[str]) -> Refusal:
        if UNKNOWN_RATE in rates:
            return Refusal(
                "tax_without_rate", "A line has tax, but the shop does not say of which rate.", "Post it by hand."
            )
        key = "+".join(sorted(rates, key=lambda rate: (len(rate), rate)))
        names = ", ".join(self.sale.rate_names.get(rate) or rate for rate in key.split("+"))
        return Refusal(
            "tax_rate_unmapped",
            f"Tax rate {key} of the shop ({names}) has no tax code of the books.",
            f"Add {key} to tax_codes in the posting policy.",
        )

    def _without_line(self, rate: str, tax: Decimal) -> Refusal:
        name = self.sale.rate_names.get(rate) or rate or "unknown"
        return Refusal(
            "tax_without_line", f"The shop states {tax} of tax {name}, but no line bears that tax.", "Post it by hand."
        )


def _tax_per_line(sale: Sale, policy: PostingPolicy, company: Company) -> Taxation:
    books = _BookRates(sale, policy, company)
    codes = [books.add(charge) for charge in sale.charges]
    lines = [
        {
            "Amount": amount,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": {"value": rate},
                "PercentBased": True,
                "NetAmountTaxable": books.nets[rate],
            },
        }
        for rate, amount in books.amounts().items()
    ]
    fields: dict[str, object] = {"GlobalTaxCalculation": "TaxExcluded"}
    if lines:
        fields["TxnTaxDetail"] = {"TotalTax": sale.tax, "TaxLine": lines}
    return Taxation(codes, fields)


def _mapped_code(rates: frozenset[str], policy: PostingPolicy) -> tuple[list[str], str] | None:
    for key, code in policy.tax_codes.items() if rates else ():
        named = key.split("+")
        if frozenset(named) == rates:
            return named, code
    return None


def _pair(rates: Sequence[str], code: TaxCode) -> list[tuple[str, str]]:
    if len(code.rate_ids) == 1:
        return [(rate, code.rate_ids[0]) for rate in rates]
    if len(code.rate_ids) == len(rates):
        return list(zip(rates, code.rate_ids, strict=True))
    raise Refusal(
        "tax_code_rates_differ",
        f"Tax code {code.name} of the books has {len(code.rate_ids)} rates, but stands for {len(rates)} of the shop.",
        "Choose a tax code with as many rates in tax_codes of the posting policy.",
    )
