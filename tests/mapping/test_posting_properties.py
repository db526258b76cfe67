"""Whatever a shop may state: the books get its total to the cent, or a reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books import Company
from domain.money import round_amount
from domain.problems import Problem
from domain.records import LineTax, LineType, Order, OrderLine
from domain.writes import Ref, Skipped
from mapping.posting import Posting, post_order, post_refund
from mapping.posting_policy import PostingPolicy
from tests.mapping.books import (
    AUTOMATED_COMPANY,
    EUR_COMPANY,
    RATES,
    SHOP,
    US_COMPANY,
    document_total,
    order,
    policy,
    refund,
)

CENT = Decimal("0.01")
COMBINATIONS = (("1",), ("2",), ("17",), ("12", "13"), ("14", "15"), ())
amounts = st.integers(-50_000, 200_000).map(lambda cents: CENT * cents)
quantities = st.sampled_from([Decimal(text) for text in ("0", "1", "3", "12", "0.5", "-2")])
companies = st.sampled_from([EUR_COMPANY, US_COMPANY, AUTOMATED_COMPANY]).map(
    lambda company: company.model_copy(update={"is_multi_currency": True})
)
policies = st.builds(
    policy,
    document=st.sampled_from(["invoice_and_payment", "sales_receipt"]),
    discounts=st.sampled_from(["net_lines", "one_line"]),
    refund_document=st.sampled_from(["refund_receipt", "credit_memo"]),
    refund_tax=st.sampled_from(["as_order", "none"]),
    guests=st.sampled_from(["by_email", "shared"]),
)


@st.composite
def lines(draw: st.DrawFn) -> OrderLine:
    """A product, fee or shipping line with its tax reckoned as a shop does: per rate unrounded, per line rounded."""
    kind = draw(st.sampled_from([LineType.PRODUCT, LineType.PRODUCT, LineType.FEE, LineType.SHIPPING]))
    total = draw(amounts)
    taxes = tuple(
        LineTax(rate_id=rate, amount=total * Decimal(RATES[rate]) / 100) for rate in draw(st.sampled_from(COMBINATIONS))
    )
    is_product = kind is LineType.PRODUCT
    return OrderLine(
        id="1", type=kind, name=draw(st.text(max_size=20)), total=total,
        product_id=draw(st.sampled_from(["45", None])) if is_product else None,
        quantity=draw(quantities) if is_product else None,
        subtotal=total + abs(draw(amounts)) if is_product else None,
        total_tax=round_amount(sum((share.amount for share in taxes), Decimal(0)), 2), taxes=taxes,
    )  # fmt: skip


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order whose tax was rounded per line or for the whole, so that it may miss the lines' taxes by cents."""
    sold = draw(st.lists(lines(), max_size=6))
    unrounded: dict[str, Decimal] = {}
    for line in sold:
        for share in line.taxes:
            unrounded[share.rate_id] = unrounded.get(share.rate_id, Decimal(0)) + share.amount
    taxes = [
        OrderLine(
            id=rate, type=LineType.TAX, name=f"Tax {rate}", rate_id=rate, total=round_amount(amount, 2),
            total_tax=Decimal(0),
        )
        for rate, amount in unrounded.items()
    ]  # fmt: skip
    by_line = sum((line.total_tax for line in sold), Decimal(0))
    whole = sum((line.total for line in taxes), Decimal(0))
    tax = draw(st.sampled_from([by_line, whole]))
    off = draw(st.sampled_from([0, 0, 0, 1, -2, 900])) * CENT
    return order(
        *sold, *taxes, total=str(sum((line.total for line in sold), Decimal(0)) + tax + off), total_tax=str(tax),
        paid_at=draw(st.sampled_from([None, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)])),
        currency=draw(st.sampled_from(["EUR", "USD", "JPY", "KWD"])),
        customer_id=draw(st.sampled_from(["7", None])),
    )  # fmt: skip


@given(orders(), companies, policies)
@settings(max_examples=400)
def test_a_posted_order_comes_to_its_total_and_its_tax_to_the_cent(
    body: Order, company: Company, policy: PostingPolicy
) -> None:
    outcome = post_order(body, SHOP, policy, company)
    if isinstance(outcome, Posting):
        assert document_total(outcome.documents[0]) == outcome.total == body.total
        detail: Any = outcome.documents[0].body.get("TxnTaxDetail", {"TotalTax": Decimal(0)})
        assert detail["TotalTax"] == body.total_tax
        assert_is_sendable(outcome)


