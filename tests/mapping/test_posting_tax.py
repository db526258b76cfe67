from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.books import Company, TaxMode
from domain.problems import Problem
from domain.records import LineTax, Order
from tests.mapping.books import (
    AUTOMATED_COMPANY,
    EUR_COMPANY,
    EUR_POLICY,
    US_COMPANY,
    body_of,
    code,
    company,
    fee,
    line,
    lines_of,
    order,
    outcome,
    policy,
    posted,
    shipping,
    tax,
    taxed_order,
    taxes_of,
)


def two_rates(**changes: Any) -> Order:
    return order(
        line("100.00", "19.00", "1"), line("10.00", "0.70", "2"), shipping("5.00"), tax("1", "19.00"), tax("2", "0.70"),
        **{"total": "134.70", "total_tax": "19.70", **changes},
    )  # fmt: skip


def american(*changes: str, **more: Any) -> Order:
    """Two rates on one line, one line without tax."""
    shares = (LineTax(rate_id="12", amount=Decimal("7.25")), LineTax(rate_id="13", amount=Decimal("2.25")))
    return order(
        line("100.00", "9.50", taxes=shares), fee("5.00"), tax("12", "7.25"), tax("13", "2.25"),
        **{"total": "114.50", "total_tax": "9.50", "currency": "USD", **more},
    )  # fmt: skip


def test_outside_the_united_states_each_line_has_its_code_and_the_shops_tax_replaces_that_of_the_books() -> None:
    posting = posted(two_rates())
    assert lines_of(posting) == [
        ("100.00", "101", "product:45"), ("10.00", "102", "product:45"), ("5.00", "99", "item:shipping"),
    ]  # fmt: skip
    assert body_of(posting)["GlobalTaxCalculation"] == "TaxExcluded"
    assert body_of(posting)["TxnTaxDetail"] == {
        "TotalTax": Decimal("19.70"),
        "TaxLine": [
            {
                "Amount": Decimal(amount),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate}, "PercentBased": True, "NetAmountTaxable": Decimal(net),
                },
            }
            for rate, amount, net in [("201", "19.00", "100.00"), ("202", "0.70", "10.00")]
        ],
    }  # fmt: skip


def test_tax_rounded_for_the_whole_order_wins_over_the_lines() -> None:
    # 3 x 0.3325 = 0.9975 = 1.00 for the whole order, while the lines show 3 x 0.33 = 0.99.
    sold = [line("1.75", "0.33", taxes=(LineTax(rate_id="1", amount=Decimal("0.3325")),)) for _ in range(3)]
    posting = posted(order(*sold, tax("1", "1.00"), total="6.25", total_tax="1.00"))
    assert taxes_of(posting) == {"201": "1.00"}


def test_cents_between_tax_lines_and_total_tax_go_to_the_largest_rate() -> None:
    posting = posted(two_rates(total="134.72", total_tax="19.72"))
    assert taxes_of(posting) == {"201": "19.02", "202": "0.70"}
    assert code(outcome(two_rates(total="135.70", total_tax="20.70"))) == "tax_differs"


def test_rates_that_fall_on_one_line_need_a_code_for_them_together() -> None:
    posting = posted(american(currency="EUR"))
    assert lines_of(posting) == [("100.00", "312", "product:45"), ("5.00", "99", "item:fee")]
    assert taxes_of(posting) == {"212": "7.25", "213": "2.25"}

    problem = outcome(american(currency="EUR"), policy(tax_codes={"12": "112", "13": "113"}))
    assert isinstance(problem, Problem)
    assert problem.code == "tax_rate_unmapped"
    assert problem.message == "Tax rate 12+13 of the shop (Tax 12, Tax 13) has no tax code of the books."
    assert problem.advice == "Add 12+13 to tax_codes in the posting policy."


def test_the_order_of_joined_rates_says_which_is_which_in_the_books() -> None:
    swapped = policy(tax_codes={"13+12": "312"})
    assert taxes_of(posted(american(currency="EUR"), swapped)) == {"212": "2.25", "213": "7.25"}


