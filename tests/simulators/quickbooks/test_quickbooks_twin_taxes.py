"""Tax: automated and plain in the US, by code on each line elsewhere."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.clock import Clock
from simulators.quickbooks.kinds import KINDS
from simulators.quickbooks.modes import Setup
from simulators.quickbooks.seeds import new_company
from simulators.quickbooks.switches import Switches
from simulators.quickbooks.writing import Wish, write
from tests.simulators.quickbooks.books import Body, Books, codes, discount, ref, sale, shipping
from tests.simulators.quickbooks.conftest import OpenBooks


def totals(made: Body) -> tuple[str, str]:
    return str(made["TxnTaxDetail"]["TotalTax"]), str(made["TotalAmt"])


def taxed(books: Books, *lines: Body, **fields: Any) -> Body:
    return books.make("SalesReceipt", {"Line": list(lines), **fields})


def tax_lines(made: Body) -> list[tuple[str, str, str, str]]:
    """(rate, percent, base, amount) of each TaxLine."""
    found = [(line["TaxLineDetail"], line["Amount"]) for line in made["TxnTaxDetail"].get("TaxLine", [])]
    return [
        (detail["TaxRateRef"]["value"], str(detail["TaxPercent"]), str(detail["NetAmountTaxable"]), str(amount))
        for detail, amount in found
    ]


def test_automated_tax_is_computed_for_taxed_lines(books: Books) -> None:
    made = taxed(books, sale("90", "NON"), sale("275", "TAX"))

    assert totals(made) == ("22.00", "387.00")
    assert tax_lines(made) == [("1", "8", "275.00", "22.00")]


def test_automated_tax_is_not_owed_in_other_states(books: Books) -> None:
    elsewhere = {"Line1": "1 Elm St", "CountrySubDivisionCode": "NY"}

    assert totals(taxed(books, sale("100", "TAX"), ShipAddr=elsewhere)) == ("0", "100.00")


def test_an_untaxed_document_stays_as_it_is_when_its_note_changes(books: Books) -> None:
    made = taxed(books, sale("100", "TAX"), ShipAddr={"CountrySubDivisionCode": "NY"})
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}

    assert books.make("SalesReceipt", body)["TxnTaxDetail"] == made["TxnTaxDetail"] == {"TotalTax": 0}


def test_automated_tax_takes_taxable_items_when_a_line_has_no_code(books: Books) -> None:
    item = books.make("Item", {"Name": "Pump", "Taxable": True, "IncomeAccountRef": ref("79")})["Id"]
    exempt = books.customer(Taxable=False)["Id"]

    assert totals(taxed(books, sale("100", item=item)))[0] == "8.00"
    assert totals(taxed(books, sale("100", item=item), CustomerRef=ref(exempt)))[0] == "0"


def test_automated_tax_ignores_the_tax_code_of_the_document(books: Books) -> None:
    made = taxed(books, sale("100", "TAX"), TxnTaxDetail={"TxnTaxCodeRef": ref("3")})

    assert totals(made) == ("8.00", "108.00")


@pytest.mark.parametrize("company", ["us-ast", "us"])
@pytest.mark.parametrize("amount", ["7.77", "0.01", "20.00"])
def test_an_explicit_total_tax_wins(open_books: OpenBooks, company: str, amount: str) -> None:
    made = taxed(open_books(company), sale("100", "TAX"), TxnTaxDetail={"TotalTax": float(amount)})

    assert totals(made) == (amount, str(Decimal("100.00") + Decimal(amount)))


def test_an_explicit_total_tax_of_zero_wins_too(books: Books) -> None:
    assert totals(taxed(books, sale("100", "TAX"), TxnTaxDetail={"TotalTax": 0})) == ("0", "100.00")


def test_an_explicit_total_tax_needs_a_taxed_line(books: Books) -> None:
    answer = books.send("SalesReceipt", {"Line": [sale("100", "NON")], "TxnTaxDetail": {"TotalTax": 5}})

    assert codes(answer) == ["6000"]
    assert "error while calculating tax" in answer.text


def test_an_explicit_total_tax_needs_a_code_with_rates(plain: Books) -> None:
    detail = {"TxnTaxCodeRef": ref("TAX"), "TotalTax": 1}

    assert plain.refused("SalesReceipt", {"Line": [sale("9", "TAX")], "TxnTaxDetail": detail}) == ["6000"]


def test_an_explicit_total_tax_is_spread_over_the_rates(plain: Books) -> None:
    detail = {"TxnTaxCodeRef": ref("3"), "TotalTax": 9.11}

    made = taxed(plain, sale("100", "TAX"), TxnTaxDetail=detail)

    assert tax_lines(made) == [("2", "7.1", "100.00", "7.11"), ("3", "2", "100.00", "2.00")]


def test_an_explicit_total_tax_survives_an_edit_of_the_note(books: Books) -> None:
    made = taxed(books, sale("100", "TAX"), TxnTaxDetail={"TotalTax": 7.77})

    noted = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    resold = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Line": [sale("200", "TAX")]}

    assert totals(noted) == ("7.77", "107.77")
    assert totals(books.make("SalesReceipt", resold)) == ("16.00", "216.00")


def test_plain_tax_follows_the_code_of_the_document(plain: Books) -> None:
    with_code = taxed(plain, sale("325.75", "TAX"), TxnTaxDetail={"TxnTaxCodeRef": ref("2")})

    assert totals(with_code) == ("26.06", "351.81")
    assert with_code["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}
    assert totals(taxed(plain, sale("325.75", "TAX"))) == ("0", "325.75")


def test_plain_tax_leaves_out_shipping_and_ignores_a_discount(plain: Books) -> None:
    lines = [sale("345", "TAX"), discount(percent="10"), shipping("5")]

    made = taxed(plain, *lines, TxnTaxDetail={"TxnTaxCodeRef": ref("2")})

    # 345.00 - 34.50 + 5.00 + 27.60, as in a captured refund receipt: tax before discount and without shipping.
    assert totals(made) == ("27.60", "343.10")


def test_plain_tax_may_be_taken_after_the_discount(plain: Books) -> None:
    lines = [sale("100", "TAX"), sale("100", "NON"), discount("20")]

    made = taxed(plain, *lines, TxnTaxDetail={"TxnTaxCodeRef": ref("2")}, ApplyTaxAfterDiscount=True)

    assert tax_lines(made) == [("1", "8", "90.00", "7.20")]


@pytest.mark.parametrize("company", ["us-ast", "us"])
def test_us_lines_take_only_tax_and_non(open_books: OpenBooks, company: str) -> None:
    assert open_books(company).refused("SalesReceipt", {"Line": [sale("1", "2")]}) == ["6100"]


def test_custom_sales_tax_is_no_code_for_documents(plain: Books) -> None:
    body = {"Line": [sale("1", "TAX")], "TxnTaxDetail": {"TxnTaxCodeRef": ref("CustomSalesTax")}}

    assert plain.refused("SalesReceipt", body) == ["6160"]


@pytest.mark.parametrize(
    ("company", "words"), [("ca", "have a GST/HST rate before"), ("gb", "have a VAT rate before"), ("eu", "have a VAT")]
)
def test_elsewhere_every_line_needs_a_code(open_books: OpenBooks, company: str, words: str) -> None:
    books = open_books(company)

    sold = books.send("SalesReceipt", {"Line": [sale("1", "2"), sale("1")]})
    shipped = books.send("SalesReceipt", {"Line": [sale("1", "2"), shipping("1")]})

    assert codes(sold) == codes(shipped) == ["6000"]
    assert words in sold.text


def test_codes_of_other_countries_do_not_exist(euro: Books) -> None:
    assert euro.refused("SalesReceipt", {"Line": [sale("1", "TAX")]}) == ["2500"]
    assert euro.refused("SalesReceipt", {"Line": [sale("1", "1")]}) == ["610"]


def test_tax_is_added_per_rate(euro: Books) -> None:
    made = taxed(euro, sale("10.05", "2"), sale("20.10", "2"), sale("7", "3"), sale("1", "13"), shipping("4.20", "2"))

    # 34.35 x 19 % = 6.5265; 7 x 7 % = 0.49; 1.00 carries no tax
    assert tax_lines(made) == [("1", "19", "34.35", "6.53"), ("2", "7", "7.00", "0.49")]
    assert totals(made) == ("7.02", "49.37")


def test_how_lines_are_priced_is_told_outside_the_us_only(books: Books, euro: Books) -> None:
    american = taxed(books, sale("1", "TAX"), GlobalTaxCalculation="TaxExcluded")

    assert ("GlobalTaxCalculation" in american, taxed(euro, sale("1", "2"))["GlobalTaxCalculation"]) == (
        False,
        "TaxExcluded",
    )


def test_tax_may_be_rounded_line_by_line(euro: Books) -> None:
    euro.twin.switches.tax_rounding = "line"

    made = taxed(euro, *[sale("0.13", "2")] * 3)

    assert totals(made) == ("0.06", "0.45")  # 0.0247 three times is 0.02 three times; of 0.39 it would be 0.07


def test_two_rates_of_one_code_are_told_apart(open_books: OpenBooks) -> None:
    made = taxed(open_books("ca"), sale("100", "7"))

    assert [(percent, amount) for _, percent, _, amount in tax_lines(made)] == [("5", "5.00"), ("9.975", "9.98")]


def test_gross_prices_are_split(euro: Books) -> None:
    line = sale("100", "2", TaxInclusiveAmt="119")

    made = taxed(euro, line, GlobalTaxCalculation="TaxInclusive")

    assert (made["Line"][0]["Amount"], totals(made)) == (100, ("19.00", "119.00"))


def test_gross_prices_stay_exact_when_the_net_is_not(euro: Books) -> None:
    made = taxed(euro, sale("8.40", "2", TaxInclusiveAmt="9.99"), GlobalTaxCalculation="TaxInclusive")

    assert totals(made) == ("1.60", "9.99")


def test_a_sent_tax_line_forces_the_amount_and_shows_the_difference(euro: Books) -> None:
    detail = {"TaxRateRef": ref("1"), "PercentBased": True, "TaxPercent": 19, "NetAmountTaxable": 100}
    forced = {"TotalTax": 19.02, "TaxLine": [{"Amount": 19.02, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}]}

    made = taxed(euro, sale("100", "2"), TxnTaxDetail=forced)

    assert totals(made) == ("19.02", "119.02")
    assert str(made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["OverrideDeltaAmount"]) == "0.02"


def test_a_tax_line_of_a_rate_that_no_line_uses_is_refused(euro: Books) -> None:
    line = {"Amount": 1, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": ref("2")}}

    assert euro.refused("SalesReceipt", {"Line": [sale("100", "2")], "TxnTaxDetail": {"TaxLine": [line]}}) == ["6000"]


def test_documents_outside_tax_have_none(euro: Books) -> None:
    made = taxed(euro, sale("100"), GlobalTaxCalculation="NotApplicable")
    body = {"Line": [sale("100")], "GlobalTaxCalculation": "NotApplicable", "TxnTaxDetail": {"TotalTax": 0}}

    assert ("TxnTaxDetail" in made, made["TotalAmt"], made["GlobalTaxCalculation"]) == (False, 100, "NotApplicable")
    assert euro.refused("SalesReceipt", body) == ["6170"]


CENTS = st.integers(0, 500_000).map(lambda cents: Decimal(cents) / 100)
LINES = st.lists(st.tuples(CENTS, st.sampled_from(["2", "3", "4", "12"])), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, how=st.sampled_from(["TaxExcluded", "TaxInclusive"]), percent=st.integers(0, 100))
def test_totals_always_add_up(lines: list[tuple[Decimal, str]], how: str, percent: int) -> None:
    switches = Switches()
    company = new_company("1", Setup("eu"), Clock(), switches)
    sent = [sale("0", code) | {"Amount": amount} for amount, code in lines]
    body = {"Line": [*sent, discount(percent=str(percent))] if how == "TaxExcluded" else sent}

    made = write(company, "create", Wish(KINDS["SalesReceipt"], {**body, "GlobalTaxCalculation": how}))

    amounts = {line["DetailType"]: line["Amount"] for line in made["Line"]}
    tax = sum(line["Amount"] for line in made["TxnTaxDetail"].get("TaxLine", []))
    assert made["TxnTaxDetail"]["TotalTax"] == tax
    assert made["TotalAmt"] == amounts["SubTotalLineDetail"] - amounts.get("DiscountLineDetail", 0) + tax
    assert made["TotalAmt"] == round(made["TotalAmt"], 2)
