"""Small orders, refunds and books for tests of posting."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.books import Account, Company, TaxCode, TaxMode
from domain.keys import Kind, RecordKey
from domain.records import Address, LineTax, LineType, Order, OrderLine, Record, Refund
from domain.writes import Write
from mapping.posting import Outcome, Posting, post_order, post_refund
from mapping.posting_entries import Entry
from mapping.posting_policy import PostingPolicy

SHOP = "shop"
BOOKS = "books"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
RATES = {
    "1": "19", "2": "7", "3": "20", "4": "5.5", "5": "21", "6": "20", "7": "22", "8": "23", "9": "21", "10": "20",
    "11": "8.1", "12": "7.25", "13": "2.25", "14": "5", "15": "9.975", "16": "20", "17": "0",
}  # fmt: skip
"""Percent of each tax rate of the recorded shop, by its id."""


def code_of(rate: str) -> TaxCode:
    """The tax code 1xx of the books with the rate 2xx stands for rate xx of the shop."""
    number = int(rate)
    return TaxCode(id=str(100 + number), name=f"Code {rate}", rate=Decimal(RATES[rate]), rate_ids=(str(200 + number),))


EUR_COMPANY = Company(
    id="9130",
    name="Berliner Laden GmbH",
    country="DE",
    home_currency="EUR",
    tax_mode=TaxMode.PER_LINE,
    has_sales_tax=True,
    is_multi_currency=False,
    numbers_by_hand=True,
    allows_shipping=True,
    allows_discount=True,
    tax_codes=(
        *map(code_of, RATES),
        TaxCode(id="312", name="California, Los Angeles", rate_ids=("212", "213")),
        TaxCode(id="314", name="GST and QST", rate_ids=("214", "215")),
        TaxCode(id="99", name="Out of scope"),
    ),
    accounts=(
        Account(id="79", name="Sales of Product Income", type="Income"),
        Account(id="4", name="Undeposited Funds", type="Other Current Asset"),
        Account(id="35", name="Checking", type="Bank"),
        Account(id="86", name="Discounts given", type="Income"),
        Account(id="90", name="Closed account", type="Bank", is_active=False),
    ),
)
EUR_POLICY = PostingPolicy(
    zone="Europe/Berlin",
    tax_codes={**{rate: code_of(rate).id for rate in RATES}, "12+13": "312", "14+15": "314"},
    untaxed_tax_code="99",
)


def company(**changes: Any) -> Company:
    return EUR_COMPANY.model_copy(update=changes)


def policy(**changes: Any) -> PostingPolicy:
    return PostingPolicy.model_validate({**EUR_POLICY.model_dump(), **changes})


US_COMPANY = company(country="US", home_currency="USD", tax_mode=TaxMode.UNITED_STATES)
AUTOMATED_COMPANY = company(country="US", home_currency="USD", tax_mode=TaxMode.AUTOMATED)


def line(total: str, tax: str = "0", rate: str | None = None, **changes: Any) -> OrderLine:
    """One product line: net total, tax, the shop's rate of that tax."""
    values: dict[str, Any] = {
        "id": "1", "type": LineType.PRODUCT, "name": "Widget", "product_id": "45", "sku": "W-1", "quantity": Decimal(1),
        "total": Decimal(total), "total_tax": Decimal(tax),
        "taxes": (LineTax(rate_id=rate, amount=Decimal(tax)),) if rate else (),
    }  # fmt: skip
    return OrderLine(**values | changes)


def fee(total: str, tax: str = "0", rate: str | None = None, **changes: Any) -> OrderLine:
    return line(
        total, tax, rate, **{"type": LineType.FEE, "name": "Fee", "product_id": None, "quantity": None, **changes}
    )


def shipping(total: str, tax: str = "0", rate: str | None = None) -> OrderLine:
    return fee(total, tax, rate, type=LineType.SHIPPING, name="DHL Paket")


def tax(rate: str, amount: str, on_shipping: str = "0") -> OrderLine:
    """The sum of one rate, as a tax line states it."""
    return line(
        amount, on_shipping, type=LineType.TAX, name=f"Tax {rate}", rate_id=rate, product_id=None, quantity=None
    )


