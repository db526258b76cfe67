"""A posting policy to begin with: what the shop's tax rates and the books' tax codes say of themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from domain.books import Company, TaxCode, TaxMode
from domain.records import TaxRate


def suggest_tax_codes(rates: Iterable[TaxRate], company: Company) -> dict[str, str]:
    """Pair the tax rates of the shop with the active tax codes of the books that have the same percentages.

    A code of several rates is paired with as many rates of one country, joined as the policy wants them: ``14+15``.
    Where several codes fit, one whose name holds the country comes first, then the one with the lowest id; a bookkeeper
    has to look at it. Rates that no code fits are left out.
    """
    fitting: dict[str, list[TaxCode]] = defaultdict(list)
    countries: dict[str, str] = {}
    by_country: dict[str, list[TaxRate]] = defaultdict(list)
    for rate in rates:
        by_country[rate.country].append(rate)
    for country, own in by_country.items():
        for code in company.tax_codes:
            for key in _matching(code, own) if code.is_active else ():
                fitting[key].append(code)
                countries[key] = country
    best = {key: _best(codes, countries[key]) for key, codes in fitting.items()}
    return {key: code.id for key, code in best.items() if code is not None}


def _matching(code: TaxCode, rates: list[TaxRate]) -> Iterator[str]:
    """Give each rate of the percentage of the code; of a code with several, the rates of these joined in its order."""
    if len(code.percents) == 1:
        yield from (rate.id for rate in rates if rate.rate == code.percents[0])
        return
    left = list(rates)
    found: list[TaxRate] = []
    for percent in code.percents:
        fits = next((rate for rate in left if rate.rate == percent), None)
        if fits is None:
            return
        left.remove(fits)
        found.append(fits)
    if found:
        yield "+".join(rate.id for rate in found)


def suggest_untaxed_code(company: Company) -> str | None:
    """Give the tax code for lines without tax where every line must carry one: one without any rate, if there is."""
    if company.tax_mode is not TaxMode.PER_LINE:
        return None
    active = [code for code in company.tax_codes if code.is_active]
    without = [code for code in active if not code.rate_ids] or [code for code in active if code.rate == Decimal(0)]
    best = _best(without, "")
    return best.id if best else None


def _best(codes: list[TaxCode], country: str) -> TaxCode | None:
    def rank(code: TaxCode) -> tuple[bool, int, str]:
        return not (country and country in code.name.split()), len(code.id), code.id

    return min(codes, key=rank, default=None)
