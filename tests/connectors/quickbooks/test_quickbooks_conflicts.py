"""What happens when somebody else was there before: stale versions and numbers that are taken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.connector import QuickBooksConnector
from connectors.quickbooks.recognition import holds
from connectors.quickbooks.translate import total_of
from connectors.quickbooks.wire import plain
from domain.keys import Kind
from domain.problems import Fate
from domain.writes import Link, Result, Write
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.samples import (
    CUSTOMER,
    DOCUMENT,
    customer,
    gross,
    invoice,
    item,
    key,
    orders,
    payment,
    plan,
    sale,
    update,
)


def written(books: QuickBooksConnector, write: Write) -> Link:
    (outcome,) = books.write(plan(write))
    assert outcome.link is not None, outcome.problem
    return outcome.link


def change_of(made: Link, body: dict[str, object]) -> Write:
    return update(made.target.kind, made.source, made.role, made.target.id, made.version, body)


def test_a_customer_that_somebody_else_changed_in_our_fields_is_a_conflict(
    office: Office, books: QuickBooksConnector
) -> None:
    made = written(books, customer())
    office.twin.world.edit("Customer", made.target.id, {"PrimaryEmailAddr": {"Address": "new@example.com"}})

    (outcome,) = books.write(plan(change_of(made, {"PrimaryEmailAddr": {"Address": "ours@example.com"}})))

    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.fate) == ("quickbooks.changed_meanwhile", Fate.SKIP)
    assert office.twin.world.read("Customer", made.target.id)["PrimaryEmailAddr"]["Address"] == "new@example.com"


def test_a_change_by_others_beside_our_fields_is_kept_and_ours_made(office: Office, books: QuickBooksConnector) -> None:
    made = written(books, customer())
    office.twin.world.edit("Customer", made.target.id, {"Title": "Dr"})

    (outcome,) = books.write(plan(change_of(made, {"PrimaryEmailAddr": {"Address": "ours@example.com"}})))

    row = office.twin.world.read("Customer", made.target.id)
    assert (row["Title"], row["PrimaryEmailAddr"]["Address"]) == ("Dr", "ours@example.com")
    assert outcome.result is Result.UPDATED
    assert outcome.link is not None
    assert outcome.link.version == row["SyncToken"]


def test_an_invoice_whose_version_moved_with_its_payment_can_still_be_changed(
    office: Office, books: QuickBooksConnector
) -> None:
    outcomes = books.write(plan(customer(), item(), invoice(1), payment(1)))
    made = outcomes[2].link
    assert made is not None
    assert office.twin.world.read("Invoice", made.target.id)["SyncToken"] != made.version

    (outcome,) = books.write(plan(change_of(made, {"PrivateNote": "gift"})))

    assert outcome.result is Result.UPDATED
    assert office.twin.world.read("Invoice", made.target.id)["PrivateNote"] == "gift"


def test_a_change_that_is_already_there_needs_none(office: Office, books: QuickBooksConnector) -> None:
    made = written(books, customer())
    office.twin.world.edit("Customer", made.target.id, {"Notes": "VIP"})

    (outcome,) = books.write(plan(change_of(made, {"Notes": "VIP"})))

    assert outcome.result is Result.UNCHANGED
    assert outcome.link is not None
    assert outcome.link.version == "1"


def test_a_document_deleted_in_the_books_cannot_be_changed(office: Office, books: QuickBooksConnector) -> None:
    made = books.write(plan(customer(), item(), invoice(1)))[2].link
    assert made is not None
    office.twin.world.delete("Invoice", made.target.id)

    (outcome,) = books.write(plan(change_of(made, {"PrivateNote": "gift"})))

    assert outcome.problem is not None
    assert outcome.problem.code == "quickbooks.missing"


def test_a_document_of_ours_whose_link_was_lost_is_recognised_by_its_number(
    office: Office, books: QuickBooksConnector
) -> None:
    body = foreign(office, books, "WC-1", "100.00")

    (outcome,) = books.write(plan(invoice(1)))

    assert outcome.result is Result.UNCHANGED
    assert outcome.link is not None
    assert outcome.link.target.id == body["Id"]
    assert str(outcome.total) == "119.00"
    assert office.counted("Invoice") == 1


@pytest.mark.parametrize("case", ["other total", "other customer", "other kind", "linked already"])
def test_a_number_that_somebody_elses_document_has_is_a_problem(
    office: Office, books: QuickBooksConnector, case: str
) -> None:
    if case == "other total":
        foreign(office, books, "WC-1", "55.00")
    elif case == "other customer":
        foreign(office, books, "WC-1", "100.00", name="Berta")
    elif case == "other kind":
        foreign(office, books, "WC-1", "100.00", kind="SalesReceipt")
    else:
        books.write(plan(customer(), item(), invoice(2).model_copy(update={"body": sale(1, "100.00")})))

    (outcome,) = books.write(plan(invoice(1)))

    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.fate) == ("quickbooks.number", Fate.SKIP)


def foreign(
    office: Office, books: QuickBooksConnector, number: str, net: str, *, kind: str = "Invoice", name: str = ""
) -> dict[str, object]:
    """A document that is in the books and not in our ledger."""
    books.write(plan(customer(), item()))
    owner = office.twin.world.all("Customer")[0]
    if name:
        owner = office.twin.world.create("Customer", {"DisplayName": name})
    detail = {"ItemRef": {"value": office.twin.world.all("Item")[-1]["Id"]}, "TaxCodeRef": {"value": "2"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(net), "SalesItemLineDetail": detail}
    body = {"DocNumber": number, "CustomerRef": {"value": owner["Id"]}, "Line": [line], "TxnDate": "2026-05-04"}
    return office.twin.world.create(kind, body)


def test_a_document_dated_in_a_closed_period_says_so(office: Office, books: QuickBooksConnector) -> None:
    office.twin.world.close_books("2026-06-30")

    outcomes = books.write(plan(customer(), item(), invoice(1)))

    assert outcomes[2].problem is not None
    assert outcomes[2].problem.code == "quickbooks.closed"
    assert outcomes[2].problem.message.startswith("the books are closed for its date")


def test_an_item_made_inactive_says_what_to_do(office: Office, books: QuickBooksConnector) -> None:
    books.write(plan(customer(), item()))
    office.twin.world.deactivate("Item", office.twin.world.all("Item")[-1]["Id"])

    (outcome,) = books.write(plan(invoice(1)))

    assert outcome.problem is not None
    assert outcome.problem.code == "quickbooks.missing"
    assert outcome.problem.advice is not None
    assert "activate it again" in outcome.problem.advice


def test_the_total_is_what_the_books_reckon_not_what_was_expected(office: Office, books: QuickBooksConnector) -> None:
    odd = invoice(1).model_copy(update={"expected_total": Decimal("120.00")})

    outcome = books.write(plan(customer(), item(), odd))[2]

    assert (outcome.total, outcome.write.expected_total) == (Decimal("119.00"), Decimal("120.00"))
    assert gross("100.00") == "119.00"


json_values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=False, allow_infinity=False, places=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_everything_holds_itself(value: object) -> None:
    assert holds(value, value)


@given(st.dictionaries(st.text(max_size=3), json_values), st.dictionaries(st.text(min_size=4, max_size=5), json_values))
def test_what_books_add_does_not_count(sent: dict[str, object], added: dict[str, object]) -> None:
    assert holds(sent, {**added, **sent})


@pytest.mark.parametrize(
    ("sent", "found", "same"),
    [
        ({"Amount": Decimal("100.00")}, {"Amount": 100}, True),
        ({"Amount": Decimal("100.00")}, {"Amount": Decimal("100.01")}, False),
        ({"Active": True}, {"Active": 1}, False),
        ({"Qty": 0, "Note": "", "Line": []}, {}, True),
        ({"Note": "x"}, {}, False),
        ({"Line": [{"Amount": 1}]}, {"Line": [{"Amount": 1}, {"DetailType": "SubTotalLineDetail"}]}, True),
        ({"Line": [{"Amount": 1}]}, {"Line": [{"Amount": 1}, {"Amount": 2}]}, False),
        ({"CustomerRef": {"value": "1"}}, {"CustomerRef": {"value": "1", "name": "Anna"}}, True),
        ({"CustomerRef": {"value": "1"}}, {"CustomerRef": "1"}, False),
    ],
)
def test_values_are_compared_as_the_books_give_them_back(sent: object, found: object, same: bool) -> None:
    assert holds(sent, found) is same


def test_no_float_reaches_the_wire() -> None:
    with pytest.raises(TypeError, match="cannot hold float"):
        plain({"Line": [{"Amount": 1.1}]})
    assert plain({"a": Decimal("1E+2"), "b": None}) == {"a": Decimal(100)}
    assert total_of({"TotalAmt": 0}) == 0
    assert total_of({}) is None


def test_orders_are_written_in_the_order_they_depend_on_each_other(office: Office, books: QuickBooksConnector) -> None:
    backwards = tuple(reversed(orders(1, 2)))

    outcomes = books.write(plan(*backwards))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED] * 6
    assert [outcome.write for outcome in outcomes] == list(backwards)
    assert books.held(Kind.ORDER, "shop", ["1"]) == {"1": "1"}
    assert (key(Kind.CUSTOMER, 1), CUSTOMER) in office.memory.links([(key(Kind.CUSTOMER, 1), CUSTOMER)])
    assert DOCUMENT == "document"