def order(*lines: OrderLine, total: str, total_tax: str = "0", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "id": "794", "number": "794", "status": "completed", "currency": "EUR", "prices_include_tax": False,
        "created_via": "checkout", "customer_id": "7", "shipping": Address(),
        "billing": Address(first_name="Ada", last_name="Lovelace", email="ada@example.test", line_1="Ring 1"),
        "payment_method": "stripe", "payment_title": "Card", "transaction_id": "pi_1", "customer_note": "",
        "discount_total": Decimal(0), "discount_tax": Decimal(0), "shipping_total": Decimal(0),
        "shipping_tax": Decimal(0), "total_tax": Decimal(total_tax), "total": Decimal(total), "created_at": NOON,
        "modified_at": NOON, "paid_at": NOON, "completed_at": NOON, "lines": lines,
    }  # fmt: skip
    return Order(**values | changes)


def refund(*lines: OrderLine, amount: str, **changes: Any) -> Refund:
    values: dict[str, Any] = {
        "id": "801", "order_id": "794", "amount": Decimal(amount), "reason": "Too late", "refunded_by": "1",
        "paid_back_by_gateway": False, "created_at": NOON, "lines": lines,
    }  # fmt: skip
    return Refund(**values | changes)


def taxed_order(**changes: Any) -> Order:
    """100.00 and 19 % of it, paid."""
    return order(
        line("100.00", "19.00", "1"), tax("1", "19.00"), **{"total": "119.00", "total_tax": "19.00", **changes}
    )


def record(body: Order | Refund) -> Record:
    kind = Kind.ORDER if isinstance(body, Order) else Kind.REFUND
    key = RecordKey(connection=SHOP, kind=kind, id=body.id)
    return Record(key=key, body=body, changed_at=None, version=None, fingerprint="print", raw="{}")


def outcome(body: Order, policy: PostingPolicy = EUR_POLICY, company: Company = EUR_COMPANY) -> Outcome:
    return post_order(body, SHOP, policy, company)


def posted(body: Order, policy: PostingPolicy = EUR_POLICY, company: Company = EUR_COMPANY) -> Posting:
    """The posting of an order that posts, after the arithmetic of its document was checked."""
    posting = outcome(body, policy, company)
    assert isinstance(posting, Posting), posting
    assert document_total(posting.documents[0]) == posting.total == body.total
    return posting


def given_back(body: Refund, of: Order, policy: PostingPolicy = EUR_POLICY, company: Company = EUR_COMPANY) -> Posting:
    """The posting of a refund that posts, after the arithmetic of its document was checked."""
    posting = post_refund(body, of, SHOP, policy, company)
    assert isinstance(posting, Posting), posting
    assert document_total(posting.documents[0]) == posting.total == body.amount
    return posting


def code(result: Outcome) -> str:
    """Why a record is not posted."""
    assert not isinstance(result, Posting), result
    return result.code


def body_of(posting: Posting) -> Any:
    return posting.documents[0].body


def document_total(document: Entry | Write) -> Decimal:
    """What the books will reckon: lines, less the discount, plus the tax."""
    body: Any = document.body
    amounts: list[Decimal] = [
        -entry["Amount"] if entry["DetailType"] == "DiscountLineDetail" else entry["Amount"] for entry in body["Line"]
    ]
    detail = body.get("TxnTaxDetail", {})
    if "TaxLine" in detail:
        assert sum(entry["Amount"] for entry in detail["TaxLine"]) == detail["TotalTax"]
    tax: Decimal = detail.get("TotalTax", Decimal(0))
    return sum(amounts, Decimal("0.00")) + tax


def lines_of(posting: Posting) -> list[tuple[str, str | None, str | None]]:
    """Amount, tax code and item of each item line."""
    items = [entry for entry in body_of(posting)["Line"] if entry["DetailType"] == "SalesItemLineDetail"]
    found: list[tuple[str, str | None, str | None]] = []
    for entry in items:
        detail = entry["SalesItemLineDetail"]
        item = detail["ItemRef"]["value"].key
        found.append((str(entry["Amount"]), detail.get("TaxCodeRef", {}).get("value"), f"{item.kind}:{item.id}"))
    return found


def taxes_of(posting: Posting) -> dict[str, str]:
    """Tax on each rate of the books."""
    detail = body_of(posting).get("TxnTaxDetail", {})
    return {entry["TaxLineDetail"]["TaxRateRef"]["value"]: str(entry["Amount"]) for entry in detail.get("TaxLine", ())}
