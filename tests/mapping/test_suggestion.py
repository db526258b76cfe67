from __future__ import annotations

from decimal import Decimal

from domain.books import TaxCode, TaxMode
from domain.records import TaxRate
from mapping.suggestion import suggest_tax_codes, suggest_untaxed_code
from tests.mapping.books import EUR_COMPANY


def rate(number: int, percent: str, country: str = "DE") -> TaxRate:
    return TaxRate(
        id=str(number), country=country, state="", postcodes=(), cities=(), rate=Decimal(percent), name="VAT",
        priority=1, is_compound=False, applies_to_shipping=True, tax_class="standard",
    )  # fmt: skip


def code(number: int, name: str, *percents: str, is_active: bool = True) -> TaxCode:
    shares = tuple(map(Decimal, percents))
    ids = tuple(f"{number}{place}" for place in range(len(shares)))
    total = sum(shares, Decimal(0)) if shares else None
    return TaxCode(id=str(number), name=name, rate=total, rate_ids=ids, percents=shares, is_active=is_active)


def suggested(rates: list[TaxRate], *codes: TaxCode) -> dict[str, str]:
    return suggest_tax_codes(rates, EUR_COMPANY.model_copy(update={"tax_codes": codes}))


def test_each_rate_gets_the_code_of_its_percentage() -> None:
    rates = [rate(1, "19.0000"), rate(2, "7.0000"), rate(3, "19.0000")]
    assert suggested(rates, code(5, "Standard", "19"), code(6, "Reduced", "7")) == {"1": "5", "2": "6", "3": "5"}


def test_of_several_codes_the_one_that_names_the_country_is_taken_then_the_oldest() -> None:
    rates = [rate(1, "20", "FR"), rate(2, "20", "AT"), rate(3, "20", "GB")]
    codes = (code(10, "20 %", "20"), code(9, "20 % FR", "20"), code(11, "20 % AT", "20"))
    assert suggested(rates, *codes) == {"1": "9", "2": "11", "3": "9"}


def test_a_code_of_several_rates_is_paired_with_rates_of_one_country() -> None:
    rates = [rate(14, "5", "CA"), rate(15, "9.975", "CA"), rate(16, "5", "US")]
    assert suggested(rates, code(7, "GST/QST", "5", "9.975")) == {"14+15": "7"}


def test_what_no_active_code_fits_is_left_to_the_bookkeeper() -> None:
    assert suggested([rate(1, "19")], code(5, "Retired", "19", is_active=False), code(6, "Reduced", "7")) == {}


def test_lines_without_tax_get_a_code_without_rates_where_each_line_needs_one() -> None:
    codes = (code(4, "Zero", "0"), code(12, "Exempt"))
    company = EUR_COMPANY.model_copy(update={"tax_codes": codes})
    assert suggest_untaxed_code(company) == "12"
    assert suggest_untaxed_code(company.model_copy(update={"tax_codes": codes[:1]})) == "4"
    assert suggest_untaxed_code(company.model_copy(update={"tax_mode": TaxMode.UNITED_STATES})) is None