def test_one_rate_of_the_shop_in_two_codes_is_split_by_what_the_lines_bear() -> None:
    shares = (LineTax(rate_id="1", amount=Decimal("9.00")), LineTax(rate_id="2", amount=Decimal("3.00")))
    sold = order(
        line("100.00", "19.00", "1"), line("50.00", "12.00", taxes=shares), tax("1", "28.00"), tax("2", "3.00"),
        total="181.00", total_tax="31.00",
    )  # fmt: skip
    chosen = policy(tax_codes={"1": "101", "1+2": "312"})
    assert taxes_of(posted(sold, chosen)) == {"201": "19.00", "212": "9.00", "213": "3.00"}


def test_a_rate_without_code_is_named() -> None:
    problem = outcome(taxed_order(), policy(tax_codes={}))
    assert isinstance(problem, Problem)
    assert problem.code == "tax_rate_unmapped"
    assert problem.message == "Tax rate 1 of the shop (Tax 1) has no tax code of the books."


def test_a_zero_rate_takes_its_own_code_or_that_of_untaxed_lines() -> None:
    sold = order(line("5.00", "0.00", "17"), tax("17", "0.00"), total="5.00")
    assert lines_of(posted(sold)) == [("5.00", "117", "product:45")]
    assert lines_of(posted(sold, policy(tax_codes={}))) == [("5.00", "99", "product:45")]


def test_a_zero_rate_beside_another_one_needs_no_code_of_its_own() -> None:
    shares = (LineTax(rate_id="17", amount=Decimal("0.00")), LineTax(rate_id="1", amount=Decimal("19.00")))
    sold = order(line("100.00", "19.00", taxes=shares), tax("1", "19.00"), total="119.00", total_tax="19.00")
    assert (lines_of(posted(sold)), taxes_of(posted(sold))) == ([("100.00", "101", "product:45")], {"201": "19.00"})


def test_a_cent_of_tax_that_no_single_line_bears_is_on_the_rate_of_the_lines() -> None:
    nothing = (LineTax(rate_id="1", amount=Decimal("0.00")),)
    sold = order(
        line("0.02", taxes=nothing), line("0.02", taxes=nothing), tax("1", "0.01"), total="0.05", total_tax="0.01"
    )
    assert taxes_of(posted(sold)) == {"201": "0.01"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"untaxed_tax_code": None}, "untaxed_tax_code_missing"),
        ({"untaxed_tax_code": "no-such"}, "tax_code_unknown"),
        ({"tax_codes": {"1": "no-such", "2": "102"}}, "tax_code_unknown"),
        ({"tax_codes": {"1": "312", "2": "102"}}, "tax_code_rates_differ"),
    ],
)
def test_a_tax_map_that_does_not_fit_the_books_is_a_problem(changes: dict[str, Any], expected: str) -> None:
    assert code(outcome(two_rates(), policy(**changes))) == expected


def test_an_inactive_tax_code_cannot_be_used() -> None:
    codes = tuple(found.model_copy(update={"is_active": found.id != "101"}) for found in EUR_COMPANY.tax_codes)
    assert code(outcome(taxed_order(), EUR_POLICY, company(tax_codes=codes))) == "tax_code_unknown"


def test_tax_of_a_plugin_that_names_no_rate_of_a_line_takes_those_of_the_order() -> None:
    sold = order(line("100.00", "19.00"), tax("1", "19.00"), total="119.00", total_tax="19.00")
    assert (lines_of(posted(sold)), taxes_of(posted(sold))) == ([("100.00", "101", "product:45")], {"201": "19.00"})


def test_tax_that_cannot_be_laid_on_a_line_is_a_problem_where_lines_carry_tax() -> None:
    assert code(outcome(order(line("100.00", "19.00"), total="119.00", total_tax="19.00"))) == "tax_without_rate"
    on_no_line = order(line("100.00"), tax("1", "19.00"), total="119.00", total_tax="19.00")
    assert code(outcome(on_no_line)) == "tax_without_line"


