from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keys import Kind, RecordKey
from domain.plans import PlannedWrite, hash_plan
from domain.sync import Mode, SyncRequest
from domain.writes import Action

REQUEST = SyncRequest(tenant="a", route="r", source="shop", target="books", kinds=(Kind.ORDER,), mode=Mode.FULL)
WRITE = PlannedWrite(
    key=RecordKey(connection="shop", kind=Kind.ORDER, id="1"), role="document", action=Action.CREATE,
    fingerprint="print", amount=Decimal("119.00"), currency="EUR",
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"key": RecordKey(connection="shop", kind=Kind.ORDER, id="2")},
        {"role": "payment:1"},
        {"action": Action.UPDATE},
        {"fingerprint": "other"},
        {"amount": Decimal("119.01")},
        {"amount": None},
        {"currency": "USD"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_hash_changes_with_everything_that_a_write_is_known_by(change: dict[str, object]) -> None:
    assert hash_plan(REQUEST, [WRITE]) != hash_plan(REQUEST, [WRITE.model_copy(update=change)])


@pytest.mark.parametrize("change", [{"target": "other"}, {"tenant": "b"}, {"allow_removals": True}, {"sandbox": True}])
def test_the_hash_changes_with_what_was_asked_for(change: dict[str, object]) -> None:
    assert hash_plan(REQUEST, [WRITE]) != hash_plan(REQUEST.model_copy(update=change), [WRITE])


def test_an_amount_is_the_same_however_it_is_written() -> None:
    short = WRITE.model_copy(update={"amount": Decimal("119")})
    assert hash_plan(REQUEST, [WRITE]) == hash_plan(REQUEST, [short])


@given(st.lists(st.text(max_size=4), min_size=2, max_size=2), st.lists(st.text(max_size=4), min_size=2, max_size=2))
def test_no_two_writes_read_alike(one: list[str], other: list[str]) -> None:
    lines = [
        WRITE.model_copy(update={"role": role, "fingerprint": fingerprint}).line for role, fingerprint in (one, other)
    ]
    assert (lines[0] == lines[1]) is (one == other)
