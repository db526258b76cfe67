from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.keys import Kind
from domain.records import LineTax, Order
from domain.writes import Skipped
from mapping.posting import post_refund
from tests.mapping.books import (
    AUTOMATED_COMPANY,
    EUR_COMPANY,
    EUR_POLICY,
    SHOP,
    body_of,
    code,
    company,
    fee,
    given_back,
    line,
    lines_of,
    order,
    policy,
    posted,
    refund,
    shipping,
    tax,
    taxed_order,
    taxes_of,
)


def mixed_order(**changes: Any) -> Order:
    """100.00 at 19 %, 20.00 at 7 %, 10.00 without tax: 150.40."""
    return order(
        line("100.00", "19.00", "1"), line("20.00", "1.40", "2"), shipping("10.00"),
        tax("1", "19.00"), tax("2", "1.40"),
        **{"total": "150.40", "total_tax": "20.40", **changes},
    )  # fmt: skip


def test_a_refund_with_lines_becomes_a_receipt_of_positive_amounts() -> None:
    back = refund(line("-50.00", "-9.50", "1", quantity=Decimal(-2)), tax("1", "-9.50"), amount="59.50")
    posting = given_back(back, taxed_order())
    assert [(entry.kind, entry.key.kind, entry.total) for entry in posting.documents] == [
        (Kind.REFUND_RECEIPT, Kind.REFUND, Decimal("59.50"))
    ]
    assert (lines_of(posting), taxes_of(posting)) == ([("50.00", "101", "product:45")], {"201": "9.50"})
    body = body_of(posting)
    assert body["Line"][0]["SalesItemLineDetail"]["Qty"] == 2
    assert (body["DocNumber"], body["TxnDate"], body["PrivateNote"]) == ("WC-R801", "2026-03-10", "Too late")
    assert body["DepositToAccountRef"] == {"value": "4"}


def test_a_refund_can_be_a_credit_memo_that_moves_no_money() -> None:
    posting = given_back(refund(amount="1.00"), taxed_order(), policy(refund_document="credit_memo"))
    assert posting.documents[0].kind is Kind.CREDIT_MEMO
    assert "DepositToAccountRef" not in body_of(posting)


def test_the_account_that_money_leaves_is_a_choice_and_must_exist() -> None:
    back = refund(amount="1.00")
    assert body_of(given_back(back, taxed_order(), policy(refund_account="35")))["DepositToAccountRef"] == {
        "value": "35"
    }
    missing = post_refund(back, taxed_order(), SHOP, policy(refund_account="Till"), EUR_COMPANY)
    assert code(missing) == "account_missing"


def test_a_refund_by_amount_gives_back_tax_in_the_proportion_of_its_order() -> None:
    # 15.04 is a tenth: 10.00 + 1.90, 2.00 + 0.14, 1.00.
    posting = given_back(refund(amount="15.04"), mixed_order())
    assert lines_of(posting) == [
        ("10.00", "101", "item:refund"),
        ("2.00", "102", "item:refund"),
        ("1.00", "99", "item:refund"),
    ]
    assert taxes_of(posting) == {"201": "1.90", "202": "0.14"}


def test_a_refund_of_everything_by_amount_mirrors_the_order() -> None:
    posting = given_back(refund(amount="150.40"), mixed_order())
    assert [amount for amount, _, _ in lines_of(posting)] == ["100.00", "20.00", "10.00"]
    assert taxes_of(posting) == {"201": "19.00", "202": "1.40"}


def test_a_refund_of_a_cent_is_a_cent() -> None:
    posting = given_back(refund(amount="0.01"), mixed_order())
    assert (lines_of(posting)[0], taxes_of(posting)) == (("0.01", "101", "item:refund"), {"201": "0.00", "202": "0.00"})


def test_a_refund_by_amount_can_be_without_tax() -> None:
    posting = given_back(refund(amount="15.04"), mixed_order(), policy(refund_tax="none"))
    assert (lines_of(posting), taxes_of(posting)) == ([("15.04", "99", "item:refund")], {})


def test_a_refund_by_amount_in_the_united_states_states_its_tax() -> None:
    sold = taxed_order(currency="USD")
    posting = given_back(refund(amount="11.90"), sold, EUR_POLICY, AUTOMATED_COMPANY)
    assert lines_of(posting) == [("10.00", "TAX", "item:refund")]
    assert body_of(posting)["TxnTaxDetail"] == {"TotalTax": Decimal("1.90")}


