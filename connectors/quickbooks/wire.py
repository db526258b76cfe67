"""Answers and requests as QuickBooks spells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

Entity = Mapping[str, Any]
"""A record as QuickBooks gives it; numbers with a point are Decimal."""


NOT_FOUND, STALE, DUPLICATE_NUMBER, DUPLICATE_NAME = "610", "5010", "6140", "6240"
ACTIONABLE = (STALE, DUPLICATE_NUMBER, DUPLICATE_NAME)


class ErrorWire(msgspec.Struct):
    """One error of a fault; ``element`` names the field where there is one."""

    code: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""


class FaultWire(msgspec.Struct):
    """A refusal: of a whole request or of one item of a batch."""

    errors: tuple[ErrorWire, ...] = ()
    type: str = ""

    @property
    def decisive(self) -> ErrorWire:
        """The error that decides: one with which something can be done, if it is not alone, else the first."""
        actionable = [error for error in self.errors if error.code in ACTIONABLE]
        return next(iter((*actionable, *self.errors)), ErrorWire())


class RateDetailWire(msgspec.Struct):
    """A rate within a tax code."""

    TaxRateRef: dict[str, str] = {}


class RateListWire(msgspec.Struct):
    """The rates of a tax code for one direction."""

    TaxRateDetail: list[RateDetailWire] = []


class TaxCodeWire(msgspec.Struct):
    """A tax code."""

    Id: str
    Name: str = ""
    Active: bool = True
    SalesTaxRateList: RateListWire = msgspec.field(default_factory=RateListWire)


class TaxRateWire(msgspec.Struct):
    """A tax rate; ``RateValue`` is in percent."""

    Id: str
    RateValue: Decimal | None = None


class AccountWire(msgspec.Struct):
    """An account."""

    Id: str
    Name: str = ""
    AccountType: str = ""
    Active: bool = True


class CompanyInfoWire(msgspec.Struct):
    """Who the company is."""

    CompanyName: str = ""
    Country: str = ""


class CurrencyPrefsWire(msgspec.Struct):
    """The part of the preferences about currencies."""

    MultiCurrencyEnabled: bool = False
    HomeCurrency: dict[str, str] = {}


class TaxPrefsWire(msgspec.Struct):
    """The part of the preferences about sales tax."""

    UsingSalesTax: bool = False
    PartnerTaxEnabled: bool = False


class SalesFormsPrefsWire(msgspec.Struct):
    """The part of the preferences about sales documents."""

    CustomTxnNumbers: bool = False
    AllowShipping: bool = False
    AllowDiscount: bool = False


class AccountingInfoPrefsWire(msgspec.Struct):
    """The part of the preferences about closing."""

    BookCloseDate: str | None = None


class PreferencesWire(msgspec.Struct):
    """How the company keeps its books."""

    CurrencyPrefs: CurrencyPrefsWire = msgspec.field(default_factory=CurrencyPrefsWire)
    TaxPrefs: TaxPrefsWire = msgspec.field(default_factory=TaxPrefsWire)
    SalesFormsPrefs: SalesFormsPrefsWire = msgspec.field(default_factory=SalesFormsPrefsWire)
    AccountingInfoPrefs: AccountingInfoPrefsWire = msgspec.field(default_factory=AccountingInfoPrefsWire)


class TokensWire(msgspec.Struct):
    """A new pair of tokens; the seconds are how long each is good for."""

    access_token: str
    refresh_token: str
    expires_in: int
    x_refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None


class TokenRefusalWire(msgspec.Struct):
    """Why no new tokens are given."""

    error: str = ""


read_json = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
read_tokens = msgspec.json.Decoder(TokensWire).decode
read_token_refusal = msgspec.json.Decoder(TokenRefusalWire).decode
write_json = msgspec.json.Encoder(decimal_format="number").encode


def plain(value: object) -> object:
    """Give a body as it is to be encoded: amounts without exponent, nothing that is None.

    Raises:
        TypeError: a float is in it, or anything else that JSON text cannot carry exactly.
    """
    if isinstance(value, Decimal):
        return Decimal(format(value, "f"))
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"a body for QuickBooks cannot hold {type(value).__name__}")
