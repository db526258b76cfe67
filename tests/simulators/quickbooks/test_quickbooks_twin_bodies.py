"""Bodies are taken strictly: what the real API refuses, the twin refuses, with its code."""

from typing import Any

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, error, ref, sale


def test_an_unknown_property_is_named(books: Books) -> None:
    found = error(books, "Invoice", {"BadJson": True})

    assert (found["code"], found["Message"]) == ("2010", "Request has invalid or unsupported property")
    assert found["Detail"].startswith('Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.')
    assert "element" not in found


def test_an_unknown_property_deep_inside_is_refused_too(books: Books) -> None:
    line = sale("1")
    line["SalesItemLineDetail"]["Quantity"] = 1

    assert books.refused("SalesReceipt", {"Line": [line]}) == ["2010"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Line": {}},
        {"Line": [sale("1") | {"Amount": "ten"}]},
        {"Line": [sale("1") | {"Amount": True}]},
        {"Line": [sale("1")], "CustomerRef": "1"},
        {"Line": [sale("1")], "CustomerRef": {"id": "1"}},
        {"Line": [sale("1")], "PrivateNote": {"text": "x"}},
        {"Line": [sale("1")], "ApplyTaxAfterDiscount": "perhaps"},
        {"Line": [sale("1")], "BillAddr": "1 Elm St"},
        {"Line": ["x"]},
        {"Line": [sale("1") | {"Amount": "NaN"}]},
        {"Line": [sale("1")], "CustomerRef": {"value": {}}},
        [],
        "x",
    ],
)
def test_a_wrongly_typed_property_is_refused(books: Books, wrong: Any) -> None:
    assert books.refused("SalesReceipt", wrong) == ["2010"]


def test_numbers_may_come_as_text_and_nulls_count_as_absent(books: Books) -> None:
    made = books.make("SalesReceipt", {"Line": [sale("1") | {"Amount": "12.50"}], "PrivateNote": None, "DocNumber": 17})

    assert (str(made["TotalAmt"]), made["DocNumber"], "PrivateNote" in made) == ("12.50", "17", False)


def test_a_body_that_is_no_json_is_refused(books: Books) -> None:
    json = {"Content-Type": "application/json"}

    broken = books.http.post("/invoice", content=b'{"Line": [', headers=json)
    latin = books.http.post("/invoice", content='{"PrivateNote": "\u00e4"}'.encode("latin-1"), headers=json)
    form = books.http.post("/invoice", data={"Line": "x"})

    assert [answer.status_code for answer in (broken, latin, form)] == [400, 400, 400]
    assert [codes(answer) for answer in (broken, latin, form)] == [["2010"], ["500"], ["1050"]]


@pytest.mark.parametrize(
    ("kind", "body", "elements"),
    [
        ("Invoice", {}, ["CustomerRef", "Line"]),
        ("Invoice", {"CustomerRef": ref("1"), "Line": [{"Amount": 1}]}, ["Line.DetailType"]),
        ("CreditMemo", {"Line": [sale("1")]}, ["CustomerRef"]),
        ("RefundReceipt", {"Line": [sale("1")]}, ["DepositToAccountRef"]),
        ("SalesReceipt", {}, ["Line"]),
        ("SalesReceipt", {"Line": []}, ["Line"]),
        ("SalesReceipt", {"Line": [{"DetailType": "SalesItemLineDetail"}]}, ["Line.Amount"]),
        ("Payment", {"TotalAmt": 1}, ["CustomerRef"]),
        ("Item", {"Type": "Service"}, ["Name"]),
        ("Item", {"Name": "X"}, ["IncomeAccountRef"]),
    ],
)
def test_everything_that_is_missing_is_named(books: Books, kind: str, body: Body, elements: list[str]) -> None:
    books.customer()

    answer = books.send(kind, body)

    errors = answer.json()["Fault"]["Error"]
    assert [(found["code"], found["element"]) for found in errors] == [("2020", element) for element in elements]
    assert errors[0]["Detail"].startswith("Required parameter ")


