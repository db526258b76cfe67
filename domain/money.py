"""Amounts of money: decimal from string to wire, rounded in this one place."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""

# ISO 4217 lists the minor unit of each currency; two digits unless named here.
_MINOR_UNITS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class InvalidAmount(ValueError):
    """A text that should be an amount of money is none."""


def minor_units(currency: str) -> int:
    """Tell how many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency, 2)


def parse_amount(text: str | None) -> Decimal | None:
    """Read an amount as shops write it: ``""`` and None are no amount, never zero.

    Raises:
        InvalidAmount: when the text is not a plain finite decimal number.
    """
    if text is None or not text.strip():
        return None
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise InvalidAmount(f"{text!r} is not an amount of money") from None
    if not amount.is_finite():
        raise InvalidAmount(f"{text!r} is not an amount of money")
    return amount


def round_amount(amount: Decimal, decimals: int) -> Decimal:
    """Round half up, away from zero on a tie, as shops and tax offices do."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


class Money(BaseModel):
    """An amount in one currency; sums of two currencies are refused, not guessed."""

    model_config = ConfigDict(frozen=True)

    amount: Decimal
    currency: Currency

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(amount=-self.amount, currency=self.currency)

    def rounded(self) -> Self:
        """Give the amount with as many decimals as its currency has."""
        return self.model_copy(update={"amount": round_amount(self.amount, minor_units(self.currency))})

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
