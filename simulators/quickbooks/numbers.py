"""Amounts and times as QuickBooks writes them."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

PACIFIC = ZoneInfo("America/Los_Angeles")
_PLACES = {"JPY": 0, "KWD": 3, "BHD": 3}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
ZERO = Decimal(0)


def money(amount: Decimal, currency: str = "USD") -> Decimal:
    """Rounded half up to the currency's places, zero as bare 0.

    Captured: 22.425 came back as 22.43 and zero as 0; reported: 128.35 x 14.5 = 1861.075 is only taken as 1861.08.
    """
    rounded = amount.quantize(Decimal(1).scaleb(-_PLACES.get(currency, 2)), ROUND_HALF_UP)
    return rounded or ZERO


def plain(number: Decimal) -> Decimal:
    """Without padding or exponent: how UnitPrice, Qty and percentages come back (captured)."""
    return Decimal(format(number.normalize(), "f")) if number else ZERO


def stamp(moment: datetime) -> str:
    """A time of MetaData: to the second, with the Pacific offset of that day (captured)."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def envelope_time(moment: datetime) -> str:
    """The ``time`` of an answer: like a stamp, with milliseconds (captured)."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def encode(value: Any) -> bytes:
    """JSON with decimals as numbers."""
    return _ENCODER.encode(value)


def decode(body: bytes | str) -> Any:
    """JSON with exact numbers; raises msgspec.DecodeError."""
    return _DECODER.decode(body)
