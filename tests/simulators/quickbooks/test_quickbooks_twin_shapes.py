"""Answers have the members and types that captured answers of real companies show."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.quickbooks.books import Body, Books, ref, sale
from tests.simulators.quickbooks.conftest import OpenBooks

STANDING = {"domain", "sparse", "Id", "SyncToken", "MetaData"}
CUSTOMER = {
    "Taxable", "Job", "BillWithParent", "Balance", "BalanceWithJobs", "CurrencyRef", "PreferredDeliveryMethod",
    "FullyQualifiedName", "DisplayName", "PrintOnCheckName", "Active", "DefaultTaxCodeRef",
}  # fmt: skip
SALE = {
    "CustomField", "DocNumber", "TxnDate", "CurrencyRef", "Line", "TxnTaxDetail", "TotalAmt", "ApplyTaxAfterDiscount",
    "PrintStatus", "Balance",
}  # fmt: skip
INVOICE = SALE | {
    "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "LinkedTxn",
    "CustomerRef", "DueDate", "EmailStatus",
}  # fmt: skip
PAYMENT = {
    "CustomerRef", "DepositToAccountRef", "TotalAmt", "UnappliedAmt", "ProcessPayment", "TxnDate", "CurrencyRef",
    "LinkedTxn", "Line",
}  # fmt: skip
ITEM = {
    "Name", "Active", "FullyQualifiedName", "Taxable", "UnitPrice", "Type", "IncomeAccountRef", "PurchaseCost",
    "TrackQtyOnHand",
}  # fmt: skip
ACCOUNT = {
    "Name", "SubAccount", "FullyQualifiedName", "Active", "Classification", "AccountType", "AccountSubType",
    "CurrentBalance", "CurrentBalanceWithSubAccounts", "CurrencyRef",
}  # fmt: skip
RATE = {"Name", "Description", "Active", "RateValue", "AgencyRef", "SpecialTaxType", "DisplayType"}
CODE = {"Name", "Description", "Active", "Taxable", "TaxGroup", "SalesTaxRateList", "PurchaseTaxRateList"}


def made(books: Books) -> dict[str, Body]:
    """One object of each kind."""
    customer = books.customer()["Id"]
    lines = [sale("100")]
    deposit = {"DepositToAccountRef": ref("35")}
    invoice = books.invoice(customer)
    return {
        "Customer": books.read("Customer", customer),
        "Invoice": invoice,
        "SalesReceipt": books.make("SalesReceipt", {"Line": lines}),
        "RefundReceipt": books.make("RefundReceipt", {"Line": lines, **deposit}),
        "CreditMemo": books.make("CreditMemo", {"Line": lines, "CustomerRef": ref(customer)}),
        "Payment": books.pay(customer, "40", **{f"i{invoice['Id']}": "40"}),
        "Vendor": books.make("Vendor", {"DisplayName": "Voss"}),
        "Item": books.read("Item", "1"),
        "Account": books.read("Account", "79"),
        "PaymentMethod": books.read("PaymentMethod", "1"),
        "TaxRate": books.read("TaxRate", "1"),
        "TaxCode": books.read("TaxCode", "2"),
    }


def test_every_object_has_the_members_of_captured_ones(plain: Books) -> None:
    shown = {kind: set(body) - STANDING for kind, body in made(plain).items()}

    assert shown == {
        "Customer": CUSTOMER,
        "Invoice": INVOICE,
        "SalesReceipt": SALE | {"EmailStatus", "DepositToAccountRef"},
        "RefundReceipt": SALE | {"DepositToAccountRef"},
        "CreditMemo": SALE | {"CustomerRef", "EmailStatus", "RemainingCredit", "LinkedTxn"},
        "Payment": PAYMENT,
        "Vendor": {"Balance", "Vendor1099", "CurrencyRef", "DisplayName", "PrintOnCheckName", "Active"},
        "Item": ITEM,
        "Account": ACCOUNT,
        "PaymentMethod": {"Name", "Active", "Type"},
        "TaxRate": RATE,
        "TaxCode": CODE,
    }


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("company", ["us-ast", "us"])
def test_every_object_can_be_sent_back_as_it_came(open_books: OpenBooks, company: str, sparse: bool) -> None:
    books = open_books(company)
    objects = {kind: number["Id"] for kind, number in made(books).items() if not kind.startswith("Tax")}
    before = {kind: books.read(kind, number) for kind, number in objects.items()}

    for kind, number in objects.items():
        echo = books.http.get(f"/{kind.lower()}/{number}").json()[kind]
        books.make(kind, {**echo, "sparse": sparse})

    assert {kind: books.read(kind, number) for kind, number in objects.items()} == before


@pytest.mark.parametrize(
    ("body", "params", "members"),
    [
        ({"DisplayName": "A", "Shoe": 1}, {}, {"Message", "Detail", "code"}),
        ({"DisplayName": "Anna Arm"}, {}, {"Message", "Detail", "code", "element"}),
        ({"Id": "1", "SyncToken": "5"}, {}, {"Message", "Detail", "code", "element"}),
        ({"Id": "1", "SyncToken": "0"}, {"operation": "merge"}, {"Message", "Detail", "code"}),
    ],
)
def test_refusals_have_the_members_of_captured_ones(
    books: Books, body: Body, params: dict[str, str], members: set[str]
) -> None:
    books.customer()

    refusal = books.send("Customer", body, **params).json()

    assert set(refusal) == {"Fault", "time"}
    assert set(refusal["Fault"]) == {"Error", "type"}
    assert refusal["Fault"]["type"] == "ValidationFault"
    assert set(refusal["Fault"]["Error"][0]) == members
    assert isinstance(refusal["Fault"]["Error"][0]["code"], str)


def test_ids_and_tokens_are_text_and_stamps_carry_the_pacific_offset(books: Books) -> None:
    customer = books.customer()

    stamp = "2026-12-01T12:00:00-08:00"
    standing = {name: customer[name] for name in ("domain", "sparse", "Id", "SyncToken", "MetaData")}
    assert standing == {
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }


def test_amounts_have_two_decimals_zero_is_bare_and_prices_are_not_padded(books: Books) -> None:
    lines = [sale("10.00", UnitPrice="2.50", Qty="4.0")]

    text = books.send("SalesReceipt", {"Line": lines}).text

    assert '"TotalAmt":10.00,' in text
    assert '"Balance":0,' in text
    assert '"UnitPrice":2.5,"Qty":4,' in text


def test_references_come_back_with_names_and_tax_codes_without(books: Books) -> None:
    customer = books.customer()["Id"]

    invoice = books.invoice(customer, sale("5", "TAX"))

    detail = invoice["Line"][0]["SalesItemLineDetail"]
    assert invoice["CustomerRef"] == {"value": customer, "name": "Anna Arm"}
    assert invoice["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert detail == {"ItemRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "TAX"}}


def test_a_subtotal_line_without_id_follows_the_sold_lines(books: Books) -> None:
    receipt = books.make("SalesReceipt", {"Line": [sale("1.10"), sale("2.20")]})

    assert [line.get("Id") for line in receipt["Line"]] == ["1", "2", None]
    assert receipt["Line"][2] == {
        "Amount": Decimal("3.30"),
        "DetailType": "SubTotalLineDetail",
        "SubTotalLineDetail": {},
    }


def test_an_amount_only_line_gets_neither_price_nor_quantity(books: Books) -> None:
    invoice = books.invoice(books.customer()["Id"], sale("100"))

    detail: dict[str, Any] = invoice["Line"][0]["SalesItemLineDetail"]
    assert detail == {"ItemRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"}}
    assert (invoice["DueDate"], invoice["DocNumber"]) == ("2026-12-31", "1001")


def test_a_payment_line_tells_the_open_balance_before_it(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)

    paid = books.pay(customer, "40", **{f"i{invoice['Id']}": "40"})

    told = {item["value"]["Name"]: item["value"]["Value"] for item in paid["Line"][0]["LineEx"]["any"]}
    assert told == {"txnId": invoice["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": "1001"}
    assert paid["DepositToAccountRef"] == {"value": "4"}


def test_addresses_default_to_the_customers_and_share_its_id(books: Books) -> None:
    address = {"Line1": "1 Elm St", "City": "Bayshore", "CountrySubDivisionCode": "CA", "PostalCode": "94326"}
    customer = books.customer(BillAddr=address, ShipAddr=address)

    invoice = books.invoice(customer["Id"])

    assert customer["BillAddr"] == customer["ShipAddr"] == {"Id": "1", **address}
    assert (invoice["BillAddr"], invoice["ShipAddr"]) == (customer["BillAddr"], customer["ShipAddr"])


def test_successes_carry_headers_that_refusals_lack(books: Books) -> None:
    success, refusal = books.http.get("/item/1"), books.http.get("/customer/1.5")

    assert success.headers["Content-Type"] == "application/json;charset=utf-8"
    for name in ("QBO-Version", "Service-Time"):
        assert (name in success.headers, name in refusal.headers) == (True, False)
    assert refusal.headers["Content-Type"] == "application/json"
    assert success.headers["intuit_tid"] != refusal.headers["intuit_tid"]


def test_the_envelope_tells_the_time_in_milliseconds(books: Books) -> None:
    assert books.http.get("/item/1").json()["time"] == "2026-12-01T12:00:00.000-08:00"


def test_without_accept_json_the_answer_is_xml(books: Books) -> None:
    answer = books.http.get("/item/1", headers={"Accept": "*/*"})

    assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
    assert '<Item domain="QBO" sparse="false"><Id>1</Id>' in answer.text
    assert '<IncomeAccountRef name="Services">1</IncomeAccountRef>' in answer.text


@pytest.mark.parametrize(
    ("company", "country", "currency", "automated"),
    [("us-ast", "US", "USD", True), ("us", "US", "USD", None), ("ca", "CA", "CAD", None), ("gb", "GB", "GBP", None),
     ("eu", "DE", "EUR", None)],
)  # fmt: skip
def test_the_settings_tell_the_company_mode(
    open_books: Any, company: str, country: str, currency: str, automated: Any
) -> None:
    books = open_books(company, custom_numbers=True, closed_until="2026-06-30", shipping=False)

    info = books.http.get(f"/companyinfo/{books.realm}").json()["CompanyInfo"]
    preferences = books.http.get("/preferences").json()["Preferences"]

    sales = preferences["SalesFormsPrefs"]
    assert info["Country"] == country
    assert preferences["CurrencyPrefs"] == {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": currency}}
    assert preferences["TaxPrefs"].get("PartnerTaxEnabled") is automated
    assert preferences["AccountingInfoPrefs"]["BookCloseDate"] == "2026-06-30"
    assert (sales["CustomTxnNumbers"], sales["AllowShipping"], sales["AllowDiscount"]) == (True, False, True)


def test_the_home_currency_can_be_chosen(open_books: Any) -> None:
    books = open_books("gb", currency="EUR")

    assert books.customer()["CurrencyRef"] == {"value": "EUR", "name": "Euro"}


def test_us_tax_and_non_have_neither_token_nor_domain(plain: Books) -> None:
    codes = {row["Id"]: set(row) for row in plain.rows("SELECT * FROM TaxCode")}

    assert codes["TAX"] == codes["NON"] == {"Id", "MetaData", "Name", "Description", "Active", "Taxable", "TaxGroup"}
