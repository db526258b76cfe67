"""The demo, as a newcomer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config.settings import CHECKOUT
from tests.unmeasured import MEASURED_ALONE, unmeasured

pytestmark = pytest.mark.timeout(180)

FIGURES = ("read", "created", "updated", "unchanged", "skipped", "failed")


def demo(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # What the user's own installation is called must not matter to the demo.
    environment = {**os.environ, "UNISYNC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/mine", "TMPDIR": str(folder)}
    code = f"{MEASURED_ALONE}; from cli.main import run; run()"
    command = [sys.executable, "-c", code, "demo", *words]
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


def processes_below(folder: Path) -> list[str]:
    """What runs with files or settings of this folder: what a demo started names it in its environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder):
                found.append(" ".join(process.cmdline()))
    return found


@pytest.mark.parametrize("moment", ["Starting a Postgres", "full: woocommerce-to-supabase"])
def test_a_demo_that_is_terminated_leaves_no_folder_and_no_process(server_home: Path, moment: str) -> None:
    environment = {**unmeasured(), "TMPDIR": str(server_home)}
    command = [sys.executable, "-c", "from cli.main import run; run()", "demo", "--json"]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        assert any(line.startswith(moment) for line in started.stderr), "the moment never came"
        started.terminate()
        started.communicate(timeout=100)

    assert started.returncode == 143
    assert list(server_home.iterdir()) == []
    assert processes_below(server_home) == []


@pytest.mark.parametrize("words", [["--orders", "1"], ["--orders", "49"]])
def test_a_shop_too_small_to_be_edited_is_refused(words: list[str]) -> None:
    done = demo(*words, folder=Path())
    assert done.returncode == 2
    assert "50" in done.stderr
    assert "Traceback" not in done.stderr
