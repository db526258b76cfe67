"""Sales documents: tokens, sparse and full updates, numbers, lines, deleting and voiding."""

from typing import Any

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, discount, ref, sale, shipping
from tests.simulators.quickbooks.conftest import OpenBooks


def receipt(books: Books, **fields: Any) -> Body:
    return books.make("SalesReceipt", {"Line": [sale("10")], **fields})


def test_every_change_raises_the_token_and_the_time(books: Books) -> None:
    made = receipt(books)
    books.twin.clock.advance(minutes=1)

    changed = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})

    assert (made["SyncToken"], changed["SyncToken"]) == ("0", "1")
    assert changed["MetaData"]["LastUpdatedTime"] == "2026-12-01T12:01:00-08:00"
    assert changed["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]


def test_a_change_that_changes_nothing_leaves_the_token(books: Books) -> None:
    made = receipt(books, PrivateNote="x")

    same = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})

    assert same == made


@pytest.mark.parametrize("token", ["0", "2", "x"])
def test_a_stale_token_is_refused(books: Books, token: str) -> None:
    made = receipt(books)
    books.twin.world.edit("SalesReceipt", made["Id"], {"PrivateNote": "by the bookkeeper"})

    answer = books.send("SalesReceipt", {"Id": made["Id"], "SyncToken": token, "sparse": True, "PrivateNote": "x"})

    error = answer.json()["Fault"]["Error"][0]
    assert (answer.status_code, error["code"], error["Message"]) == (400, "5010", "Stale Object Error")
    assert "were working on this at the same time" in error["Detail"]


def test_an_update_without_token_or_of_nothing_is_refused(books: Books) -> None:
    number = receipt(books)["Id"]

    assert books.refused("SalesReceipt", {"Id": number, "sparse": True}) == ["2020"]
    assert books.refused("SalesReceipt", {"Id": "99", "SyncToken": "0"}) == ["610"]
    assert books.refused("SalesReceipt", {"Id": "x", "SyncToken": "0"}) == ["2030"]


def test_a_sparse_update_keeps_what_it_does_not_send(books: Books) -> None:
    customer = books.customer()["Id"]
    made = receipt(books, CustomerRef=ref(customer), PrivateNote="keep", TxnDate="2026-11-01")

    changed = books.make(
        "SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": [sale("5"), sale("6")]}
    )

    assert (changed["PrivateNote"], changed["TxnDate"], changed["CustomerRef"]["value"]) == (
        "keep",
        "2026-11-01",
        customer,
    )
    assert (changed["TotalAmt"], len(changed["Line"])) == (11, 3)


def test_a_full_update_clears_what_it_does_not_send_but_keeps_the_number(books: Books) -> None:
    customer = books.customer()["Id"]
    made = receipt(books, CustomerRef=ref(customer), PrivateNote="lost", TxnDate="2026-11-01", DocNumber="W-1")

    changed = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "Line": [sale("10")]})

    assert {"CustomerRef", "PrivateNote"} & changed.keys() == set()
    assert (changed["TxnDate"], changed["DocNumber"]) == ("2026-12-01", "W-1")


def test_a_full_update_clears_a_customer_too(books: Books) -> None:
    made = books.customer(GivenName="Anna", Notes="x")

    changed = books.make("Customer", {"Id": made["Id"], "SyncToken": "0", "DisplayName": "Anna B"})

    assert {"GivenName", "Notes"} & changed.keys() == set()
    assert (changed["DisplayName"], changed["SyncToken"]) == ("Anna B", "1")


def test_an_empty_text_clears_a_property(books: Books) -> None:
    made = receipt(books, PrivateNote="x")

    changed = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": ""})

    assert "PrivateNote" not in changed


def test_lines_keep_their_ids_when_sent_with_them(books: Books) -> None:
    made = books.make("SalesReceipt", {"Line": [sale("1"), sale("2")]})
    lines = [sale("9"), {**sale("3"), "Id": "2"}]

    changed = books.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": lines})

    assert [(line.get("Id"), line["Amount"]) for line in changed["Line"]] == [("3", 9), ("2", 3), (None, 12)]


def test_an_answer_can_be_sent_back_as_it_is(books: Books) -> None:
    lines = [sale("100", "TAX"), discount(percent="10"), shipping("5")]
    made = books.invoice(books.customer()["Id"], *lines)
    echo = books.http.get(f"/invoice/{made['Id']}").json()["Invoice"]

    assert books.make("Invoice", echo) == made


def test_numbers_are_given_one_after_another_over_all_sales_documents(books: Books) -> None:
    customer = books.customer()["Id"]

    numbers = [
        books.invoice(customer)["DocNumber"],
        receipt(books)["DocNumber"],
        receipt(books, DocNumber="AUTO_GENERATE")["DocNumber"],
        receipt(books, DocNumber="W-7")["DocNumber"],
        receipt(books)["DocNumber"],
    ]

    assert numbers == ["1001", "1002", "1003", "W-7", "1004"]


def test_with_custom_numbers_quickbooks_gives_none(open_books: OpenBooks) -> None:
    books = open_books(custom_numbers=True)

    assert "DocNumber" not in receipt(books)
    assert receipt(books, DocNumber="W-1")["DocNumber"] == "W-1"
    assert receipt(books, DocNumber="AUTO_GENERATE")["DocNumber"] == "1001"


