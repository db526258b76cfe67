"""The demo, as a newcomer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import CHECKOUT

pytestmark = pytest.mark.timeout(180)

FIGURES = ("read", "created", "updated", "unchanged", "skipped", "failed")


def demo(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # What the user's own installation is called must not matter to the demo.
    environment = {**os.environ, "UNISYNC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/mine", "TMPDIR": str(folder)}
    command = [sys.executable, "-c", "from cli.main import run; run()", "demo", *words]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=170)


def test_the_demo_carries_a_shop_there_finds_its_changes_and_leaves_the_rest_alone(server_home: Path) -> None:
    done = demo("--json", folder=server_home)

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert list(said) == ["ok", "runs", "seconds"]
    assert said["ok"] is True
    assert said["seconds"] < 60
    assert all(list(line) == ["step", "route", "kind", *FIGURES, "seconds"] for line in said["runs"])
    assert {line["step"] for line in said["runs"]} == {"full", "incremental", "again"}

    lines = {
        (line["route"].rpartition("-")[2], line["step"], line["kind"]): [line[name] for name in FIGURES]
        for line in said["runs"]
    }
    assert lines["supabase", "full", "order"] == [321, 321, 0, 0, 0, 0]
    assert lines["supabase", "incremental", "order"] == [5, 1, 4, 0, 0, 0]
    assert lines["supabase", "incremental", "refund"] == [1, 1, 0, 0, 0, 0]
    assert lines["supabase", "again", "order"] == [5, 0, 0, 5, 0, 0]
    # Left out by policy: other statuses and currencies, orders of nothing. One order has a negative total.
    assert lines["quickbooks", "full", "order"] == [321, 102, 0, 0, 218, 1]
    assert lines["quickbooks", "full", "refund"] == [61, 30, 0, 0, 31, 0]
    assert lines["quickbooks", "again", "order"][1:3] == [0, 0]
    assert list(server_home.glob("unisync-demo-*")) == []


def test_a_shop_of_no_orders_is_refused() -> None:
    done = demo("--orders", "0", folder=Path())
    assert done.returncode == 2
    assert "orders" in done.stderr