def test_negative_tax_is_left_to_a_person() -> None:
    sold = order(line("10.00"), fee("-5.00", "-0.95", "1"), tax("1", "-0.95"), total="4.05", total_tax="-0.95")
    assert code(outcome(sold)) == "negative_tax"


@pytest.mark.parametrize("books", [US_COMPANY, AUTOMATED_COMPANY])
def test_in_the_united_states_lines_are_marked_and_the_tax_stands_below(books: Company) -> None:
    posting = posted(american(), policy(tax_codes={}, untaxed_tax_code=None), books)
    assert lines_of(posting) == [("100.00", "TAX", "product:45"), ("5.00", "NON", "item:fee")]
    assert body_of(posting)["TxnTaxDetail"] == {"TotalTax": Decimal("9.50")}
    assert "GlobalTaxCalculation" not in body_of(posting)
    assert all(entry.body["Taxable"] is True for entry in posting.helpers if entry.role == "item")


def test_plain_american_tax_names_the_code_of_the_document_where_it_is_mapped() -> None:
    assert body_of(posted(american(), EUR_POLICY, US_COMPANY))["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "312"}
    assert "TxnTaxCodeRef" not in body_of(posted(american(), EUR_POLICY, AUTOMATED_COMPANY))["TxnTaxDetail"]


def test_a_document_without_tax_says_nothing_of_tax_in_the_united_states() -> None:
    posting = posted(order(line("10.00"), total="10.00", currency="USD"), EUR_POLICY, AUTOMATED_COMPANY)
    assert lines_of(posting) == [("10.00", "NON", "product:45")]
    assert "TxnTaxDetail" not in body_of(posting)


def test_a_tax_on_no_line_makes_all_lines_taxable_in_the_united_states() -> None:
    sold = order(line("10.00"), fee("1.00"), tax("12", "0.80"), total="11.80", total_tax="0.80", currency="USD")
    posting = posted(sold, EUR_POLICY, AUTOMATED_COMPANY)
    assert [tax_code for _, tax_code, _ in lines_of(posting)] == ["TAX", "TAX"]


def test_less_than_a_cent_of_tax_is_still_said_to_be_zero() -> None:
    sold = order(
        line("0.01", "0.00", taxes=(LineTax(rate_id="12", amount=Decimal("0.0007")),)), total="0.01", currency="USD"
    )
    posting = posted(sold, EUR_POLICY, AUTOMATED_COMPANY)
    assert lines_of(posting) == [("0.01", "TAX", "product:45")]
    assert body_of(posting)["TxnTaxDetail"] == {"TotalTax": Decimal("0.00")}


@pytest.mark.parametrize("mode", TaxMode)
def test_books_without_sales_tax_take_untaxed_orders_and_refuse_taxed_ones(mode: TaxMode) -> None:
    books = company(has_sales_tax=False, tax_mode=mode, tax_codes=())
    bare = policy(tax_codes={}, untaxed_tax_code=None)
    posting = posted(order(line("10.00"), total="10.00"), bare, books)
    assert lines_of(posting) == [("10.00", None, "product:45")]
    assert not {"TxnTaxDetail", "GlobalTaxCalculation"} & body_of(posting).keys()
    assert code(outcome(taxed_order(), bare, books)) == "sales_tax_off"


def test_net_amounts_of_a_shown_discount_stay_what_the_tax_is_of() -> None:
    sold = order(
        line("80.00", "15.20", "1", subtotal=Decimal("100.00")), tax("1", "15.20"), total="95.20", total_tax="15.20"
    )
    posting = posted(sold, policy(discounts="one_line"))
    assert lines_of(posting) == [("100.00", "101", "product:45")]
    assert body_of(posting)["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == Decimal("80.00")
