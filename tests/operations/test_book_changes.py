"""What others do in the books: our own echoes are dropped, the rest is queued for the bookkeeper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from config.wiring import load_endpoint, open_target
from db.ledger import open_problems, save_snapshot
from domain.keys import Kind
from operations.book_changes import POSITION, Change, Looked, catch_up, look_into
from operations.caller import Caller
from simulators.quickbooks.server import QuickBooksTwin
from tests.connectors.quickbooks.samples import key, orders, plan
from tests.operations.places import BOOKS, connect_books

Books = QuickBooksTwin


@pytest.fixture
def books(boss: Caller, company: QuickBooksTwin) -> Books:
    """A company into which two paid orders were posted, some time ago."""
    company.switches.throttles = False
    connect_books(boss, company)
    with open_target(load_endpoint(boss.engine, boss.tenant, BOOKS)) as target:
        target.write(plan(*orders(1, 2)))
    with boss.ledger() as session:
        session.execute(text("UPDATE unisync.links SET updated_at = updated_at - interval '1 hour'"))
    company.log.reset()
    return company


def queued(boss: Caller) -> dict[str, tuple[str, str]]:
    """Code and message of what is queued, by order."""
    with boss.ledger() as session:
        return {problem.key.id: (problem.code, problem.message) for problem in open_problems(session, 10)}


def look(boss: Caller, *told: tuple[str, str], at: datetime | None = None) -> Looked:
    moment = at or datetime.now(UTC)
    return look_into(boss.engine, boss.tenant, BOOKS, [Change(entity, number, moment) for entity, number in told])


def number_of(books: Books, order: int) -> str:
    """The id of the invoice of an order."""
    return next(str(each["Id"]) for each in books.world.all("Invoice") if each["DocNumber"] == f"WC-{order}")


def test_the_echo_of_our_own_write_is_dropped_without_a_call(boss: Caller, books: Books) -> None:
    told = [("invoice", number_of(books, 1)), ("customer", "1")]
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1, seconds=1)

    found = look(boss, told[0], at=an_hour_ago)

    assert found == Looked(echoes=1)
    assert books.log.lines() == []


def test_what_somebody_else_changed_voided_or_deleted_is_queued_for_its_order(boss: Caller, books: Books) -> None:
    first, second = number_of(books, 1), number_of(books, 2)
    books.world.edit("Invoice", first, {"DueDate": "2027-01-01", "TxnDate": "2026-05-05"})
    books.world.void("Invoice", second)

    assert look(boss, ("invoice", first), ("invoice", second)) == Looked(changed=2)
    assert queued(boss) == {
        "1": ("books.changed", f"Invoice {first} was changed in the books by somebody else"),
        "2": ("books.changed", f"Invoice {second} was voided in the books by somebody else"),
    }

    books.world.delete("Invoice", first)
    look(boss, ("invoice", first))
    assert queued(boss)["1"] == ("books.changed", f"Invoice {first} was deleted from the books by somebody else")


def test_what_only_moved_the_version_is_no_change(boss: Caller, books: Books) -> None:
    first = number_of(books, 1)
    books.world.edit("Invoice", first, {"PrivateNote": "seen by the accountant"})

    assert look(boss, ("invoice", first)) == Looked(untouched=1)
    assert queued(boss) == {}


def test_what_was_put_right_again_leaves_the_queue(boss: Caller, books: Books) -> None:
    first = number_of(books, 1)
    before = books.world.read("Invoice", first)["TxnDate"]
    books.world.edit("Invoice", first, {"TxnDate": "2026-01-01"})
    look(boss, ("invoice", first))
    assert list(queued(boss)) == ["1"]

    books.world.edit("Invoice", first, {"TxnDate": before})
    look(boss, ("invoice", first))
    assert queued(boss) == {}


def test_documents_that_are_not_ours_are_nobodys_business(boss: Caller, books: Books) -> None:
    other = books.world.create(
        "Invoice",
        {
            "CustomerRef": {"value": "1"},
            "Line": [{"DetailType": "SalesItemLineDetail", "Amount": 5,
                      "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "2"}}}],
        },
    )  # fmt: skip
    assert look(boss, ("invoice", str(other["Id"]))) == Looked()


def test_a_name_that_somebody_took_is_known_at_once(boss: Caller, books: Books) -> None:
    made = books.world.create("Customer", {"DisplayName": "Berta Bauer"})

    look(boss, ("customer", str(made["Id"])))

    with boss.ledger() as session:
        names = session.scalars(text("SELECT name FROM unisync.names")).all()
    assert "berta bauer" in names


def test_catching_up_finds_what_no_webhook_told_of_and_then_asks_from_there(boss: Caller, books: Books) -> None:
    books.world.delete("Invoice", number_of(books, 2))
    books.world.edit("Invoice", number_of(books, 1), {"TxnDate": "2026-01-01"})

    found = catch_up(boss.engine, boss.tenant, BOOKS)

    # Its payment pays nothing any more.
    assert (found.changed, found.unseen) == (3, ())
    assert {number: message.count("somebody else") for number, (_, message) in queued(boss).items()} == {"1": 1, "2": 2}
    again = catch_up(boss.engine, boss.tenant, BOOKS)
    assert again.since is not None
    assert datetime.now(UTC) - again.since < timedelta(minutes=11)


def test_after_a_long_absence_it_asks_as_far_back_as_quickbooks_lets_it(boss: Caller, books: Books) -> None:
    with boss.ledger() as session:
        save_snapshot(session, BOOKS, POSITION, '{"until": "2020-01-01T00:00:00+00:00"}')

    found = catch_up(boss.engine, boss.tenant, BOOKS)

    assert found.since is not None
    assert timedelta(days=28) < datetime.now(UTC) - found.since < timedelta(days=30)


def test_when_a_thousand_things_changed_each_kind_is_asked_for_alone(boss: Caller, books: Books) -> None:
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 1}
    for _ in range(1000):
        books.world.create("Payment", body)
    books.world.edit("Invoice", number_of(books, 1), {"TxnDate": "2026-01-01"})

    found = catch_up(boss.engine, boss.tenant, BOOKS)

    assert found.changed == 1
    assert found.unseen == (Kind.PAYMENT,)
    assert key(Kind.ORDER, 1).id in queued(boss)
