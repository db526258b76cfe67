"""Batches whose answer never came: nothing twice, nothing lost, whether request ids are honoured or not."""

from __future__ import annotations

import signal

import pytest

from connectors.quickbooks.connector import QuickBooksConnector
from domain.errors import RateLimited, Unavailable
from domain.keys import Kind
from domain.writes import Plan, Result
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.dying import MOMENTS, WRITES
from tests.connectors.quickbooks.samples import (
    CUSTOMER,
    DOCUMENT,
    PAYMENT,
    customer,
    invoice,
    item,
    key,
    orders,
    plan,
    refund,
    update,
)

ORDERS = plan(*orders(1, 3), refund(1))
EVERYTHING = {"Customer": 1, "Item": 3, "Invoice": 3, "Payment": 3, "RefundReceipt": 1}
BATCHES = (1, 2, 3)


def counts(office: Office) -> dict[str, int]:
    return {kind: office.counted(kind) for kind in EVERYTHING}


def assert_all_written_once(office: Office, converged: Plan = ORDERS) -> None:
    """Another run finds everything linked and writes nothing."""
    assert counts(office) == EVERYTHING
    office.twin.log.reset()
    outcomes = office.open().write(converged)
    assert [outcome.result for outcome in outcomes] == [Result.UNCHANGED] * len(converged.writes)
    assert office.calls() == []
    assert "open" not in office.states()


@pytest.mark.parametrize("nth", BATCHES)
@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("honoured", [True, False])
def test_an_answer_that_was_cut_off_neither_doubles_nor_loses_a_document(
    office: Office, nth: int, cut: str, honoured: bool
) -> None:
    office.twin.switches.honours_request_ids = honoured
    office.twin.switches.refuses_duplicate_numbers = False
    office.twin.faults.add(path="/batch", nth=nth, cut=cut)
    with pytest.raises(Unavailable, match="nobody knows whether the batch was written"):
        office.open().write(ORDERS)
    assert "open" in office.states()

    outcomes = office.open().write(ORDERS)

    assert {outcome.problem for outcome in outcomes} == {None}
    assert [str(outcome.total) for outcome in outcomes[5:]] == ["119.00"] * 3 + ["11.90"]
    assert_all_written_once(office)


def test_settling_tells_what_became_of_each_write(office: Office) -> None:
    office.twin.faults.add(path="/batch", nth=2, cut="after")
    with pytest.raises(Unavailable):
        office.open().write(ORDERS)

    outcomes = office.open().settle_open_intents()

    expected = [write for write in ORDERS.writes if write.target.kind is Kind.INVOICE]
    assert [(outcome.result, outcome.write.source, outcome.write.role) for outcome in outcomes] == [
        (Result.CREATED, write.source, write.role) for write in expected
    ]
    assert [outcome.total for outcome in outcomes] == [outcome.write.expected_total for outcome in outcomes]
    assert [outcome.write.fingerprint for outcome in outcomes] == ["1"] * 3
    assert outcomes[0].write.body is not None
    assert outcomes[0].write.body["DocNumber"] == "WC-1"


def test_with_nothing_open_settling_asks_nobody(office: Office, books: QuickBooksConnector) -> None:
    assert books.settle_open_intents() == ()
    assert office.calls() == []


def test_the_identical_batch_is_replayed_under_the_same_request_id(office: Office) -> None:
    office.twin.faults.add(path="/batch", nth=2, cut="before")
    with pytest.raises(Unavailable):
        office.open().write(ORDERS)
    office.open().settle_open_intents()

    _, first, second = (line for line in office.twin.log.lines(method="POST") if line.path.endswith("/batch"))
    assert (first.digest, first.query) == (second.digest, second.query)
    assert "requestid=" in second.query


def test_settling_waits_until_the_request_can_no_longer_be_working(office: Office) -> None:
    office.twin.faults.add(path="/batch", cut="before")
    with pytest.raises(Unavailable):
        office.open().write(ORDERS)
    waits: list[float] = []

    office.open(doubt=150.0, sleep=waits.append).settle_open_intents()

    assert len(waits) == 1
    assert 140 < waits[0] <= 150


