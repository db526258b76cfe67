"""A plan becomes customers, items, documents and payments."""

from __future__ import annotations

from decimal import Decimal

from connectors.quickbooks.connector import QuickBooksConnector
from domain.keys import Kind
from domain.problems import Fate
from domain.writes import Action, Result
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.samples import (
    CUSTOMER,
    customer,
    invoice,
    item,
    key,
    orders,
    payment,
    plan,
    refund,
    update,
)


def test_orders_become_documents_with_everything_they_refer_to(office: Office, books: QuickBooksConnector) -> None:
    writes = [*orders(1, 3), refund(1)]

    outcomes = books.write(plan(*writes))

    assert [outcome.write for outcome in outcomes] == writes
    assert [outcome.result for outcome in outcomes] == [Result.CREATED] * 9
    assert [str(outcome.total) for outcome in outcomes if outcome.total] == ["119.00"] * 6 + ["11.90"]
    invoices = office.twin.world.all("Invoice")
    assert [(row["DocNumber"], row["Balance"]) for row in invoices] == [(f"WC-{number}", 0) for number in (1, 2, 3)]
    assert {row["CustomerRef"]["value"] for row in invoices} == {office.twin.world.all("Customer")[0]["Id"]}
    assert office.counted("RefundReceipt") == 1


def test_links_name_what_was_made_and_its_version(office: Office, books: QuickBooksConnector) -> None:
    outcome = books.write(plan(customer(), item(), invoice(1)))[-1]

    made = office.twin.world.all("Invoice")[0]
    assert outcome.link is not None
    assert (outcome.link.target.id, outcome.link.version) == (made["Id"], made["SyncToken"])
    assert outcome.link.target.kind is Kind.INVOICE
    assert books.held(Kind.ORDER, "shop", ["1", "2"]) == {"1": "1"}


def test_sixty_orders_take_two_batches_a_phase(office: Office, books: QuickBooksConnector) -> None:
    books.write(plan(*orders(1, 60)))

    assert [line.items for line in office.twin.log.lines(kind="batch")] == [2, 30, 30, 30, 30]
    assert office.counted("Invoice") == office.counted("Payment") == 60


def test_writing_the_same_plan_again_writes_nothing(office: Office, books: QuickBooksConnector) -> None:
    first = books.write(plan(*orders(1, 3)))
    office.twin.log.reset()

    second = office.open().write(plan(*orders(1, 3)))

    assert [outcome.result for outcome in second] == [Result.UNCHANGED] * len(first)
    assert [outcome.link for outcome in second] == [outcome.link for outcome in first]
    assert office.calls() == []


def test_a_steady_run_makes_one_read_call(office: Office, books: QuickBooksConnector) -> None:
    books.write(plan(*orders(1, 3)))
    books.company()
    office.twin.log.reset()

    with office.open() as later:
        later.company()
        later.write(plan(*(customer(number, f"Guest {number}", f"guest{number}@example.com") for number in range(50))))

    assert office.calls() == ["cdc cdc", "batch batch", "batch batch"]


def test_a_record_that_is_refused_leaves_the_others_alone(office: Office, books: QuickBooksConnector) -> None:
    bad = invoice(2)
    bad = bad.model_copy(update={"body": {**(bad.body or {}), "DocNumber": "x" * 22}})

    outcomes = books.write(plan(customer(), item(), invoice(1), bad, invoice(3), payment(2), payment(3)))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED] * 3 + [
        Result.FAILED,
        Result.CREATED,
        Result.FAILED,
        Result.CREATED,
    ]
    refused, following = outcomes[3].problem, outcomes[5].problem
    assert refused is not None
    assert (refused.code, refused.fate, refused.key) == ("quickbooks.length", Fate.SKIP, key(Kind.ORDER, 2))
    assert following is not None
    assert following.code == "quickbooks.unresolved"
    assert "a text is too long" in following.message


def test_what_was_never_written_cannot_be_referred_to(office: Office, books: QuickBooksConnector) -> None:
    (outcome,) = books.write(plan(payment(9)))

    assert outcome.problem is not None
    assert outcome.problem.message.startswith("it refers to shop:customer:1 (customer), which is not in QuickBooks")
    assert office.calls() == []


def test_a_batch_that_is_refused_as_a_whole_is_halved_down_to_the_record(
    office: Office, books: QuickBooksConnector
) -> None:
    books.write(plan(customer(), item()))
    office.twin.faults.add(
        path="/batch",
        count=3,
        status=400,
        body='{"Fault":{"Error":[{"Message":"","Detail":"","code":"2010"}],"type":"ValidationFault"}}',
        headers={"Content-Type": "application/json"},
    )

    outcomes = books.write(plan(*(invoice(number) for number in (1, 2, 3, 4))))

    assert [outcome.result for outcome in outcomes] == [Result.FAILED] + [Result.CREATED] * 3
    assert office.counted("Invoice") == 3


def test_amounts_travel_as_they_are(office: Office, books: QuickBooksConnector) -> None:
    exact = invoice(1, "1E+2")

    outcome = books.write(plan(customer(), item(), exact))[-1]

    assert outcome.total == Decimal("119.00")


def test_nothing_is_removed_from_the_books(office: Office, books: QuickBooksConnector) -> None:
    made = books.write(plan(customer()))[0].link
    assert made is not None
    gone = customer().model_copy(update={"action": Action.REMOVE, "target": made.target})

    (outcome,) = books.write(plan(gone))

    assert outcome.problem is not None
    assert outcome.problem.code == "quickbooks.not_removed"
    assert office.twin.world.all("Customer")[0]["Active"] is True


def test_a_plan_made_before_the_record_was_written_in_another_form_is_not_carried_out(
    office: Office, books: QuickBooksConnector
) -> None:
    books.write(plan(customer(), item(), invoice(1)))

    (outcome,) = books.write(plan(invoice(1).model_copy(update={"fingerprint": "other"})))

    assert outcome.problem is not None
    assert (outcome.problem.code, outcome.problem.fate) == ("quickbooks.planned_late", Fate.RETRY)
    assert office.counted("Invoice") == 1


def test_an_update_changes_what_it_names_and_nothing_else(office: Office, books: QuickBooksConnector) -> None:
    made = books.write(plan(customer()))[0].link
    assert made is not None
    change = update(Kind.CUSTOMER, key(Kind.CUSTOMER, 1), CUSTOMER, made.target.id, made.version, {"Notes": "VIP"})

    (outcome,) = books.write(plan(change))

    row = office.twin.world.read("Customer", made.target.id)
    assert (row["DisplayName"], row["Notes"]) == ("Anna Arm", "VIP")
    assert outcome.result is Result.UPDATED
    assert outcome.link is not None
    assert outcome.link.version == row["SyncToken"]


def test_an_update_without_a_version_reads_it_first(office: Office, books: QuickBooksConnector) -> None:
    made = books.write(plan(customer()))[0].link
    assert made is not None
    office.twin.world.edit("Customer", made.target.id, {"Title": "Dr"})

    (outcome,) = books.write(
        plan(update(Kind.CUSTOMER, key(Kind.CUSTOMER, 1), CUSTOMER, made.target.id, None, {"Notes": "VIP"}))
    )

    assert outcome.result is Result.UPDATED


def test_an_empty_plan_asks_nobody(office: Office, books: QuickBooksConnector) -> None:
    assert books.write(plan()) == ()
    assert office.calls() == []
