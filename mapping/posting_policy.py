"""What a bookkeeper may choose about the documents an order becomes."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from domain.books import Account, Company


class DocumentForm(StrEnum):
    """What a paid order becomes."""

    INVOICE_AND_PAYMENT = "invoice_and_payment"
    SALES_RECEIPT = "sales_receipt"


class DateChoice(StrEnum):
    """Which day of an order is the day of its document."""

    PAID = "paid"
    CREATED = "created"


class RefundForm(StrEnum):
    """What a refund becomes: money that left an account, or a credit on the customer's account."""

    REFUND_RECEIPT = "refund_receipt"
    CREDIT_MEMO = "credit_memo"


class RefundTax(StrEnum):
    """How a refund by amount only is split: like the order it belongs to, or all of it without tax."""

    AS_ORDER = "as_order"
    NONE = "none"


class DiscountForm(StrEnum):
    """How a discount is shown: inside the lines, or as one line below them."""

    NET_LINES = "net_lines"
    ONE_LINE = "one_line"


class GuestForm(StrEnum):
    """Who buys without an account: one customer of the books per e-mail address, or one for all."""

    BY_EMAIL = "by_email"
    SHARED = "shared"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; use an IANA name such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{0,10}$")]
ItemName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^:\t\r\n]+$")]
Rates = Annotated[str, StringConstraints(pattern=r"^[^+\s]+(\+[^+\s]+)*$")]


class PostingPolicy(BaseModel):
    """How the orders of one shop are posted to one set of books; names of accounts may also be their ids."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"zone": "Europe/Berlin", "tax_codes": {"14": "3"}, "untaxed_tax_code": "2"}],
        },
    )

    document: DocumentForm = DocumentForm.INVOICE_AND_PAYMENT
    """What an order becomes; a sales receipt is money received, so with it an unpaid order is not posted."""
    statuses: frozenset[str] = frozenset({"completed", "processing", "refunded"})
    """Orders in these statuses are posted, no others."""
    date: DateChoice = DateChoice.PAID
    """The day of the document; an order without a day of payment takes that of its creation."""
    zone: Zone = "UTC"
    """Where the company is, as IANA name: it decides on which day a moment falls."""
    number_prefix: Prefix = "WC-"
    """What stands before the order number; each shop that posts to the same books needs another one."""
    refund_prefix: Prefix = "WC-R"
    """What stands before the id of a refund."""
    refund_document: RefundForm = RefundForm.REFUND_RECEIPT
    """What a refund becomes."""
    refund_tax: RefundTax = RefundTax.AS_ORDER
    """Whether a refund by amount only gives back tax in the proportion of its order."""
    discounts: DiscountForm = DiscountForm.NET_LINES
    """Whether discounts are inside the lines or shown as one line."""
    guests: GuestForm = GuestForm.BY_EMAIL
    """Whether each guest becomes a customer of the books."""
    guest_name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^:\t\r\n]+$")] = (
        "Web customer"
    )
    """The customer who stands for all guests, or for those without an e-mail address."""
    shipping_item: ItemName = "Shipping"
    """The item of shipping lines."""
    fee_item: ItemName = "Fee"
    """The item of fees and surcharges, and of reductions made as a negative fee."""
    unknown_item: ItemName = "Product no longer in the shop"
    """The item of lines whose product was deleted."""
    refund_item: ItemName = "Refund"
    """The item of what was given back without naming lines."""
    rounding_item: ItemName = "Rounding difference"
    """The item of cents by which the lines miss the total."""
    income_account: str = "Sales of Product Income"
    """The account to which new items are sold."""
    refund_account: str = "Undeposited Funds"
    """The account that refunded money leaves."""
    deposit_account: str | None = None
    """The account that receives payments; without it the books use their own default."""
    discount_account: str | None = None
    """The account of the discount line; without it the books use their own default."""
    payment_methods: dict[str, str] = Field(default_factory=dict)
    """Payment method of the shop -> id of the payment method in the books; others are left out."""
    tax_codes: dict[Rates, str] = Field(default_factory=dict)
    """Tax rate id of the shop -> id of the tax code in the books.

    Where several rates fall on one line, join them with ``+`` in the order in which the tax code lists its own rates:
    ``14+15``.
    """
    untaxed_tax_code: str | None = None
    """The tax code of lines without tax; needed where every line must carry one, that is outside the United States."""
    tolerance: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    """How much the lines may miss the total before the order is left to a person; less is posted as rounding."""

    @property
    def timezone(self) -> tzinfo:
        """The zone as Python reckons with it."""
        return ZoneInfo(self.zone)


def find_account(company: Company, wanted: str) -> Account | None:
    """Give the active account with this id or, whatever its case, this name."""
    active = [account for account in company.accounts if account.is_active]
    by_id = (account for account in active if account.id == wanted)
    by_name = (account for account in active if account.name.casefold() == wanted.strip().casefold())
    return next(by_id, None) or next(by_name, None)
