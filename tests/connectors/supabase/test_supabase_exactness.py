"""Amounts are kept to the last digit and payloads to the last byte, or refused."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.supabase.connector import REJECTED, SupabaseConnector
from domain.writes import Action, Result
from tests.connectors.supabase.conftest import Look, carry
from tests.connectors.supabase.samples import order, refund
from tests.connectors.writes_contract import plan_of

shared = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared
@example(
    [Decimal(text) for text in ("1e131071", "1e131072", "1e200000", "-1e400000", "1e-16383", "1e-16384", "1e-99999")]
)
@example([Decimal(text) for text in ("0.00", "-0.000", "0e7", "1.10", "9" * 400 + ".05", "19.90", "1E+3")])
@given(amounts=st.lists(st.decimals(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_an_amount_is_kept_to_the_last_digit_or_refused(
    warehouse: SupabaseConnector, look: Look, amounts: list[Decimal]
) -> None:
    carry(warehouse, *(refund(number) for number in range(len(amounts))), action=Action.REMOVE)

    outcomes = warehouse.write(
        plan_of("warehouse", [refund(number, amount=amount) for number, amount in enumerate(amounts)])
    )

    stored = dict(look.rows("SELECT source_id, amount FROM commerce.refunds WHERE deleted_at IS NULL"))
    for number, (amount, outcome) in enumerate(zip(amounts, outcomes, strict=True)):
        if outcome.result is Result.FAILED:
            assert outcome.problem is not None
            assert outcome.problem.code == REJECTED
            # What Postgres can hold: 131,072 digits before the point, 16,383 after it.
            assert amount.adjusted() >= 131072 or int(amount.as_tuple().exponent) < -16383
        else:
            kept = stored[str(number)]
            assert kept == amount
            assert kept.as_tuple().exponent == min(0, int(amount.as_tuple().exponent))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@shared
@given(
    payload=JSON, indent=st.sampled_from([None, 0, "\t"]), separators=st.sampled_from([(",", ":"), (" ,\n", " :\r\n")])
)
def test_the_payload_is_kept_byte_for_byte(
    warehouse: SupabaseConnector, look: Look, payload: object, indent: int | str | None, separators: tuple[str, str]
) -> None:
    raw = json.dumps({"twice": 1, "payload": payload}, indent=indent, separators=separators)
    raw = raw[:-1] + ',"twice":1.50}'
    carry(warehouse, refund(1), action=Action.REMOVE)

    assert carry(warehouse, refund(1, raw=raw)) in ([Result.CREATED], [Result.UPDATED])
    assert look.rows("SELECT raw::text FROM commerce.refunds") == [(raw,)]


def test_a_payload_of_a_megabyte_is_kept(warehouse: SupabaseConnector, look: Look) -> None:
    raw = json.dumps(["ä\\" * 250_000])
    carry(warehouse, order(1, raw=raw))

    assert look.rows("SELECT raw::text = %s FROM commerce.orders", raw) == [(True,)]
