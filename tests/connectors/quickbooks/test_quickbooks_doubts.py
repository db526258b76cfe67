"""Batches that get no answer, half an answer or a refusal as a whole."""

from __future__ import annotations

import pytest

from domain.errors import Misconfigured, RateLimited, RetryableError, Unavailable
from domain.writes import Result
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.samples import customer, invoice, item, orders, payment, plan, refund


@pytest.mark.parametrize("recording", ["maintenance-html", "bad-gateway-html", "gateway-timeout-html"])
def test_after_a_web_page_in_place_of_an_answer_the_batch_is_in_doubt_too(office: Office, recording: str) -> None:
    office.twin.faults.add(path="/batch", recording=recording, works=True)
    with pytest.raises(Unavailable):
        office.open().write(plan(customer()))

    (outcome,) = office.open().settle_open_intents()

    assert outcome.result is Result.CREATED
    assert office.counted("Customer") == 1


def test_a_request_that_takes_too_long_is_in_doubt(office: Office) -> None:
    office.twin.faults.add(path="/batch", delay=1.0)
    with pytest.raises(RetryableError, match=r"nobody knows"):
        office.open(timeout=0.3).write(plan(customer()))

    # The twin goes on working on what it was sent, as QuickBooks does.
    (outcome,) = office.open(doubt=1.5).settle_open_intents()

    assert outcome.result is Result.CREATED
    assert office.counted("Customer") == 1


@pytest.mark.parametrize("recording", ["throttled", "throttled-xml", "throttled-403-xml"])
def test_a_batch_refused_for_haste_is_sent_again(office: Office, recording: str) -> None:
    office.twin.faults.add(path="/batch", count=2, recording=recording)

    outcomes = office.open().write(plan(customer()))

    assert outcomes[0].result is Result.CREATED
    assert office.counted("Customer") == 1


def test_a_batch_refused_for_haste_for_too_long_is_given_up_and_nothing_of_it_is_open(office: Office) -> None:
    office.twin.faults.add(path="/batch", count=0, recording="throttled")

    with pytest.raises(RateLimited):
        office.open().write(plan(customer()))

    assert office.states() == {"failed"}


def test_an_ended_subscription_ends_the_run_and_leaves_nothing_open(office: Office) -> None:
    office.open().write(plan(customer(), item()))
    office.twin.world.end_subscription()

    with pytest.raises(Misconfigured, match="subscription has ended"):
        office.open().write(plan(invoice(1)))

    assert "open" not in office.states()
    office.twin.world.end_subscription(ended=False)
    assert office.open().write(plan(invoice(1)))[0].result is Result.CREATED


def test_a_broken_item_that_was_done_all_the_same_is_found(office: Office) -> None:
    office.open().write(plan(customer(), item()))
    office.twin.faults.add(
        path="/batch",
        works=True,
        status=200,
        body='{"BatchItemResponse":[{"bId":"1","Fault":{"Error":[{"Message":"","Detail":"","code":"10000"}],'
        '"type":"SystemFault"}}]}',
        headers={"Content-Type": "application/json"},
    )

    first, second = office.open().write(plan(invoice(1), payment(1)))

    assert (first.result, second.result) == (Result.CREATED, Result.CREATED)
    assert (office.counted("Invoice"), office.counted("Payment")) == (1, 1)


@pytest.mark.parametrize(
    "switches",
    [
        {"faults_in_200": True},
        {"changes_plain_text": True, "changes_inclusive": False},
        {"total_count": True, "sorts_ids": "text"},
        {"request_id_reuse": "600", "remembers_faults": True},
        {"duplicates_need_custom_numbers": True, "honours_request_ids": False},
        {"rotation": "daily", "shuffles_batches": False},
    ],
)
def test_however_quickbooks_behaves_where_nobody_knows_documents_are_written_once(
    office: Office, switches: dict[str, object]
) -> None:
    for name, value in switches.items():
        setattr(office.twin.switches, name, value)
    office.open().write(plan(customer()))
    office.twin.faults.add(path="/batch", cut="after")
    with pytest.raises(Unavailable):
        office.open().write(plan(*orders(1, 2), refund(1)))

    outcomes = office.open().write(plan(*orders(1, 2), refund(1)))

    assert {outcome.problem for outcome in outcomes} == {None}
    kinds = ("Customer", "Item", "Invoice", "Payment", "RefundReceipt")
    assert [office.counted(kind) for kind in kinds] == [1, 3, 2, 2, 1]
