"""What QuickBooks says may name the shop's customers; none of it is repeated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.quickbooks.faults import problem_of
from connectors.quickbooks.meanings import MEANINGS
from connectors.quickbooks.wire import ErrorWire
from domain.keys import Kind, RecordKey

KEY = RecordKey(connection="shop", kind=Kind.ORDER, id="794")
SAYING = "The name supplied already exists. : Ann Smith <ann@example.org>, +49 30 1234567"


@given(st.sampled_from([*MEANINGS, "7777", "99999"]), st.sampled_from(["", "CustomerRef", "Ann Smith", SAYING]))
def test_a_problem_repeats_neither_message_nor_detail_of_quickbooks(code: str, element: str) -> None:
    problem = problem_of(ErrorWire(code, SAYING, SAYING, element), KEY)
    told = f"{problem.message} {problem.advice}"
    assert not [word for word in ("Ann", "Smith", "example", "30 12") if word in told]
