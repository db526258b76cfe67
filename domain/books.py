"""What must be known of a set of books before anything is posted to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.keys import Kind, RecordKey
from domain.money import Currency


class TaxMode(StrEnum):
    """How a company reckons sales tax: which fields of a document decide."""

    AUTOMATED = "automated"
    UNITED_STATES = "united_states"
    PER_LINE = "per_line"


class TaxCode(BaseModel):
    """A tax code of the books.

    ``rate`` is the sum of its sales rates in percent, None when it is not known; ``percents`` are those of its
    ``rate_ids``, in their order.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    rate: Decimal | None = None
    rate_ids: tuple[str, ...] = ()
    percents: tuple[Decimal, ...] = ()
    is_active: bool = True


class Account(BaseModel):
    """An account of the books that documents or items may name."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    type: str
    is_active: bool = True


class Standing(StrEnum):
    """How a document that we wrote stands in the books now, seen against what we last wrote."""

    UNTOUCHED = "untouched"
    CHANGED = "changed"
    VOIDED = "voided"
    GONE = "gone"


class BookNews(NamedTuple):
    """What changed in the books since a moment: each record with its version, None when it was deleted.

    It was asked from ``since`` on; ``until`` is the moment to ask from next time. ``unseen`` are kinds of which so much
    changed that deletions among them could not be asked for.
    """

    versions: Mapping[RecordKey, str | None]
    since: datetime
    until: datetime
    unseen: tuple[Kind, ...] = ()


class Company(BaseModel):
    """A set of books as its own settings describe it."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    country: str
    home_currency: Currency
    tax_mode: TaxMode
    has_sales_tax: bool
    is_multi_currency: bool
    numbers_by_hand: bool
    allows_shipping: bool
    allows_discount: bool
    closed_until: date | None = None
    tax_codes: tuple[TaxCode, ...] = ()
    accounts: tuple[Account, ...] = ()
