"""What a page adds to the record log."""

from __future__ import annotations

from decimal import Decimal

from domain.history import Became, Entry, Level, Operation
from domain.keys import Kind, RecordKey
from domain.problems import Fate, Problem
from domain.writes import Action, Plan, Ref, Result, Skipped, Waiting, Write, WriteOutcome
from tasks.entries import TOTAL_DIFFERS, page_entries

ORDER = RecordKey(connection="shop", kind=Kind.ORDER, id="794")
REFUND = RecordKey(connection="shop", kind=Kind.REFUND, id="801")
INVOICE = RecordKey(connection="books", kind=Kind.INVOICE, id="145")
BODY = {"DisplayName": "Ann Smith", "PrimaryEmailAddr": {"Address": "ann@example.org"}, "CustomerRef": Ref(key=ORDER)}
WRITE = Write(
    action=Action.CREATE,
    source=ORDER,
    target=INVOICE,
    fingerprint="print",
    body=BODY,
    expected_total=Decimal("119.00"),
)


def told(plan: Plan, *outcomes: WriteOutcome, seconds: float = 0) -> list[Entry]:
    return page_entries(plan.model_copy(update={"target": "books"}), outcomes, seconds)


def done(total: str = "119.00", **known: object) -> WriteOutcome:
    return WriteOutcome(write=WRITE, result=Result.CREATED, link=WRITE.link(), total=Decimal(total)).model_copy(
        update=known
    )


PLAN = Plan(target="books")


def test_a_document_tells_its_number_its_amounts_and_the_call_that_wrote_it() -> None:
    (entry,) = told(PLAN, done(milliseconds=812.5, request_id="1-65f"), seconds=2)
    assert entry == Entry(
        key=ORDER,
        operation=Operation.CREATE,
        became=Became.CREATED,
        role="document",
        milliseconds=812.5,
        details={"target": "invoice:145", "expected_total": "119.00", "total": "119.00", "request_id": "1-65f"},
    )


def test_what_knows_no_time_of_its_own_took_its_share_of_the_page() -> None:
    assert [entry.milliseconds for entry in told(PLAN, done(), done(), seconds=0.5)] == [250.0, 250.0]


def test_a_document_with_another_total_is_written_and_an_error_all_the_same() -> None:
    (entry,) = told(PLAN, done("119.01"))
    assert (entry.became, entry.level, entry.code) == (Became.CREATED, Level.ERROR, TOTAL_DIFFERS)
    assert entry.message == "the shop says 119.00, the books say 119.01"


def test_a_refused_write_tells_why_without_the_people_in_it() -> None:
    refusal = Problem(code="quickbooks.name", message="Duplicate name: ANN SMITH <x>", fate=Fate.SKIP, key=ORDER)
    outcome = WriteOutcome(write=WRITE, result=Result.FAILED, problem=refusal)
    (entry,) = told(PLAN, outcome)
    assert (entry.became, entry.level, entry.code) == (Became.FAILED, Level.ERROR, "quickbooks.name")
    assert entry.message == "Duplicate name: <name> <x>"


def test_what_was_not_written_tells_why_and_lasts() -> None:
    plan = Plan(
        target="books",
        problems=(
            Problem(code="woocommerce.unreadable", message="no JSON", fate=Fate.SKIP, key=ORDER),
            Problem(code="busy", message="later", fate=Fate.RETRY, key=ORDER),
        ),
        skipped=(Skipped(key=ORDER, code="status", reason="a draft"),),
        waiting=(Waiting(key=REFUND, on=Ref(key=ORDER)),),
        belongs_to={"801": "794", "794": "1"},
    )
    entries = told(plan)
    assert [(entry.operation, entry.became, entry.level, entry.message) for entry in entries] == [
        (Operation.READ, Became.FAILED, Level.ERROR, "no JSON"),
        (Operation.PLAN, Became.FAILED, Level.WARNING, "later"),
        (Operation.PLAN, Became.SKIPPED, Level.INFO, "a draft"),
        (Operation.PLAN, Became.WAITING, Level.INFO, "it waits until shop:order:794 is written"),
    ]
    assert all(entry.lasting for entry in entries)
    # A customer of the same page may have the number of a refund.
    assert [entry.belongs_to for entry in entries] == [None, None, None, "794"]


def test_records_in_place_are_not_told() -> None:
    assert told(Plan(target="books", unchanged=1000)) == []
