"""Amounts are kept to the last digit and payloads to the last byte, or refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.supabase.connector import REJECTED, SupabaseConnector
from domain.writes import Action, Result
from simulators.postgrest.server import PostgrestTwin
from tests.connectors.supabase.conftest import Look, carry, open_project, open_warehouse
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


def payloads(characters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects of JSON as a shop may write them: any white space, a name twice, and texts of these characters."""
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(characters),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters), inner, max_size=3),
        max_leaves=10,
    )
    indents = st.sampled_from([None, 0, "\t"])
    separators = st.sampled_from([(",", ":"), (" ,\n", " :\r\n")])
    return st.builds(
        lambda value, indent, pair: (
            json.dumps({"twice": 1, "is": value}, indent=indent, separators=pair)[:-1] + ',"twice":1.50}'
        ),
        values,
        indents,
        separators,
    )


def kept(target: SupabaseConnector, look: Look, raw: str) -> bool:
    """Write a payload anew and tell whether it stands there byte for byte."""
    carry(target, refund(1), action=Action.REMOVE)
    assert carry(target, refund(1, raw=raw)) in ([Result.CREATED], [Result.UPDATED])
    return look.rows("SELECT raw::text FROM commerce.refunds") == [(raw,)]


@shared
@given(raw=payloads(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_the_payload_is_kept_byte_for_byte(warehouse: SupabaseConnector, look: Look, raw: str) -> None:
    assert kept(warehouse, look, raw)


@shared
@given(raw=payloads(st.sampled_from("\0\ud83d\udc00\\u")))
def test_what_json_may_spell_and_no_text_may_hold_is_kept_by_postgres_itself(
    shared_url: str, tenant: str, look: Look, raw: str
) -> None:
    with open_warehouse(shared_url, tenant) as direct:
        assert kept(direct, look, raw)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (r'{"a": "x\u0000"}', "a text holds a NUL character"),
        (r'{"a": ["\\\u0000"]}', "a text holds a NUL character"),
        (r'{"a": "\ud83d"}', "its payload or an attribute is no valid JSON"),
        ('{"a": 1}, {"tenant": "other"', "its payload or an attribute is no valid JSON"),
        ('{"a": 1}]', "its payload or an attribute is no valid JSON"),
        ('"a"', "its payload or an attribute is no valid JSON"),
    ],
)
def test_the_api_refuses_payloads_that_it_could_not_keep(
    shared_twin: PostgrestTwin, tenant: str, look: Look, raw: str, words: str
) -> None:
    with open_project(shared_twin, tenant) as project:
        (outcome,) = project.write(plan_of("warehouse", [refund(1, raw=raw)]))
        assert outcome.problem is not None
        assert words in outcome.problem.message
        assert look.rows("SELECT 1 FROM commerce.refunds") == []
        assert kept(project, look, r'{"a": "\\u0000"}'), "a backslash and five letters"


def test_a_payload_of_a_megabyte_is_kept(warehouse: SupabaseConnector, look: Look) -> None:
    raw = json.dumps(["ä\\" * 250_000])
    carry(warehouse, order(1, raw=raw))

    assert look.rows("SELECT raw::text = %s FROM commerce.orders", raw) == [(True,)]
