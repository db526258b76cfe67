"""The benchmark measures three contenders, looks at what they wrote, and fails when an order is missing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import main
from benchmarks.checks import count_lines, differences
from benchmarks.contest import TENANT, WAREHOUSE, Job
from benchmarks.machine import cpu_model
from benchmarks.report import CONTENDERS, judge
from config.settings import CHECKOUT
from connectors.supabase.connector import open_supabase

ORDERS = 300


def test_the_command_measures_all_contenders_and_prints_one_json_object() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--orders", str(ORDERS), "--runs", "1", "--json"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)

    assert result["ok"]
    assert result["orders"] == ORDERS
    assert result["command"].endswith("--orders 300 --runs 1 --json")
    assert result["machine"]["cpu"] == cpu_model()
    assert result["machine"]["postgres"].startswith("18.")
    assert set(result["contenders"]) == set(CONTENDERS)
    for figures in result["contenders"].values():
        (run,) = figures["runs"]
        assert 0 < run["done"] <= run["wall"] < 60
        assert run["cpu"] > 0
        assert 20 < run["peak_rss_mb"] < 400
        assert set(run["beside"]) == {"postgres", "twin", "prefect"}
    assert [row["orders"] for row in result["memory"]] == [ORDERS // 4, ORDERS, ORDERS * 2]
    assert len(result["goals"]) == 4
    # Every run is announced on the other stream: three contenders, and ours at two more sizes.
    assert len([line for line in done.stderr.splitlines() if " cpu " in line]) == 5


def test_an_empty_warehouse_and_ledger_are_told_from_those_that_hold_the_orders(
    warehouse_url: str, ledger_url: str
) -> None:
    with open_supabase(TENANT, WAREHOUSE, {}, {"url": warehouse_url}) as target:
        target.prepare()
    job = Job(url="", key="", secret="", ledger=ledger_url, warehouse=warehouse_url)

    wrong = differences({"count": 2, "ids": 25, "totals": {"EUR": "12.50"}}, job, has_ledger=True)

    assert [sentence.partition(" ")[0] for sentence in wrong] == ["count", "ids", "totals", "the", "the"]
    assert count_lines(job) == 0
    assert differences({"count": 0, "ids": 0, "totals": {}}, job, has_ledger=True) == []


def test_goals_are_held_against_the_medians() -> None:
    middle = {"ours": {"wall": 6.0}, "naive": {"wall": 12.0}, "floor": {"wall": 2.0}}
    slow = {"ours": {"wall": 6.1}, "naive": {"wall": 6.0}, "floor": {"wall": 2.0}}

    assert [goal.is_met for goal in judge(middle, {40_000: 230.0, 5_000: 200.0, 20_000: 400.0})] == [True] * 4
    assert [goal.is_met for goal in judge(slow, {40_000: 401.0, 5_000: 200.0, 20_000: 210.0})] == [False] * 4


@pytest.mark.parametrize("arguments", [["--orders", "3"], ["--runs", "0"], ["--orders", "many"], ["--fast"]])
def test_a_wrong_option_is_refused_in_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err
