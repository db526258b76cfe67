from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mapping.fingerprint import fingerprint

PARTS = st.lists(st.binary(max_size=4), max_size=4)


@given(PARTS, PARTS)
def test_prints_are_equal_exactly_when_the_parts_are(one: list[bytes], other: list[bytes]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)
