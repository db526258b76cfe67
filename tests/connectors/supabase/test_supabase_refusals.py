"""A record that Postgres does not store becomes a problem of its own; the rest of its page is written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.supabase.connector import REJECTED, SupabaseConnector
from domain.problems import Fate
from domain.records import Record
from domain.writes import Result
from tests.connectors.supabase.conftest import Look, carry
from tests.connectors.supabase.samples import STOCK, line, order, product, tax_rate
from tests.connectors.writes_contract import plan_of

PAGE = 50

# Postgres packs a long key before it measures it; noise cannot be packed.
NOISE = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(150))

POISONS: dict[str, tuple[Callable[[int], Record], str]] = {
    "NUL in a text": (lambda number: order(number, customer_note="s3cret\0"), "a text holds a NUL character"),
    "half a character": (lambda number: order(number, customer_note="s3cret\ud83d"), "a text holds half a character"),
    "half a character in the payload": (lambda number: order(number, raw='"s3cret\ud83d"'), "half a character"),
    "huge amount": (
        lambda number: order(number, total=Decimal("1e200000")),
        "a value does not fit its column|a number is larger than Postgres can hold",
    ),
    "no number": (lambda number: order(number, total=Decimal("NaN")), "an amount is not a finite number"),
    "endless amount": (lambda number: order(number, total=Decimal("-Infinity")), "an amount is not a finite number"),
    "payload cut off": (
        lambda number: order(number, raw='{"s3cret": '),
        "its payload or an attribute is no valid JSON",
    ),
    "payload too deep": (lambda number: order(number, raw="[" * 100_000 + "]" * 100_000), "longer or deeper"),
    "NUL in a line": (lambda number: order(number, lines=(line(1), line(2, name="s3cret\0"))), "NUL character"),
    "no number in a line": (lambda number: order(number, lines=(line(1, total=Decimal("sNaN")),)), "finite number"),
    "a line twice": (lambda number: order(number, lines=(line(1), line(1))), "names it twice"),
    "a line with a huge id": (lambda number: order(number, lines=(line(1, id=NOISE),)), "longer or deeper"),
    "NUL in the id": (lambda number: order(number, id=f"{number}\0"), "a value does not fit its column|NUL character"),
    "half a character in the id": (lambda number: order(number, id=f"{number}\ud83d"), "half a character"),
    "huge id": (lambda number: order(number, id=NOISE), "longer or deeper"),
}


@pytest.mark.parametrize("name", POISONS)
def test_only_the_spoilt_record_of_a_page_fails(warehouse: SupabaseConnector, look: Look, name: str) -> None:
    spoil, reason = POISONS[name]
    place = len(name) % PAGE
    records = [spoil(number) if number == place else order(number) for number in range(PAGE)]

    outcomes = warehouse.write(plan_of("warehouse", records))

    assert [outcome.result for outcome in outcomes] == [
        Result.FAILED if number == place else Result.CREATED for number in range(PAGE)
    ]
    problem = outcomes[place].problem
    assert problem is not None
    assert (problem.code, problem.fate, problem.key) == (REJECTED, Fate.SKIP, records[place].key)
    assert problem.message.startswith("the warehouse refuses the record: ")
    assert re.search(reason, problem.message)
    assert "s3cret" not in f"{problem.message} {problem.advice}"
    assert look.rows("SELECT count(*) FROM commerce.orders") == [(PAGE - 1,)]
    assert look.rows("SELECT count(*) FROM commerce.order_lines") == [(2 * (PAGE - 1),)]


@pytest.mark.parametrize("places", [{0}, {49}, {0, 49}, {24, 25}, set(range(0, 50, 7)), set(range(50))], ids=str)
def test_spoilt_records_are_found_wherever_they_stand(
    warehouse: SupabaseConnector, look: Look, places: set[int]
) -> None:
    spoils = [spoil for spoil, _ in POISONS.values()]
    records = [spoils[number % 9](number) if number in places else order(number) for number in range(PAGE)]

    outcomes = warehouse.write(plan_of("warehouse", records))

    assert {number for number, outcome in enumerate(outcomes) if outcome.result is Result.FAILED} == places
    assert [outcome.write.record for outcome in outcomes] == records
    assert look.rows("SELECT count(*) FROM commerce.orders") == [(PAGE - len(places),)]


def test_a_spoilt_new_version_leaves_the_old_one_whole(warehouse: SupabaseConnector, look: Look) -> None:
    carry(warehouse, order(1), order(2))
    before = look.versions()

    spoilt = order(1, "2", customer_note="new", lines=(line(11, total=Decimal(1)), line(12, name="\0")))
    assert carry(warehouse, spoilt, order(2)) == [Result.FAILED, Result.UNCHANGED]

    assert look.versions() == before


def test_a_spoilt_record_is_written_once_it_is_mended(warehouse: SupabaseConnector) -> None:
    assert carry(warehouse, order(1, customer_note="\0")) == [Result.FAILED]
    assert carry(warehouse, order(1)) == [Result.CREATED]


def test_spoilt_lists_numbers_and_stock_of_other_kinds_are_found(warehouse: SupabaseConnector) -> None:
    spoilt_stock = STOCK.model_copy(update={"quantity": Decimal("Infinity")})

    assert carry(warehouse, tax_rate(1), tax_rate(2, priority=2**70), tax_rate(3, cities=("Bonn\0",))) == [
        *(Result.CREATED, Result.FAILED, Result.FAILED)
    ]
    assert carry(warehouse, product(1, stock=spoilt_stock), product(2)) == [Result.FAILED, Result.CREATED]
