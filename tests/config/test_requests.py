"""From flow parameters to a request and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.requests import build_request, flow_parameters
from domain.errors import Misconfigured
from domain.keys import Kind
from domain.sync import SyncRequest

ROUTE = "woocommerce-to-supabase"
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(8999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BASE = {"tenant": st.just("default"), "source": st.just("shop"), "target": st.just("warehouse")}
BY_IDS = st.fixed_dictionaries(
    {**BASE, "mode": st.sampled_from(["full", "incremental"]), "kinds": st.just(["order"])},
    optional={
        "ids": st.lists(st.from_regex(r"[0-9]{1,9}", fullmatch=True), min_size=1, max_size=5),
        "most_records": st.integers(1, 99),
        "most_amount": st.decimals(0, 10**9, places=2),
        "plan": st.uuids(),
        "request_id": st.uuids(),
    },
)
BY_FILTER = st.fixed_dictionaries(
    {
        **BASE,
        "mode": st.just("full"),
        "kinds": st.lists(st.sampled_from(["order", "product"]), unique=True, min_size=1),
    },
    optional={
        "statuses": st.lists(st.sampled_from(["completed", "on-hold"]), min_size=1),
        "created_from": MOMENTS,
        "created_until": MOMENTS,
        "changed_from": MOMENTS,
        "changed_until": MOMENTS,
        "dry_run": st.booleans(),
    },
)


@given(BY_IDS | BY_FILTER)
def test_a_request_survives_the_way_through_prefect_and_the_ledger(parameters: dict[str, Any]) -> None:
    request = build_request(ROUTE, parameters)
    assert build_request(ROUTE, json.loads(json.dumps(flow_parameters(request)))) == request
    assert SyncRequest.model_validate_json(request.model_dump_json()) == request


def test_kinds_are_carried_in_the_order_of_the_route() -> None:
    parameters = {"tenant": "a", "source": "s", "target": "w", "mode": "full", "kinds": ["order", "tax_rate"]}
    assert build_request(ROUTE, parameters).kinds == (Kind.TAX_RATE, Kind.ORDER)


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"ids": ["1"], "kinds": None}, "ids needs exactly one kind"),
        ({"ids": ["1"], "statuses": ["completed"]}, "ids takes no filters"),
        ({"ids": [str(number) for number in range(1001)]}, "ids cannot be used: .*at most 1000"),
        ({"ids": ["a\nb"]}, "ids.0 cannot be used"),
        ({"created_from": "2026-01-01T00:00:00"}, "created_from cannot be used: .*timezone"),
        ({"changed_from": "0001-01-01T00:00:00Z"}, "changed_from cannot be used"),
        ({"statuses": ["No Status"]}, "statuses.0 cannot be used"),
        ({"kinds": ["refund"], "changed_from": "2026-01-01T00:00:00Z"}, "changed_from cannot select refund records"),
        ({"allow_removals": True}, "allow_removals needs the parameter plan"),
        ({"allow_removals": True, "dry_run": True, "ids": ["1"]}, "allow_removals needs mode full, without ids"),
        ({"plan": "0b6cb4a6-7a0e-4f6e-9c0b-0d3c6a3f3f11", "dry_run": True}, "plan carries out a dry run"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(given_: dict[str, object], sentence: str) -> None:
    usual = {"tenant": "a", "source": "s", "target": "w", "mode": "full", "kinds": ["order"]}
    with pytest.raises(Misconfigured, match=sentence) as refused:
        build_request(ROUTE, {**usual, **given_})
    assert "\n" not in str(refused.value)
