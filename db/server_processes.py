"""The processes of the embedded Postgres: which are ours, and what a killed server leaves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil


def came_true(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for the condition, at most so many seconds; tell whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_server(pid: int, data: Path) -> bool:
    """Whether the process is the server of this data folder: after a crash its number may have gone to another."""
    try:
        process = psutil.Process(pid)
        # Its command line tells; its working folder is hidden from a container's root without CAP_SYS_PTRACE.
        return _lives(process) and str(data) in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def clear_remains(data: Path) -> None:
    """Remove what a killed server left: processes that still work in its data, and a number that others have now.

    Processes that we cannot see are left to Postgres, which refuses to start beside them.
    """
    orphans = [process for process in psutil.process_iter() if _works_in(process, data)]
    for process in orphans:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGQUIT)
    came_true(lambda: not any(_works_in(process, data) for process in orphans), 10)
    file = data / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError):
        # Postgres refuses to start while any process of its account has the number of the dead server: the dead one
        # itself as long as nobody fetched its exit code, or a new one in a restarted container.
        if psutil.pid_exists(int(file.read_text().splitlines()[0])):
            file.unlink()


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return _lives(process) and Path(process.cwd()) == data
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _lives(process: psutil.Process) -> bool:
    return bool(process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE)