@pytest.mark.parametrize(
    ("kind", "body", "element", "limit"),
    [
        ("SalesReceipt", {"Line": [sale("1")], "DocNumber": "N" * 22}, "DocNumber", 21),
        ("SalesReceipt", {"Line": [sale("1")], "PrivateNote": "n" * 4001}, "PrivateNote", 4000),
        ("Customer", {"DisplayName": "n" * 501}, "DisplayName", 500),
        ("Customer", {"DisplayName": "n", "GivenName": "n" * 101}, "GivenName", 100),
        ("Customer", {"DisplayName": "n", "PrimaryPhone": {"FreeFormNumber": "1" * 22}}, "FreeFormNumber", 21),
        ("Item", {"Name": "n" * 101}, "Name", 100),
        ("SalesReceipt", {"Line": [sale("1")], "ShipMethodRef": ref("s" * 31)}, "ShipMethodRef", 30),
    ],
)
def test_what_is_too_long_is_named_with_its_limit(
    books: Books, kind: str, body: Body, element: str, limit: int
) -> None:
    found = error(books, kind, body)

    assert (found["code"], found["element"]) == ("2050", element)
    assert found["Detail"].endswith(f"Min:0 Max:{limit} supported. Supplied length:{limit + 1}")


def test_several_problems_come_together(books: Books) -> None:
    body = {"DisplayName": "Anna", "Suffix": "x" * 17, "Title": "y" * 17, "PrimaryEmailAddr": {"Address": "nowhere"}}

    assert sorted(books.refused("Customer", body)) == ["2050", "2050", "2210"]


@pytest.mark.parametrize("address", ["anna", "anna@", "anna@home", "a b@c.de", "anna@c.de,"])
def test_a_malformed_address_is_refused(books: Books, address: str) -> None:
    assert books.refused("Customer", {"DisplayName": "A", "PrimaryEmailAddr": {"Address": address}}) == ["2210"]


def test_several_addresses_with_commas_are_taken(books: Books) -> None:
    made = books.customer(PrimaryEmailAddr={"Address": "a@b.cd, e@f.gh"})

    assert made["PrimaryEmailAddr"] == {"Address": "a@b.cd, e@f.gh"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("SalesReceipt", {"Line": [sale("1")], "PrintStatus": "Printed"}),
        ("SalesReceipt", {"Line": [sale("1") | {"DetailType": "ItemLine"}]}),
        ("Item", {"Name": "X", "Type": "Product", "IncomeAccountRef": ref("1")}),
        ("Customer", {"DisplayName": "A", "PreferredDeliveryMethod": "Pigeon"}),
    ],
)
def test_an_unknown_word_is_refused(books: Books, kind: str, body: Body) -> None:
    assert books.refused(kind, body) == ["2170"]


@pytest.mark.parametrize(("day", "code"), [("1.12.2026", "2060"), ("2026-02-30", "2070")])
def test_a_date_that_is_none_is_refused(books: Books, day: str, code: str) -> None:
    assert books.refused("SalesReceipt", {"Line": [sale("1")], "TxnDate": day}) == [code]


def test_a_time_of_day_is_cut_off_a_date(books: Books) -> None:
    made = books.make("SalesReceipt", {"Line": [sale("1")], "TxnDate": "2026-02-18T00:59:41.885Z"})

    assert made["TxnDate"] == "2026-02-18"


def test_an_empty_reference_fails_inside(books: Books) -> None:
    found = error(books, "Invoice", {"CustomerRef": {"value": ""}, "Line": [sale("1")]})

    assert (found["code"], found["Detail"]) == (
        "6000",
        "Business Validation Error: Unexpected Internal Error. (-30003)",
    )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/customer/1.5", "2030"),
        ("/customer/99", "610"),
        ("/customer/1/5", "500"),
        ("/custmoer/1", "500"),
        ("/Customer/1", "500"),
    ],
)
def test_paths_and_ids_that_do_not_exist_are_refused_with_400(books: Books, path: str, code: str) -> None:
    answer = books.http.get(path)

    assert (answer.status_code, codes(answer)) == (400, [code])


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/invoice"), ("POST", "/invoice/1"), ("GET", "/batch"), ("DELETE", "/invoice/1"), ("GET", "/invoice")],
)
def test_methods_that_no_path_has_are_refused(books: Books, method: str, path: str) -> None:
    assert codes(books.http.request(method, path)) == ["500"]


def test_the_refusal_of_a_malformed_id_carries_no_time(books: Books) -> None:
    assert set(books.http.get("/customer/1.5").json()) == {"Fault"}
    assert set(books.http.get("/customer/99").json()) == {"Fault", "time"}


@pytest.mark.parametrize("kind", ["TaxCode", "TaxRate", "CompanyInfo", "Preferences"])
def test_settings_and_taxes_are_read_only(books: Books, kind: str) -> None:
    assert books.refused(kind, {"Name": "X"}) == ["500"]
