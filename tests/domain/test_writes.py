from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.keys import RecordKey
from domain.problems import Fate, Problem
from domain.sync import Mode, SyncRequest, Tally
from domain.writes import Result, WriteOutcome
from mapping.plan import plan_removals
from tests.records import WAREHOUSE, key_of

WRITE = plan_removals([key_of(1)], target=WAREHOUSE).writes[0]
PROBLEM = Problem(code="rejected", message="The row was refused.", fate=Fate.SKIP, key=key_of(1))


@pytest.mark.parametrize(
    "ends",
    [
        {"result": Result.CREATED},
        {"result": Result.FAILED, "link": WRITE.link()},
        {"result": Result.CREATED, "problem": PROBLEM},
        {"result": Result.FAILED, "link": WRITE.link(), "problem": PROBLEM},
    ],
)
def test_an_outcome_has_a_link_or_a_problem_never_both_never_neither(ends: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either a link or a problem"):
        WriteOutcome(write=WRITE, **ends)


def test_a_key_reads_like_an_address() -> None:
    assert str(RecordKey(connection="berlin-shop", kind="order", id="794")) == "berlin-shop:order:794"


@pytest.mark.parametrize("name", ["", "Berlin", "a b", "-x", "x" * 64, "shop;drop"])
def test_a_connection_is_named_plainly(name: str) -> None:
    with pytest.raises(ValidationError):
        RecordKey(connection=name, kind="order", id="1")


@pytest.mark.parametrize("part", [{"ids": ("1",)}, {"since": "2026-01-01T00:00:00Z"}, {"dry_run": True}])
def test_only_a_complete_run_moves_the_watermark(part: dict[str, object]) -> None:
    request = {"tenant": "a", "route": "r", "source": "shop", "target": "w", "kinds": ["order"], "mode": Mode.FULL}
    assert SyncRequest.model_validate(request).moves_watermark
    assert not SyncRequest.model_validate({**request, **part}).moves_watermark


def test_tallies_add_up() -> None:
    total = Tally(read=3, created=2, failed=1) + Tally(read=1, unchanged=1)
    assert total == Tally(read=4, created=2, unchanged=1, failed=1)
    assert total.is_balanced
