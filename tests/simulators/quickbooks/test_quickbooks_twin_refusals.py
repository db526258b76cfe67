"""What stands against a well-formed body: references, closed books, an ended subscription."""

from typing import Any

import pytest

from tests.simulators.quickbooks.books import Body, Books, codes, error, ref, sale


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ({"CustomerRef": ref("99")}, "2500", "Invalid Reference Id : Names element id 99 not found"),
        ({"Line": [sale("1", item="99")]}, "2500", "Invalid Reference Id : Items element id 99 not found"),
        ({"DepositToAccountRef": ref("999")}, "2500", "Invalid Reference Id : Accounts element id 999 not found"),
        ({"ClassRef": ref("1")}, "2500", "Invalid Reference Id : Klasses element id 1 not found"),
        ({"DepositToAccountRef": ref("79")}, "6430", "Invalid account type used : Income"),
    ],
)
def test_a_reference_to_nothing_is_refused(books: Books, line: Body, code: str, text: str) -> None:
    found = error(books, "SalesReceipt", {"Line": [sale("1")], **line})

    assert (found["code"], found["Detail"]) == (code, text)


@pytest.mark.parametrize("code", ["610", "2500"])
def test_a_reference_to_something_inactive_is_refused(books: Books, code: Any) -> None:
    books.twin.switches.inactive_reference = code
    books.twin.world.deactivate("Item", "2")

    found = error(books, "SalesReceipt", {"Line": [sale("1", item="2")]})

    assert found["code"] == code
    assert "made inactive" in found["Detail"]


@pytest.mark.parametrize(
    ("day", "answer"), [("2026-06-30", ["6210"]), ("2026-06-01", ["6210"]), ("2026-07-01", [])]
)  # fmt: skip
def test_closed_books_take_no_transaction(books: Books, day: str, answer: list[str]) -> None:
    books.twin.world.close_books("2026-06-30")

    sent = books.send("SalesReceipt", {"Line": [sale("1")], "TxnDate": day})

    assert (codes(sent) if sent.status_code == 400 else []) == answer


def test_a_transaction_in_closed_books_can_neither_be_moved_nor_voided_nor_deleted(books: Books) -> None:
    made = books.make("SalesReceipt", {"Line": [sale("1")], "TxnDate": "2026-06-30"})
    books.twin.world.close_books("2026-06-30")
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "TxnDate": "2026-07-01"}

    assert books.refused("SalesReceipt", body) == ["6210"]
    assert books.refused("SalesReceipt", body, operation="delete") == ["6210"]
    assert books.refused("SalesReceipt", body, operation="update", include="void") == ["6210"]


def test_an_ended_subscription_reads_but_does_not_write(books: Books) -> None:
    books.customer()
    books.twin.world.end_subscription()

    assert books.refused("Customer", {"DisplayName": "B"}) == ["6190"]
    assert books.rows("SELECT * FROM Customer")[0]["DisplayName"] == "Anna Arm"
    assert "EXPIRED" in books.http.get(f"/companyinfo/{books.realm}").text


def test_refusals_may_come_with_http_200(books: Books) -> None:
    books.twin.switches.faults_in_200 = True

    answer = books.send("Customer", {})

    assert (answer.status_code, codes(answer)) == (200, ["6080"])
