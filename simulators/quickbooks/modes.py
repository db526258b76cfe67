"""The companies that a twin can play: country, home currency, tax model, and what is switched on."""

from typing import Literal

import msgspec

TaxModel = Literal["automated", "plain", "coded"]


class Mode(msgspec.Struct, frozen=True):
    """Where a company is: ``tax`` is automated or plain in the US and coded (a tax code on every line) elsewhere."""

    country: str
    currency: str
    tax: TaxModel
    region: str
    rates: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Tax codes in order of their ids, each with its rates: (name, percent)."""
    untaxed_message: str = ""
    """What code 6000 says to a line without a tax code."""


_CALIFORNIA = (("California", (("California", "8"),)), ("Tucson", (("AZ State tax", "7.1"), ("Tucson City", "2"))))
# Wordings of 6000 as reported for Canada (activepieces issue 8539) and the UK (quickbooks-online-mcp-server issue 94).
_UNTAXED = "Make sure all your transactions have a {} rate before you save."
# The last one stands for the edition that Intuit sells outside its own countries, with German codes.
MODES = {
    "us-ast": Mode("US", "USD", "automated", "CA", _CALIFORNIA),
    "us": Mode("US", "USD", "plain", "CA", _CALIFORNIA),
    "ca": Mode(
        "CA", "CAD", "coded", "ON",
        (
            ("Exempt", ()), ("Zero-rated", (("GST 0%", "0"),)), ("GST", (("GST", "5"),)),
            ("HST ON", (("HST (ON)", "13"),)), ("GST/PST BC", (("GST BC", "5"), ("PST BC", "7"))),
            ("GST/QST QC - 9.975", (("GST QC", "5"), ("QST", "9.975"))), ("Out of Scope", ()),
        ),
        _UNTAXED.format("GST/HST"),
    ),
    "gb": Mode(
        "GB", "GBP", "coded", "",
        (
            ("20.0% S", (("20.0% S", "20"),)), ("5.0% R", (("5.0% R", "5"),)), ("0.0% Z", (("0.0% Z", "0"),)),
            ("Exempt", ()), ("No VAT", ()),
        ),
        _UNTAXED.format("VAT"),
    ),
    "eu": Mode(
        "DE", "EUR", "coded", "",
        (
            ("19.0% S", (("19.0% S", "19"),)), ("7.0% R", (("7.0% R", "7"),)), ("0.0% Z", (("0.0% Z", "0"),)),
            ("20.0% FR", (("20.0% FR", "20"),)), ("5.5% FR", (("5.5% FR", "5.5"),)),
            ("21.0% NL", (("21.0% NL", "21"),)),
            ("20.0% AT", (("20.0% AT", "20"),)), ("22.0% IT", (("22.0% IT", "22"),)),
            ("23.0% PL", (("23.0% PL", "23"),)), ("21.0% ES", (("21.0% ES", "21"),)), ("Exempt", ()), ("No VAT", ()),
            ("8.1% CH", (("8.1% CH", "8.1"),)), ("US California, LA", (("CA State", "7.25"), ("LA County", "2.25"))),
            ("CA Quebec", (("GST", "5"), ("QST", "9.975"))),
        ),
        _UNTAXED.format("VAT"),
    ),
}  # fmt: skip
CURRENCIES = {
    "USD": "United States Dollar", "CAD": "Canadian Dollar", "EUR": "Euro", "GBP": "British Pound Sterling",
    "CHF": "Swiss Franc", "PLN": "Polish Zloty", "UAH": "Ukrainian Hryvnia", "JPY": "Japanese Yen",
    "AUD": "Australian Dollar", "SEK": "Swedish Krona", "DKK": "Danish Krone", "NOK": "Norwegian Krone",
    "KWD": "Kuwaiti Dinar", "BHD": "Bahraini Dinar", "CZK": "Czech Koruna", "HUF": "Hungarian Forint",
}  # fmt: skip
# Made up, US dollars per unit: what a company takes as ExchangeRate when none is sent.
DOLLARS = {
    "USD": "1", "CAD": "0.72", "EUR": "1.08", "GBP": "1.27", "CHF": "1.12", "PLN": "0.25", "UAH": "0.024",
    "JPY": "0.0067", "AUD": "0.66", "SEK": "0.095", "DKK": "0.145", "NOK": "0.094", "KWD": "3.25", "BHD": "2.65",
    "CZK": "0.043", "HUF": "0.0028",
}  # fmt: skip


class Setup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a company is set up; raises ValueError for an unknown mode or currency."""

    mode: str = "us-ast"
    name: str = ""
    currency: str = ""
    """Home currency; the mode's own unless given."""
    multicurrency: bool = False
    custom_numbers: bool = False
    """Preference CustomTxnNumbers: QuickBooks gives no document numbers."""
    closed_until: str = ""
    """BookCloseDate, e.g. "2026-06-30"; empty: the books are open."""
    shipping: bool = True
    discounts: bool = True
    auto_apply_credit: bool = False
    auto_apply_payments: bool = False
    inventory: bool = True
    """Whether the plan tracks quantities (QuickBooks Online Plus); without it inventory items get 5020."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"There is no company mode {self.mode!r}. Known: {', '.join(MODES)}.")
        if self.currency and self.currency not in CURRENCIES:
            raise ValueError(f"There is no currency {self.currency!r}. Known: {', '.join(CURRENCIES)}.")

    @property
    def place(self) -> Mode:
        """Where the company is."""
        return MODES[self.mode]

    @property
    def home(self) -> str:
        """The home currency."""
        return self.currency or self.place.currency
