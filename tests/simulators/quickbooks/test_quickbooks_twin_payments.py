"""Payments settle invoices and credits, and move what they settle."""

import pytest

from tests.simulators.quickbooks.books import Body, Books, payment, ref, sale
from tests.simulators.quickbooks.conftest import OpenBooks


def credit(books: Books, customer: str, amount: str) -> Body:
    return books.make("CreditMemo", {"CustomerRef": ref(customer), "Line": [sale(amount)]})


def test_a_payment_lowers_the_balance_and_moves_the_invoice(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    books.twin.clock.advance(minutes=5)

    paid = books.pay(customer, "40", **{f"i{invoice}": "40"})

    moved = books.read("Invoice", invoice)
    assert (moved["Balance"], moved["TotalAmt"], moved["SyncToken"]) == (60, 100, "1")
    assert moved["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert moved["MetaData"]["LastUpdatedTime"] == "2026-12-01T12:05:00-08:00"
    assert paid["UnappliedAmt"] == 0


def test_what_is_not_applied_stays_with_the_payment(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]

    assert books.pay(customer, "150", **{f"i{invoice}": "100"})["UnappliedAmt"] == 50
    assert books.pay(customer, "30")["UnappliedAmt"] == 30
    assert books.read("Customer", customer)["Balance"] == -80


def test_a_customers_balance_moves_its_time_but_not_its_token(books: Books) -> None:
    customer = books.customer()["Id"]
    books.twin.clock.advance(minutes=5)

    books.invoice(customer)

    moved = books.read("Customer", customer)
    assert (moved["Balance"], moved["SyncToken"]) == (100, "0")
    assert moved["MetaData"]["LastUpdatedTime"] == "2026-12-01T12:05:00-08:00"


def test_one_payment_may_settle_several_invoices(books: Books) -> None:
    customer = books.customer()["Id"]
    first, second = books.invoice(customer)["Id"], books.invoice(customer)["Id"]

    books.pay(customer, "150", **{f"i{first}": "100", f"i{second}": "50"})

    assert [books.read("Invoice", number)["Balance"] for number in (first, second)] == [0, 50]


@pytest.mark.parametrize(
    ("amount", "share", "code"),
    [("100", "101", "620"), ("50", "-1", "620"), ("50", "60", "6000"), ("-1", "0", "6000")],
)
def test_a_payment_cannot_apply_more_than_there_is(books: Books, amount: str, share: str, code: str) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]

    assert books.refused("Payment", payment(customer, amount, **{f"i{invoice}": share})) == [code]
    assert books.read("Invoice", invoice)["Balance"] == 100


def test_a_paid_invoice_cannot_be_paid_again(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    books.pay(customer, "100", **{f"i{invoice}": "100"})

    assert books.refused("Payment", payment(customer, "1", **{f"i{invoice}": "1"})) == ["620"]


def test_a_payment_cannot_be_linked_to_what_is_not_the_customers(books: Books) -> None:
    customer, other = books.customer("Anna")["Id"], books.customer("Bert")["Id"]
    foreign = books.invoice(other)["Id"]

    assert books.refused("Payment", payment(customer, "1", **{f"i{foreign}": "1"})) == ["620"]
    assert books.refused("Payment", payment(customer, "1", i99="1")) == ["620"]


def test_a_payment_needs_an_amount(books: Books) -> None:
    assert books.refused("Payment", {"CustomerRef": ref(books.customer()["Id"])}) == ["6000"]


def test_changing_a_payment_moves_the_invoice_by_the_difference(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    paid = books.pay(customer, "40", **{f"i{invoice}": "40"})

    books.make("Payment", payment(customer, "70", **{f"i{invoice}": "70"}) | {"Id": paid["Id"], "SyncToken": "0"})

    moved = books.read("Invoice", invoice)
    assert (moved["Balance"], moved["SyncToken"], len(moved["LinkedTxn"])) == (30, "2", 1)


@pytest.mark.parametrize("ways", [{"operation": "delete"}, {"operation": "update", "include": "void"}])
def test_a_payment_that_goes_opens_the_invoice_again(books: Books, ways: dict[str, str]) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    paid = books.pay(customer, "100", **{f"i{invoice}": "100"})

    books.make("Payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True}, **ways)

    opened = books.read("Invoice", invoice)
    assert (opened["Balance"], opened["LinkedTxn"]) == (100, [])
    assert books.read("Customer", customer)["Balance"] == 100


@pytest.mark.parametrize("action", ["delete", "void"])
def test_an_invoice_that_goes_leaves_its_payment_unapplied(books: Books, action: str) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    paid = books.pay(customer, "100", **{f"i{invoice}": "100"})["Id"]

    getattr(books.twin.world, action)("Invoice", invoice)

    left = books.read("Payment", paid)
    assert (left["UnappliedAmt"], left["Line"], left["SyncToken"]) == (100, [], "1")


def test_a_paid_invoice_cannot_become_smaller_than_what_was_paid(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice = books.invoice(customer)["Id"]
    books.pay(customer, "60", **{f"i{invoice}": "60"})
    body = {"Id": invoice, "SyncToken": "1", "sparse": True}

    assert books.make("Invoice", body | {"Line": [sale("80")]})["Balance"] == 20
    assert books.refused("Invoice", body | {"SyncToken": "2", "Line": [sale("50")]}) == ["6000"]


def test_a_paid_invoice_keeps_its_customer(books: Books) -> None:
    customer, other = books.customer("Anna")["Id"], books.customer("Bert")["Id"]
    invoice = books.invoice(customer)["Id"]
    books.pay(customer, "60", **{f"i{invoice}": "60"})

    body = {"Id": invoice, "SyncToken": "1", "sparse": True, "CustomerRef": ref(other)}

    assert books.refused("Invoice", body) == ["6000"]


def test_a_payment_of_nothing_binds_a_credit_to_an_invoice(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice, memo = books.invoice(customer)["Id"], credit(books, customer, "30")["Id"]

    books.pay(customer, "0", **{f"i{invoice}": "30", f"c{memo}": "30"})

    used = books.read("CreditMemo", memo)
    assert (used["RemainingCredit"], used["Balance"], used["SyncToken"]) == (0, 0, "1")
    assert books.read("Invoice", invoice)["Balance"] == 70


def test_deleting_a_bound_credit_opens_the_invoice(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice, memo = books.invoice(customer)["Id"], credit(books, customer, "30")["Id"]
    books.pay(customer, "0", **{f"i{invoice}": "30", f"c{memo}": "30"})

    books.twin.world.delete("CreditMemo", memo)

    assert books.read("Invoice", invoice)["Balance"] == 100
    assert books.rows("SELECT * FROM Payment") == []


def test_a_credit_that_a_payment_uses_cannot_be_deleted(books: Books) -> None:
    customer = books.customer()["Id"]
    invoice, memo = books.invoice(customer)["Id"], credit(books, customer, "30")["Id"]
    books.pay(customer, "70", **{f"i{invoice}": "100", f"c{memo}": "30"})

    body = {"Id": memo, "SyncToken": "1"}

    assert books.refused("CreditMemo", body, operation="delete") == ["800"]
    assert books.read("Invoice", invoice)["Balance"] == 0


def test_a_payment_without_lines_to_apply_to_stays_unapplied(open_books: OpenBooks) -> None:
    books = open_books(auto_apply_credit=True, auto_apply_payments=True)
    customer = books.customer()["Id"]

    assert books.pay(customer, "10")["UnappliedAmt"] == 10
    assert credit(books, customer, "5")["RemainingCredit"] == 5


def test_payments_are_in_the_customers_currency(open_books: OpenBooks) -> None:
    books = open_books("us", multicurrency=True)
    customer = books.customer(CurrencyRef=ref("EUR"))["Id"]
    invoice = books.invoice(customer)["Id"]
    body = payment(customer, "100", **{f"i{invoice}": "100"})

    assert books.refused("Payment", body | {"CurrencyRef": ref("USD")}) == ["6000"]
    made = books.make("Payment", body | {"CurrencyRef": ref("EUR")})
    assert (made["CurrencyRef"]["value"], str(made["ExchangeRate"])) == ("EUR", "1.08")


def test_credits_and_payments_may_be_applied_by_themselves(open_books: OpenBooks) -> None:
    books = open_books(auto_apply_credit=True, auto_apply_payments=True)
    customer = books.customer()["Id"]
    late = books.invoice(customer, TxnDate="2026-11-02")["Id"]
    early = books.invoice(customer, TxnDate="2026-11-01")["Id"]

    memo = credit(books, customer, "30")
    books.pay(customer, "100")

    assert [books.read("Invoice", number)["Balance"] for number in (early, late)] == [0, 70]
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0


def test_a_refund_receipt_leaves_the_customers_balance(books: Books) -> None:
    customer = books.customer()["Id"]

    body = {"CustomerRef": ref(customer), "Line": [sale("20")], "DepositToAccountRef": ref("35")}
    made = books.make("RefundReceipt", body)

    assert (made["TotalAmt"], books.read("Customer", customer)["Balance"]) == (20, 0)
