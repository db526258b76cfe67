"""What a company says of itself, as the hub's Company."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from connectors.quickbooks.client import MINOR_VERSION, QuickBooksClient
from connectors.quickbooks.wire import (
    AccountWire,
    CompanyInfoWire,
    CurrencyPrefsWire,
    Entity,
    PreferencesWire,
    TaxCodeWire,
    TaxRateWire,
)
from domain.books import Account, Company, TaxCode, TaxMode
from domain.connector import Vitals
from domain.errors import Misconfigured, Unavailable

Wire = TypeVar("Wire")

ALL = "Active in (true, false)"
# Since autumn 2025 addresses name countries by three letters (Intuit's blog); the company itself may follow.
_UNITED_STATES = ("US", "USA")


def ask_company(client: QuickBooksClient) -> Company:
    """Ask the company for all that posting depends on: five calls while its lists have under a thousand rows each."""
    info = ask_info(client)
    preferences = _converted(client.read("preferences", "Preferences"), PreferencesWire)
    rates = {rate.Id: rate.RateValue for rate in _all(client.query("TaxRate", [ALL]), TaxRateWire)}
    codes = _all(client.query("TaxCode", [ALL]), TaxCodeWire)
    accounts = _all(client.query("Account", [ALL]), AccountWire)
    closed = preferences.AccountingInfoPrefs.BookCloseDate
    currencies, forms = preferences.CurrencyPrefs, preferences.SalesFormsPrefs
    return Company(
        id=client.realm_id,
        name=info.CompanyName,
        country=info.Country,
        home_currency=_home(currencies),
        tax_mode=_tax_mode(info.Country, is_automated=preferences.TaxPrefs.PartnerTaxEnabled),
        has_sales_tax=preferences.TaxPrefs.UsingSalesTax,
        is_multi_currency=currencies.MultiCurrencyEnabled,
        numbers_by_hand=forms.CustomTxnNumbers,
        allows_shipping=forms.AllowShipping,
        allows_discount=forms.AllowDiscount,
        closed_until=date.fromisoformat(closed[:10]) if closed else None,
        tax_codes=tuple(_tax_code(code, rates) for code in codes),
        accounts=tuple(
            Account(id=account.Id, name=account.Name, type=account.AccountType, is_active=account.Active)
            for account in accounts
        ),
    )


def ask_info(client: QuickBooksClient) -> CompanyInfoWire:
    """Ask the company who it is."""
    return _converted(client.read(*_info(client)), CompanyInfoWire)


def ask_vitals(client: QuickBooksClient) -> Vitals:
    """Ask the company who it is: one call, which proves that the connection works."""
    row, time = client.read_timed(*_info(client))
    return Vitals(_converted(row, CompanyInfoWire).CompanyName, f"v3, minor version {MINOR_VERSION}", _ahead(time))


def _info(client: QuickBooksClient) -> tuple[str, str]:
    return f"companyinfo/{client.realm_id}", "CompanyInfo"


def _ahead(time: str) -> float | None:
    try:
        return (datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None  # no time in it, or one without a zone


def _home(currencies: CurrencyPrefsWire) -> str:
    currency = currencies.HomeCurrency.get("value", "")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Misconfigured("QuickBooks does not say in which currency the company keeps its books; set it up there")
    return currency


def _tax_mode(country: str, *, is_automated: bool) -> TaxMode:
    if country.upper() not in _UNITED_STATES:
        return TaxMode.PER_LINE
    return TaxMode.AUTOMATED if is_automated else TaxMode.UNITED_STATES


def _tax_code(code: TaxCodeWire, rates: dict[str, Decimal | None]) -> TaxCode:
    ids = tuple(detail.TaxRateRef.get("value", "") for detail in code.SalesTaxRateList.TaxRateDetail)
    values = [rates.get(rate_id) for rate_id in ids]
    known = [value for value in values if value is not None]
    # A code without sales rates may be one for purchases, or one of those that stand for any tax: nothing is known.
    rate = sum(known, Decimal(0)) if known and len(known) == len(values) else None
    percents = tuple(known) if len(known) == len(values) else ()
    return TaxCode(id=code.Id, name=code.Name, rate=rate, rate_ids=ids, percents=percents, is_active=code.Active)


def _all(rows: Iterable[Entity], wire: type[Wire]) -> list[Wire]:
    return [_converted(row, wire) for row in rows]


def _converted(row: Entity, wire: type[Wire]) -> Wire:
    try:
        return msgspec.convert(row, wire)
    except msgspec.ValidationError as error:
        name = wire.__name__.removesuffix("Wire")
        raise Unavailable(f"QuickBooks' {name} is not of the shape it should have: {error}") from None