def test_a_batch_done_in_part_is_finished_and_the_part_not_repeated(office: Office) -> None:
    office.twin.switches.honours_request_ids = False
    office.twin.switches.refuses_duplicate_numbers = False
    books = office.open()
    books.write(plan(customer(), item()))
    office.twin.faults.add(path="/batch", cut="before")
    with pytest.raises(Unavailable):
        books.write(ORDERS)
    # What a server does that dies in the middle of a batch.
    done = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": {"TaxCodeRef": {"value": "2"}}}
    done["SalesItemLineDetail"] |= {"ItemRef": {"value": office.twin.world.all("Item")[-1]["Id"]}}  # type: ignore[operator]
    owner = {"value": office.twin.world.all("Customer")[0]["Id"]}
    office.twin.world.create(
        "Invoice", {"DocNumber": "WC-2", "TxnDate": "2026-05-04", "CustomerRef": owner, "Line": [done]}
    )

    outcomes = office.open().write(ORDERS)

    assert {outcome.problem for outcome in outcomes} == {None}
    whole, rest = [line for line in office.twin.log.lines(method="POST") if line.path.endswith("/batch")][1:3]
    assert whole.query != rest.query
    assert_all_written_once(office)


def test_a_replay_that_is_not_let_in_stays_in_doubt(office: Office) -> None:
    office.twin.faults.add(path="/batch", cut="before")
    with pytest.raises(Unavailable):
        office.open().write(plan(customer()))
    office.twin.faults.add(path="/batch", count=0, recording="throttled")

    with pytest.raises(RateLimited):
        office.open().settle_open_intents()

    assert office.states() == {"open"}
    office.twin.faults.clear()
    assert [outcome.result for outcome in office.open().settle_open_intents()] == [Result.CREATED]


def test_a_fault_within_a_batch_that_was_cut_off_is_that_records_problem_alone(office: Office) -> None:
    bad = invoice(2)
    bad = bad.model_copy(update={"body": {**(bad.body or {}), "DocNumber": "x" * 22}})
    office.twin.faults.add(path="/batch", nth=2, cut="after")
    with pytest.raises(Unavailable):
        office.open().write(plan(customer(), item(), invoice(1), bad))

    first, second = office.open().settle_open_intents()

    assert first.result is Result.CREATED
    assert second.problem is not None
    assert second.problem.code == "quickbooks.length"
    assert office.open().settle_open_intents() == ()


def test_an_id_that_is_remembered_without_its_answer_is_not_waited_for(office: Office) -> None:
    office.twin.faults.add(path="/batch", nth=1, cut="before")
    with pytest.raises(Unavailable):
        office.open().write(plan(customer()))
    repeated = '{"Fault":{"Error":[{"Message":"","Detail":"","code":"600"}],"type":"ValidationFault"}}'
    office.twin.faults.add(path="/batch", status=400, body=repeated, headers={"Content-Type": "application/json"})

    (outcome,) = office.open().settle_open_intents()

    assert outcome.result is Result.CREATED
    assert office.counted("Customer") == 1


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("honoured", [True, False])
def test_an_update_whose_answer_was_cut_off_is_done_once(office: Office, cut: str, honoured: bool) -> None:
    office.twin.switches.honours_request_ids = honoured
    books = office.open()
    made = books.write(plan(customer()))[0].link
    assert made is not None
    change = update(Kind.CUSTOMER, key(Kind.CUSTOMER, 1), CUSTOMER, made.target.id, made.version, {"Notes": "VIP"})
    office.twin.faults.add(path="/batch", cut=cut)
    with pytest.raises(Unavailable):
        books.write(plan(change))

    (outcome,) = office.open().write(plan(change))

    row = office.twin.world.read("Customer", made.target.id)
    assert outcome.result is Result.UPDATED
    assert outcome.link is not None
    assert (row["Notes"], row["SyncToken"], outcome.link.version) == ("VIP", "1", "1")


def test_a_second_create_of_a_record_in_doubt_is_not_sent(office: Office) -> None:
    office.twin.faults.add(path="/batch", cut="after")
    with pytest.raises(Unavailable):
        office.open().write(plan(customer()))
    (batch,) = office.memory.open_batches()

    with pytest.raises(Unavailable, match="must be settled first"):
        office.memory.open_intents([batch.intents[0].model_copy(update={"id": batch.intents[0].id.__class__(int=1)})])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_killed_between_two_steps_leaves_what_the_next_one_finishes(office: Office, moment: str) -> None:
    office.twin.switches.honours_request_ids = False
    office.twin.switches.refuses_duplicate_numbers = False
    process = office.spawn(moment)
    assert process.communicate("go\n", timeout=30)[0] == "ready\n"
    assert process.returncode == -signal.SIGKILL

    outcomes = office.open().write(plan(*WRITES))

    assert {outcome.problem for outcome in outcomes} == {None}
    kinds = ("Customer", "Item", "Invoice", "Payment")
    assert [office.counted(kind) for kind in kinds] == [1, 3, 2, 1]
    assert len(office.memory.links([(key(Kind.ORDER, 1), DOCUMENT), (key(Kind.ORDER, 1), PAYMENT)])) == 2
    assert "open" not in office.states()
