"""Where and of what a figure was measured: without it a figure says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from config.settings import CHECKOUT


def describe_machine(postgres: str) -> dict[str, object]:
    """Give processor, memory, system and versions, and how busy the machine was with other things."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgres": postgres,
        "prefect": version("prefect"),
        "load_average": round(os.getloadavg()[0], 1),
    }


def describe_occasion() -> dict[str, object]:
    """Give the date, the commit and the command."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }


def cpu_model() -> str:
    """Give the name of the processor as far as the system tells."""
    about = Path("/proc/cpuinfo")
    names = [line for line in about.read_text().splitlines() if line.startswith("model name")] if about.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def commit() -> str | None:
    """Give the commit of the checkout, marked when files differ from it; None outside of a git checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