def test_a_refund_of_tax_alone_has_a_line_of_nothing_that_bears_it() -> None:
    back = refund(line("0.00", "-1.90", "1", quantity=Decimal(0)), tax("1", "-1.90"), amount="1.90")
    posting = given_back(back, taxed_order())
    assert (lines_of(posting), taxes_of(posting)) == ([("0.00", "101", "product:45")], {"201": "1.90"})


def test_lines_of_a_refund_that_give_back_nothing_are_left_out() -> None:
    back = refund(line("0.00"), line("-10.00", "-1.90", "1"), tax("1", "-1.90"), amount="11.90")
    assert lines_of(given_back(back, taxed_order())) == [("10.00", "101", "product:45")]


@pytest.mark.parametrize(("amount", "difference"), [("8.00", "-3.90"), ("20.00", "8.10")])
def test_the_amount_given_back_counts_whatever_the_lines_come_to(amount: str, difference: str) -> None:
    back = refund(line("-10.00", "-1.90", "1"), tax("1", "-1.90"), amount=amount)
    assert lines_of(given_back(back, taxed_order())) == [
        ("10.00", "101", "product:45"), (difference, "99", "item:refund"),
    ]  # fmt: skip


def test_cents_between_lines_and_amount_are_rounding() -> None:
    back = refund(line("-10.00", "-1.90", "1"), tax("1", "-1.90"), amount="11.91")
    assert lines_of(given_back(back, taxed_order()))[-1] == ("0.01", "99", "item:rounding")


def test_a_refund_shows_no_discount_because_what_was_paid_is_given_back() -> None:
    back = refund(line("-80.00", subtotal=Decimal("-100.00"), quantity=Decimal(-1)), amount="80.00")
    posting = given_back(back, taxed_order(), policy(discounts="one_line"))
    assert lines_of(posting) == [("80.00", "99", "product:45")]
    assert len(body_of(posting)["Line"]) == 1
    assert posting.helpers[1].body["UnitPrice"] == Decimal("80.00")


def test_shipping_and_fees_are_given_back_as_what_they_were() -> None:
    back = refund(shipping("-4.90"), fee("-5.00"), amount="9.90")
    assert lines_of(given_back(back, taxed_order())) == [("4.90", "99", "item:shipping"), ("5.00", "99", "item:fee")]


def test_a_refund_without_tax_lines_takes_the_tax_of_its_lines() -> None:
    shares = (LineTax(rate_id="1", amount=Decimal("-1.9")),)
    back = refund(line("-10.00", "-1.90", taxes=shares), amount="11.90")
    assert taxes_of(given_back(back, taxed_order())) == {"201": "1.90"}


def test_several_refunds_of_an_order_are_documents_of_their_own() -> None:
    first, second = (given_back(refund(amount="1.00", id=number), taxed_order()) for number in ("801", "802"))
    assert first.key != second.key
    assert (body_of(first)["DocNumber"], body_of(second)["DocNumber"]) == ("WC-R801", "WC-R802")


def test_a_refund_goes_to_the_customer_of_its_order() -> None:
    sold = taxed_order(customer_id=None)
    assert body_of(given_back(refund(amount="1.00"), sold))["CustomerRef"] == body_of(posted(sold))["CustomerRef"]


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"currency": "JPY"}])
def test_a_refund_of_an_order_that_does_not_post_is_skipped_with_its_reason(changes: dict[str, str]) -> None:
    skipped = post_refund(refund(amount="1.00"), taxed_order(**changes), SHOP, EUR_POLICY, EUR_COMPANY)
    assert isinstance(skipped, Skipped)
    assert skipped.code == "order_not_posted"
    assert skipped.reason.startswith("Order 794 is not posted. ")


@pytest.mark.parametrize(("amount", "expected"), [("0.00", "nothing_to_post"), ("-1.00", "negative_total")])
def test_a_refund_of_nothing_or_less_has_a_reason(amount: str, expected: str) -> None:
    assert code(post_refund(refund(amount=amount), taxed_order(), SHOP, EUR_POLICY, EUR_COMPANY)) == expected


def test_a_refund_in_a_foreign_currency_is_of_that_currency() -> None:
    posting = given_back(
        refund(amount="1.00"), taxed_order(currency="USD"), EUR_POLICY, company(is_multi_currency=True)
    )
    assert body_of(posting)["CurrencyRef"] == {"value": "USD"}