@given(orders(), companies, policies)
def test_an_order_that_adds_up_is_posted_unless_a_named_reason_keeps_it(
    body: Order, company: Company, policy: PostingPolicy
) -> None:
    outcome = post_order(body, SHOP, policy, company)
    if not isinstance(outcome, Posting):
        assert outcome.code in {
            *("negative_total", "negative_tax", "nothing_to_post", "no_lines", "not_paid", "sum_differs"),
            *("tax_differs", "tax_without_line"),
        }


@given(orders(), companies, policies, st.integers(1, 300_000), st.booleans())
@settings(max_examples=400)
def test_a_posted_refund_comes_to_its_amount_to_the_cent(
    body: Order, company: Company, policy: PostingPolicy, cents: int, has_lines: bool
) -> None:
    given_back = refund(*map(negated, body.lines if has_lines else ()), amount=str(CENT * cents))
    outcome = post_refund(given_back, body, SHOP, policy, company)
    if isinstance(outcome, Posting):
        assert document_total(outcome.documents[0]) == outcome.total == given_back.amount
        assert_is_sendable(outcome)


wild = st.decimals(allow_nan=False, allow_infinity=False)
absurd = st.sampled_from(
    [Decimal(text) for text in ("1E+999999999", "-1E+30", "1E-999999999", "0E+50", "0.005", "1E+9")]
)
numbers = st.one_of(wild, absurd)
moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@st.composite
def wild_lines(draw: st.DrawFn) -> OrderLine:
    text = st.text(max_size=30)
    taxes = st.builds(LineTax, rate_id=st.sampled_from(["1", "14", "zz", ""]), amount=numbers)
    return OrderLine(
        id="1", type=draw(st.sampled_from(LineType)), name=draw(text), code=draw(text), sku=draw(st.none() | text),
        product_id=draw(st.none() | text), variation_id=draw(st.none() | text), quantity=draw(st.none() | numbers),
        subtotal=draw(st.none() | numbers), total=draw(numbers), total_tax=draw(numbers),
        rate_id=draw(st.none() | st.sampled_from(["1", "14", "zz"])), taxes=tuple(draw(st.lists(taxes, max_size=2))),
    )  # fmt: skip


@given(
    st.lists(wild_lines(), max_size=4), numbers, numbers, numbers, moments, moments, st.text(max_size=40), companies,
    policies,
)  # fmt: skip
@settings(max_examples=300)
def test_nothing_a_shop_may_state_raises(
    sold: list[OrderLine], total: Decimal, tax: Decimal, amount: Decimal, created: datetime | None,
    paid: datetime | None, text: str, company: Company, policy: PostingPolicy,
) -> None:  # fmt: skip
    body = order(
        *sold, total="0", number=text, customer_note=text, payment_title=text, created_at=created, paid_at=paid
    ).model_copy(update={"total": total, "total_tax": tax})
    given_back = refund(*sold, amount="1", created_at=created).model_copy(update={"amount": amount})
    for outcome in (
        post_order(body, SHOP, policy, company),
        post_refund(given_back, body, SHOP, policy, company),
        post_refund(refund(amount="1"), body, SHOP, policy, company),
    ):
        assert isinstance(outcome, Posting | Skipped | Problem)
        if isinstance(outcome, Posting):
            assert document_total(outcome.documents[0]) == outcome.total
            assert_is_sendable(outcome)


def negated(line: OrderLine) -> OrderLine:
    """The line as a refund of all of it states it."""
    taxes = tuple(LineTax(rate_id=share.rate_id, amount=-share.amount) for share in line.taxes)
    quantity = None if line.quantity is None else -line.quantity
    return line.model_copy(
        update={"total": -line.total, "total_tax": -line.total_tax, "taxes": taxes, "quantity": quantity}
    )


def assert_is_sendable(posting: Posting) -> None:
    """Bodies hold what JSON knows, Decimal amounts and references; no float, nothing empty, no third decimal."""
    assert posting.fingerprint
    for entry in (*posting.helpers, *posting.documents):
        assert entry.fingerprint
        assert_is_plain(entry.body)
    for line in _lines(posting.documents[0].body):
        detail = line.get("SalesItemLineDetail", {})
        assert line["Amount"] == round_amount(line["Amount"], 2)
        if "Qty" in detail:
            assert detail["Qty"] * detail["UnitPrice"] == line["Amount"]


def _lines(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body["Line"]
    return found


def assert_is_plain(value: object) -> None:
    if isinstance(value, Mapping):
        for inner in value.values():
            assert_is_plain(inner)
    elif isinstance(value, list):
        for inner in value:
            assert_is_plain(inner)
    elif isinstance(value, Decimal):
        assert math.isfinite(value)
    else:
        assert isinstance(value, str | int | Ref)
        assert not isinstance(value, float)
        assert value != ""
