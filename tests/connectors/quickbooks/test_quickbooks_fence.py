"""Two runs that write into one company: what the one does that lost its lease no longer reaches the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from connectors.quickbooks.connector import QuickBooksConnector
from db.connection_memory import ConnectionMemory
from db.ledger import Intent, acquire_lease
from db.session import tenant_session
from domain.errors import Unavailable
from domain.keys import RecordKey
from domain.writes import Link, Result
from tests.connectors.quickbooks.conftest import Office
from tests.connectors.quickbooks.dying import MOMENTS
from tests.connectors.quickbooks.samples import BOOKS, customer, invoice, item, orders, plan, refund

ORDERS = plan(*orders(1, 3), refund(1))
EVERYTHING = {"Customer": 1, "Item": 3, "Invoice": 3, "Payment": 3, "RefundReceipt": 1}
LOST = "the lease was lost, another run writes there now"


class SleepyMemory(ConnectionMemory):
    """Falls asleep at a moment of the second batch; ``meanwhile`` is what happens until it wakes."""

    moment = ""
    batches = 0

    def meanwhile(self) -> None:
        raise NotImplementedError

    def open_intents(self, batch: Sequence[Intent]) -> dict[tuple[RecordKey, str], Link]:
        self.batches += 1
        self._sleep(MOMENTS[0])
        links = super().open_intents(batch)
        self._sleep(MOMENTS[1])
        return links

    def settle(self, done: Mapping[UUID, tuple[Link, Decimal | None]], failed: Sequence[UUID]) -> None:
        self._sleep(MOMENTS[2])
        super().settle(done, failed)
        self._sleep(MOMENTS[3])

    def _sleep(self, moment: str) -> None:
        if moment == self.moment and self.batches == 2:
            self.moment = ""
            self.meanwhile()


@pytest.fixture
def forgetful(office: Office) -> Office:
    """A company that itself guards against nothing that comes twice."""
    office.twin.switches.honours_request_ids = False
    office.twin.switches.refuses_duplicate_numbers = False
    return office


def lease(office: Office, holder: str) -> int:
    """Take the lease, as if it had lapsed when somebody else has it."""
    with tenant_session(office.engine, office.tenant) as session:
        session.execute(text("UPDATE unisync.leases SET expires_at = clock_timestamp()"))
        token = acquire_lease(session, BOOKS, holder, 300)
    assert token is not None
    return token


def begin(office: Office, holder: str, memory: ConnectionMemory | None = None) -> QuickBooksConnector:
    """Open the company under the lease, as a run does."""
    books = office.open(memory)
    books.fence(lease(office, holder))
    return books


def post_all(office: Office) -> Callable[[], None]:
    """What another run does that takes the lease over."""
    return lambda: assert_no_problem(begin(office, "another run").write(ORDERS))


def assert_no_problem(outcomes: Sequence[object]) -> None:
    assert {getattr(outcome, "problem", None) for outcome in outcomes} == {None}


def assert_all_written_once(office: Office) -> None:
    assert {kind: office.counted(kind) for kind in EVERYTHING} == EVERYTHING
    assert "open" not in office.states()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_slept_while_another_one_wrote_sends_nothing_more(forgetful: Office, moment: str) -> None:
    memory = SleepyMemory(forgetful.engine, forgetful.tenant, BOOKS, forgetful.vault)
    memory.moment = moment
    batches_sent: list[int] = []

    def meanwhile() -> None:
        post_all(forgetful)()
        batches_sent.append(forgetful.calls().count("batch write"))

    memory.meanwhile = meanwhile  # type: ignore[method-assign]
    books = begin(forgetful, "one run", memory)

    with pytest.raises(Unavailable, match=LOST):
        books.write(ORDERS)

    assert [forgetful.calls().count("batch write")] == batches_sent
    assert_all_written_once(forgetful)


def test_a_lease_lost_while_the_answer_is_on_its_way_ends_the_writing(forgetful: Office) -> None:
    books = begin(forgetful, "one run")
    forgetful.twin.faults.after(path="/batch", perform=lambda: lease(forgetful, "another run"))

    with pytest.raises(Unavailable, match=LOST):
        books.write(ORDERS)
    assert (forgetful.counted("Customer"), forgetful.counted("Invoice")) == (1, 0)
    assert forgetful.states() == {"open"}

    assert_no_problem(begin(forgetful, "another run").write(ORDERS))
    assert_all_written_once(forgetful)


def test_a_run_that_gets_the_lease_back_finds_everything_written(forgetful: Office) -> None:
    books = begin(forgetful, "one run")
    forgetful.twin.faults.after(path="/batch", perform=lambda: lease(forgetful, "another run"))
    with pytest.raises(Unavailable, match=LOST):
        books.write(ORDERS)
    post_all(forgetful)()

    books.fence(lease(forgetful, "one run"))

    assert [outcome.result for outcome in books.write(ORDERS)] == [Result.UNCHANGED] * len(ORDERS.writes)
    assert_all_written_once(forgetful)


@pytest.mark.parametrize(("print_", "problem"), [("1", None), ("2", "quickbooks.planned_late")])
def test_a_create_that_somebody_else_settled_since_the_links_were_read_is_not_sent(
    forgetful: Office, print_: str, problem: str | None
) -> None:
    memory = SleepyMemory(forgetful.engine, forgetful.tenant, BOOKS, forgetful.vault)
    memory.moment = MOMENTS[0]
    memory.meanwhile = lambda: forgetful.open().write(plan(invoice(1)))  # type: ignore[assignment, method-assign, return-value]
    late = invoice(1).model_copy(update={"fingerprint": print_})

    *_, first, second = forgetful.open(memory).write(plan(customer(), item(), late, invoice(2)))

    assert (first.problem and first.problem.code, second.result) == (problem, Result.CREATED)
    assert first.result is (Result.FAILED if problem else Result.UNCHANGED)
    assert forgetful.counted("Invoice") == 2
    assert "open" not in forgetful.states()
