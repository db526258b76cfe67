"""Lists in pages and the words that lead from one to the next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from domain.inputs import Identity
from domain.listing import Cursor, PageRequest, decode_cursor, encode_cursor
from domain.refusals import Unusable

Position = tuple[AwareDatetime, Identity]


@given(at=st.datetimes(timezones=st.just(UTC)), number=st.integers(0, 2**63 - 1))
def test_a_cursor_leads_to_where_it_was_made(at: datetime, number: int) -> None:
    cursor = encode_cursor((at, number))

    assert TypeAdapter(Cursor).validate_python(cursor) == cursor
    assert decode_cursor(cursor, Position) == (at, number)


OTHER_POSITIONS = st.lists(st.integers() | st.text(alphabet="abc:-") | st.none() | st.floats())


@given(cursor=st.text() | st.binary().map(bytes.hex) | st.builds(encode_cursor, OTHER_POSITIONS))
def test_what_is_no_cursor_of_the_list_is_refused(cursor: str) -> None:
    with pytest.raises(Unusable, match="use next_cursor as it came") as refused:
        decode_cursor(cursor, Position)

    assert refused.value.field == "cursor"


def test_a_cursor_beyond_what_the_ledger_can_count_is_refused() -> None:
    with pytest.raises(Unusable):
        decode_cursor(encode_cursor((datetime(2026, 1, 1, tzinfo=UTC), 2**63)), Position)


@pytest.mark.parametrize("limit", [0, 501, -1])
def test_a_page_has_1_to_500_items(limit: int) -> None:
    with pytest.raises(ValidationError):
        PageRequest(limit=limit)
