"""The neutral records of the hub, in the shape of the warehouse tables; every system is a dialect of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, SkipValidation

from domain.keys import RecordKey
from domain.problems import Problem


class HubRecord(BaseModel):
    """What all neutral records share: frozen, nothing beside the named fields, times in UTC, ids as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(HubRecord):
    """A postal address with its contact; empty fields are empty text."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    line_1: str = ""
    line_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


class StockKeeping(StrEnum):
    """Who counts the pieces of a product or variation."""

    OWN = "own"
    PARENT = "parent"
    NONE = "none"


class Stock(HubRecord):
    """How much of a product or variation is there; ``quantity`` is None when nobody counts."""

    keeping: StockKeeping
    quantity: Decimal | None
    status: str
    backorders: str
    low_stock_amount: Decimal | None


class Product(HubRecord):
    """A product of the shop; prices without currency are in the shop's own."""

    id: str
    name: str
    slug: str
    type: str
    status: str
    sku: str
    price: Decimal | None
    regular_price: Decimal | None
    sale_price: Decimal | None
    tax_status: str
    tax_class: str
    permalink: str
    categories: tuple[str, ...]
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    stock: Stock


class Variation(HubRecord):
    """One choice of a product, such as a size; it has its own price, stock and often its own article number."""

    id: str
    product_id: str
    name: str
    status: str
    sku: str
    price: Decimal | None
    regular_price: Decimal | None
    sale_price: Decimal | None
    tax_status: str
    tax_class: str
    permalink: str
    attributes: dict[str, str]
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    stock: Stock


class Customer(HubRecord):
    """A registered customer; guests exist only as the billing address of their orders."""

    id: str
    email: str
    first_name: str
    last_name: str
    username: str
    role: str
    is_paying: bool
    billing: Address
    shipping: Address
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None


class LineType(StrEnum):
    """What a line of an order stands for."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"
    TAX = "tax"
    COUPON = "coupon"


class LineTax(HubRecord):
    """The part of a line's tax that one rate makes up, unrounded as the shop keeps it."""

    rate_id: str
    amount: Decimal


class OrderLine(HubRecord):
    """One line of an order.

    ``total`` is without tax and after discount; of a coupon line it is the discount given (already inside the
    totals of the product lines), of a tax line the tax on products and fees, with the tax on shipping in ``total_tax``.
    ``code`` is the shipping method, tax rate or coupon code; ``rate_id`` names the rate of a tax line, ``taxes`` the
    shares of each rate in the tax of any other line.
    """

    id: str
    type: LineType
    name: str
    code: str = ""
    product_id: str | None = None
    variation_id: str | None = None
    sku: str | None = None
    quantity: Decimal | None = None
    tax_class: str = ""
    subtotal: Decimal | None = None
    subtotal_tax: Decimal | None = None
    total: Decimal
    total_tax: Decimal
    rate_id: str | None = None
    taxes: tuple[LineTax, ...] = ()


class Order(HubRecord):
    """An order as the shop states it; ``customer_id`` is None for a guest, amounts are in ``currency``."""

    id: str
    number: str
    status: str
    currency: str
    prices_include_tax: bool
    created_via: str
    customer_id: str | None
    billing: Address
    shipping: Address
    payment_method: str
    payment_title: str
    transaction_id: str
    customer_note: str
    discount_total: Decimal
    discount_tax: Decimal
    shipping_total: Decimal
    shipping_tax: Decimal
    total_tax: Decimal
    total: Decimal
    created_at: AwareDatetime | None
    modified_at: AwareDatetime | None
    paid_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    lines: tuple[OrderLine, ...]


class Refund(HubRecord):
    """Money given back for an order: ``amount`` is positive, in the currency of the order.

    ``lines`` tell what it was given back for, with negative quantities and amounts; made by amount only it has none.
    """

    id: str
    order_id: str
    amount: Decimal
    reason: str
    refunded_by: str | None
    paid_back_by_gateway: bool
    created_at: AwareDatetime | None
    total_tax: Decimal = Decimal(0)
    lines: tuple[OrderLine, ...] = ()


class TaxRate(HubRecord):
    """A tax rate of the shop; ``rate`` is in percent."""

    id: str
    country: str
    state: str
    postcodes: tuple[str, ...]
    cities: tuple[str, ...]
    rate: Decimal
    name: str
    priority: int
    is_compound: bool
    applies_to_shipping: bool
    tax_class: str


Body = Product | Variation | Customer | Order | Refund | TaxRate


class Record(BaseModel):
    """One record of a page.

    ``version`` is what the system itself calls a version (a modified stamp), None where it has none.
    ``fingerprint`` changes exactly when something worth writing changed. ``raw`` is the payload as it came.
    """

    model_config = ConfigDict(frozen=True)

    # The connector built and validated both a moment ago; checking them again would double the cost of a record.
    key: SkipValidation[RecordKey]
    body: SkipValidation[Body]
    changed_at: datetime | None
    version: str | None
    fingerprint: str
    raw: str


class Page(BaseModel):
    """Some records of one kind, what could not be read among them, and where the next page begins.

    ``next`` is None on the last page; ``expected`` is the system's own count of the whole list, where it tells one.
    """

    model_config = ConfigDict(frozen=True)

    records: tuple[SkipValidation[Record], ...]
    problems: tuple[Problem, ...] = ()
    next: str | None = None
    expected: int | None = None