def test_a_used_number_is_refused_and_its_holder_named(books: Books) -> None:
    customer = books.customer()["Id"]
    held = books.make("CreditMemo", {"CustomerRef": ref(customer), "Line": [sale("1")], "DocNumber": "W-1"})

    answer = books.send("SalesReceipt", {"Line": [sale("1")], "DocNumber": "W-1"})

    assert codes(answer) == ["6140"]
    holder = f"DocNumber=W-1 is assigned to TxnType=Credit Memo with TxnId={held['Id']}"
    assert answer.json()["Fault"]["Error"][0]["Detail"].endswith(holder)


def test_a_used_number_is_taken_on_request(books: Books) -> None:
    receipt(books, DocNumber="W-1")

    made = books.make("SalesReceipt", {"Line": [sale("1")], "DocNumber": "W-1"}, include="allowduplicatedocnum")

    assert made["DocNumber"] == "W-1"


@pytest.mark.parametrize(
    ("switches", "custom", "taken"),
    [
        ({"refuses_duplicate_numbers": False}, True, True),
        ({"duplicates_need_custom_numbers": True}, False, True),
        ({"duplicates_need_custom_numbers": True}, True, False),
    ],
)
def test_whether_a_used_number_is_refused_depends_on_the_company(
    open_books: OpenBooks, switches: dict[str, bool], custom: bool, taken: bool
) -> None:
    books = open_books(custom_numbers=custom)
    books.twin.site.switch(switches)
    receipt(books, DocNumber="W-1")

    answer = books.send("SalesReceipt", {"Line": [sale("1")], "DocNumber": "W-1"})

    assert (answer.status_code == 200) is taken


def test_a_deleted_document_frees_its_number(books: Books) -> None:
    books.twin.world.delete("SalesReceipt", receipt(books, DocNumber="W-1")["Id"])

    assert receipt(books, DocNumber="W-1")["DocNumber"] == "W-1"


def test_delivery_by_mail_needs_an_address(books: Books) -> None:
    assert books.refused("SalesReceipt", {"Line": [sale("1")], "EmailStatus": "NeedToSend"}) == ["6420"]


def test_terms_decide_the_due_date(books: Books) -> None:
    customer = books.customer(SalesTermRef=ref("2"))["Id"]

    made = books.invoice(customer, TxnDate="2026-11-01")

    assert (made["DueDate"], made["SalesTermRef"]) == ("2026-11-16", {"value": "2", "name": "Net 15"})


def test_the_date_of_a_new_document_is_the_pacific_one(books: Books) -> None:
    books.twin.clock.advance(hours=11)  # 07:00 UTC of the next day, 23:00 in California
    books.sign_in()

    assert receipt(books)["TxnDate"] == "2026-12-01"


def test_a_deleted_document_leaves_a_stub_and_is_gone(books: Books) -> None:
    made = receipt(books)

    answer = books.send("SalesReceipt", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")

    assert answer.json()["SalesReceipt"] == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    later = books.http.get(f"/salesreceipt/{made['Id']}")
    assert (codes(later), "Another user has deleted this transaction." in later.text) == (["610"], True)
    assert books.refused("SalesReceipt", {"Id": made["Id"], "SyncToken": "0"}, operation="delete") == ["610"]


@pytest.mark.parametrize("operation", ["delete", "update"])
def test_what_is_deleted_or_changed_must_be_named(books: Books, operation: str) -> None:
    assert books.refused("SalesReceipt", {"SyncToken": "0"}, operation=operation) == ["2020"]


def test_a_required_property_cannot_be_cleared(books: Books) -> None:
    assert books.refused("Item", {"Id": "1", "SyncToken": "0", "sparse": True, "Name": ""}) == ["2020"]


def test_names_cannot_be_deleted_or_voided(books: Books) -> None:
    body = {"Id": books.customer()["Id"], "SyncToken": "0"}

    assert books.refused("Customer", body, operation="delete") == ["500"]
    assert books.refused("Customer", body, operation="update", include="void") == ["500"]


@pytest.mark.parametrize("kind", ["Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo"])
def test_a_voided_document_stays_with_all_amounts_zero(books: Books, kind: str) -> None:
    customer = books.customer()["Id"]
    line = sale("20", "TAX", UnitPrice="10", Qty="2")
    deposit = {"DepositToAccountRef": ref("35")} if kind == "RefundReceipt" else {}
    made = books.make(kind, {"CustomerRef": ref(customer), "Line": [line], **deposit})
    ways = {"operation": "void"} if kind == "Invoice" else {"operation": "update", "include": "void"}

    gone = books.make(kind, {"Id": made["Id"], "SyncToken": "0", "sparse": True}, **ways)

    detail = gone["Line"][0]["SalesItemLineDetail"]
    assert (gone["SyncToken"], gone["PrivateNote"], gone["TotalAmt"], gone["Balance"]) == ("1", "Voided", 0, 0)
    assert gone["TxnTaxDetail"] == {"TotalTax": 0}
    assert (detail["Qty"], "UnitPrice" in detail, detail["TaxCodeRef"]) == (0, False, {"value": "TAX"})
    assert gone["DocNumber"] == made["DocNumber"]
    assert [row["Id"] for row in books.rows(f"SELECT * FROM {kind}")] == [made["Id"]]


def test_only_invoices_are_voided_by_that_operation(books: Books) -> None:
    assert books.refused("SalesReceipt", {"Id": receipt(books)["Id"], "SyncToken": "0"}, operation="void") == ["500"]
